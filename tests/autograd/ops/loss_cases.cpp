#include "autograd/ops/loss.hpp"

#include <numeric>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// -sum y ln softmax(z) over the last axis.
Values entropy(const Inputs& v) {
  const Values terms = zip(Values(v[1]), log_shares(Values(v[0]), -1), std::multiplies<>());
  return fold(terms, {-1}, false,
              [](const std::vector<double>& row) { return -std::accumulate(row.begin(), row.end(), 0.0); });
}

}  // namespace

Cases loss_cases() {
  std::vector<Inputs> samples;
  for (const Shape& shape : {Shape{4, 3}, Shape{5}, Shape{2, 1, 3}, Shape{2, 1}})
    samples.push_back({uniform(shape), uniform(shape, 0.1, 1)});
  return {{.name = "cross_entropy",
           .function = [](const Inputs& v) { return cross_entropy(v[0], v[1]); },
           .samples = samples,
           .reference = entropy,
           .magnitude = 1}};
}

}  // namespace xg::testing
