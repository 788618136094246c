#include "autograd/graph.hpp"

#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

TEST_CASE("to_dot: draws operations with shapes and lines, and names leaves") {
  const Tensor w = ones({3, 2}).set_requires_grad(), x = ones({4, 3});
  const Tensor loss = sum(tanh(matmul(x, w)));
  const std::string dot = to_dot(loss, {.names = {{"kernel \"1\"", w}}});
  CHECK(dot.starts_with("digraph xgrad {"));
  CHECK(dot.ends_with("}\n"));
  CHECK(dot.find("label=\"kernel \\\"1\\\"\\nfloat32 (3, 2)\\ntest_graph.cpp:17\", style=filled") != std::string::npos);
  CHECK(dot.find("label=\"matmul\\nfloat32 (4, 2)\\ntest_graph.cpp:18\"]") != std::string::npos);
  CHECK(dot.find("label=\"sum\\nfloat32 ()") != std::string::npos);
  std::size_t arrows = 0;
  for (std::size_t at = dot.find("->"); at != std::string::npos; at = dot.find("->", at + 1)) ++arrows;
  CHECK(arrows == 3);
}

TEST_CASE("graph_statistics: counts what the rules saved, once") {
  const Tensor w = ones({3, 2}).set_requires_grad(), x = ones({4, 3});
  const Tensor hidden = tanh(matmul(x, w));
  const GraphStatistics found = graph_statistics(sum(square(hidden)));
  CHECK(found.nodes == 5);
  CHECK(found.by_op.at("leaf").nodes == 1);
  CHECK(found.by_op.at("leaf").saved_bytes == 0);
  CHECK(found.by_op.at("matmul").saved_bytes == x.array().storage_bytes());  // w exists anyway
  CHECK(found.by_op.at("square").saved_bytes == hidden.array().storage_bytes());
  CHECK(found.by_op.at("tanh").saved_bytes == 0);  // its output is what square saved
  CHECK(found.saved_bytes == found.by_op.at("matmul").saved_bytes + found.by_op.at("square").saved_bytes);
  const std::string table = to_string(found);
  CHECK(table.find("total                         5") != std::string::npos);
  CHECK(table.find("square") < table.find("leaf"));
}

TEST_CASE("graph_statistics: lists of inputs, and a graph that was freed") {
  const Tensor x = ones({2}).set_requires_grad(), y = square(x);
  const Tensor both = sum(concatenate({y, x}));
  CHECK(graph_statistics(both).by_op.at("concatenate").nodes == 1);
  both.backward();
  CHECK(graph_statistics(both).saved_bytes == 0);
}

TEST_CASE("graphs: a tensor without one is an error") {
  CHECK_ERROR(GraphError, to_dot(ones({2})),
              "to_dot: the tensor, of shape (2,), has no graph: it depends on no leaf that requires a gradient");
  CHECK_ERROR(
      GraphError, graph_statistics(Tensor()),
      "graph_statistics: the tensor, of shape (), has no graph: it depends on no leaf that requires a gradient");
}
