#include "autograd/ops/einsum.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "autograd/creation.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

/// A random spec: up to four operands of up to four axes, with labels that repeat, are summed or stay.
struct RandomSpec {
  std::map<char, std::int64_t> extent;
  std::vector<std::string> operands;
  std::string output, text;

  explicit RandomSpec(std::mt19937_64& engine) {
    const auto number = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine); };
    const std::string letters = std::string("abcdXY").substr(0, static_cast<std::size_t>(number(1, 6)));
    for (const char letter : letters) extent[letter] = number(1, 4);
    std::set<char> used;
    for (int i = number(1, 4); i > 0; --i) {
      std::string labels;
      for (int axis = number(0, 4); axis > 0; --axis)
        labels += letters[static_cast<std::size_t>(number(0, static_cast<int>(letters.size()) - 1))];
      used.insert(labels.begin(), labels.end());
      operands.push_back(labels);
      text += (text.empty() && operands.size() == 1 ? "" : ",") + labels;
    }
    for (const char letter : used)
      if (number(0, 1) == 1) output += letter;
    std::shuffle(output.begin(), output.end(), engine);
    text += "->" + output;
  }

  Shape shape(const std::string& labels) const {
    Shape result;
    for (const char label : labels) result.push_back(extent.at(label));
    return result;
  }

  /// The sum over every assignment of numbers to labels.
  std::vector<double> by_loops(const Inputs& inputs) const {
    std::vector<Values> values;
    for (const Tensor& input : inputs) values.emplace_back(input);
    std::vector<double> result(static_cast<std::size_t>(shape(output).elements()));
    std::string all;
    Shape space;
    for (const auto& [label, size] : extent) {
      if (text.substr(0, text.find('-')).find(label) == std::string::npos) continue;
      all += label;
      space.push_back(size);
    }
    generate(space, [&](const Index& place) {
      const auto index = [&](const std::string& labels) {
        Index found;
        for (const char label : labels) found.push_back(place[all.find(label)]);
        return found;
      };
      double term = 1;
      for (std::size_t i = 0; i < values.size(); ++i) term *= values[i].at(index(operands[i]));
      std::size_t at = 0;
      for (const char label : output) at = at * static_cast<std::size_t>(extent.at(label)) + static_cast<std::size_t>(place[all.find(label)]);
      result[at] += term;
      return 0;
    });
    return result;
  }
};

}  // namespace

TEST_CASE("einsum: agrees with loops on 300 random specs") {
  std::mt19937_64 engine(11);
  for (int trial = 0; trial < 300; ++trial) {
    const RandomSpec spec(engine);
    Inputs inputs;
    for (const std::string& labels : spec.operands) inputs.push_back(uniform(spec.shape(labels), 0.5, 2));
    const Tensor result = einsum(spec.text, inputs);
    const std::vector<double> got = result.to_vector<double>(), expected = spec.by_loops(inputs);
    CHECK_MESSAGE(result.shape() == spec.shape(spec.output), spec.text);
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i)
      CHECK_MESSAGE(got[i] == Close(expected[i], 1e-12), spec.text);
  }
}

TEST_CASE("einsum: spaces, implied results and axes behind dots") {
  const Tensor a = uniform({2, 3}), b = uniform({4, 1, 3}), square = uniform({3, 3});
  CHECK(einsum("b a", {a}).shape() == Shape{3, 2});
  CHECK(einsum("ii", {square}).shape() == Shape{});
  CHECK(einsum("...i,...i->...", {b, a}).shape() == Shape{4, 2});
  CHECK(einsum("i...->...", {a}).shape() == Shape{3});
  CHECK(einsum("...,...", {a, b}).shape() == Shape{4, 2, 3});
  CHECK(einsum("ij,jk,kl->il", {zeros({2, 0}), zeros({0, 3}), ones({3, 2})}).to_vector<double>() ==
        std::vector<double>(4));
}

TEST_CASE("einsum: errors") {
  const Tensor a = ones({2, 3}), b = ones({4, 2});
  CHECK_ERROR(ShapeError, einsum("ij,jk->ik", {a, b}), "einsum: 'j' has extents 3 and 4, the latter in shape (4, 2)");
  CHECK_ERROR(ValueError, einsum("ij,jk->ik", {a}), "einsum: \"ij,jk->ik\" names 2 operands, and 1 were given");
  CHECK_ERROR(ValueError, einsum("ijk->i", {a}), "einsum: \"ijk->i\" has 3 labels for operand 0 of shape (2, 3)");
  CHECK_ERROR(ValueError, einsum("i1->i", {a}), "einsum: \"i1->i\" has '1' where a letter is expected");
  CHECK_ERROR(ValueError, einsum("ij->ii", {a}), "einsum: \"ij->ii\" names 'i' twice in the result");
  CHECK_ERROR(ValueError, einsum("ij->k", {a}), "einsum: \"ij->k\" has 'k' in the result and in no operand");
  CHECK_ERROR(ShapeError, einsum("...,...->...", {ones({2}), ones({3})}),
              "einsum: an axis behind ... has extents 2 and 3, the latter in shape (3,)");
  CHECK_ERROR(DTypeError, einsum("ij,ij", {a, ones({2, 3}, float64)}),
              "einsum: dtypes float32 and float64 differ: convert with astype");
  CHECK_ERROR(DTypeError, einsum("ij", {ones({2, 3}, int64)}),
              "einsum: a float32 or float64 tensor expected, got int64 of shape (2, 3): convert with astype");
}
