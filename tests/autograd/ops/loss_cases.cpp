#include "autograd/ops/loss.hpp"

#include <cmath>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// -sum y ln(e^z / sum e^z) over the last axis.
Values entropy(const Inputs& v) {
  const Values z(v[0]), y(v[1]);
  const Values total = fold(z, {-1}, true, [](const std::vector<double>& row) {
    double sum = 0;
    for (const double element : row) sum += std::exp(element);
    return sum;
  });
  const Values shares = zip(z, total, [](double element, double sum) { return std::log(sum) - element; });
  return fold(zip(y, shares, std::multiplies<>()), {-1}, false, [](const std::vector<double>& row) {
    double sum = 0;
    for (const double element : row) sum += element;
    return sum;
  });
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
           .adds_up = true}};
}

}  // namespace xg::testing
