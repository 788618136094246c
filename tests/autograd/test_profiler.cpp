#include "autograd/profiler.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "autograd/checkpoint.hpp"
#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

void step() {
  const Tensor w = ones({8, 8}).set_requires_grad();
  sum(tanh(matmul(tanh(matmul(ones({4, 8}), w)), w))).backward();
}

}  // namespace

TEST_CASE("Profiler: counts calls, times and bytes, forward and backward") {
  const Profiler profiler;
  step();
  const auto& rows = profiler.rows();
  CHECK(rows.at("tanh").forward_calls == 2);
  CHECK(rows.at("tanh").backward_calls == 2);
  CHECK(rows.at("matmul").forward_calls == 2);
  CHECK(rows.at("matmul").backward_calls == 2);
  CHECK(rows.at("sum").forward_calls == 1);
  CHECK_FALSE(rows.contains("tanh_gradient"));  // what a rule computes belongs to its operation
  CHECK(rows.at("tanh").bytes == 4 * 4 * 8 * 4);
  CHECK(rows.at("matmul").forward_seconds > 0);
  CHECK(rows.at("matmul").backward_seconds > 0);
  const std::string table = profiler.table();
  CHECK(table.starts_with("operation               forward         ms  backward         ms         MB\n"));
  CHECK(table.find("matmul                        2") != std::string::npos);
}

TEST_CASE("Profiler: what a checkpoint computes again belongs to the checkpoint") {
  const Profiler profiler;
  const Tensor x = ones({4}).set_requires_grad();
  sum(checkpoint([](const std::vector<Tensor>& v) { return tanh(v[0]); }, {x})).backward();
  CHECK(profiler.rows().at("checkpoint").backward_calls == 1);
  CHECK(profiler.rows().at("tanh").forward_calls == 1);
  CHECK(profiler.rows().at("tanh").backward_calls == 0);
  CHECK(profiler.rows().at("sum").backward_calls == 1);
}

TEST_CASE("Profiler: sees nothing once it is gone, nor before") {
  step();
  { const Profiler first; }
  const Profiler profiler;
  CHECK(profiler.rows().empty());
}

TEST_CASE("Profiler: writes a trace that others can read") {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "xgrad_trace.json";
  const Profiler profiler;
  step();
  profiler.write_trace(path);
  const auto trace = nlohmann::json::parse(std::ifstream(path));
  std::filesystem::remove(path);
  CHECK(trace["traceEvents"].size() == 10);
  const auto& event = trace["traceEvents"][0];
  CHECK(event["name"] == "matmul");
  CHECK(event["cat"] == "forward");
  CHECK(event["ph"] == "X");
  CHECK(event["dur"].get<double>() >= 0);
  CHECK(event["args"]["shape"] == "(4, 8)");
  CHECK(event["args"]["line"].get<std::string>().ends_with("test_profiler.cpp:23"));
  CHECK_ERROR(IOError, profiler.write_trace("/nowhere/trace.json"), "write_trace: cannot write /nowhere/trace.json");
}
