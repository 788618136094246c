#include "autograd/ops/loss.hpp"

#include <cmath>
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
  return {
      {.name = "cross_entropy",
       .function = [](const Inputs& v) { return cross_entropy(v[0], v[1]); },
       .samples = samples,
       .reference = entropy,
       .magnitude = 1},
      {.name = "cross_entropy",
       .variant = "smoothed and weighted",
       .function =
           [](const Inputs& v) { return cross_entropy(v[0], v[1], {.label_smoothing = 0.25, .class_weights = v[2]}); },
       .samples = {{uniform({4, 3}), uniform({4, 3}, 0.1, 1), uniform({3}, 0.5, 2)}},
       .reference =
           [](const Inputs& v) {
             const Values smoothed = map(Values(v[1]), [](double t) { return 0.75 * t + 0.25 / 3; });
             const Values weighted = zip(smoothed, Values(v[2]), std::multiplies<>());
             const Values terms = zip(weighted, log_shares(Values(v[0]), -1), std::multiplies<>());
             return fold(terms, {-1}, false,
                         [](const std::vector<double>& row) { return -std::accumulate(row.begin(), row.end(), 0.0); });
           },
       .magnitude = 4,
       .optional = 1},
      {.name = "nll_loss",
       .function = [](const Inputs& v) { return nll_loss(v[0], v[1]); },
       .samples = {{uniform({3, 4}), Tensor{2, 0, 3}}, {uniform({4}), Tensor(1)}},
       .reference =
           [](const Inputs& v) {
             const Values x(v[0]), labels(v[1]);
             return generate(labels.shape, [&](Index i) {
               const auto label = static_cast<std::int64_t>(labels.at(i));
               i.push_back(label);
               return -x.at(i);
             });
           }},
      {.name = "binary_cross_entropy_with_logits",
       .function = [](const Inputs& v) { return binary_cross_entropy_with_logits(v[0], v[1]); },
       .samples = samples,
       .reference =
           [](const Inputs& v) {
             return zip(Values(v[0]), Values(v[1]), [](double z, double t) {
               const double p = 1 / (1 + std::exp(-z));
               return -(t * std::log(p) + (1 - t) * std::log(1 - p));
             });
           },
       .magnitude = 2}};
}

}  // namespace xg::testing
