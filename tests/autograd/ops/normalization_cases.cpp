#include "autograd/ops/normalization.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

using Numbers = std::vector<double>;

double mean_of(const Numbers& x) { return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size()); }
double mean_square(const Numbers& x) {
  return std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / static_cast<double>(x.size());
}
double variance(const Numbers& x) {
  const double middle = mean_of(x);
  Numbers centred;
  for (const double v : x) centred.push_back(v - middle);
  return mean_square(centred);
}

Values times(const Values& a, const Values& b) { return zip(a, b, std::multiplies<>()); }
Values plus(const Values& a, const Values& b) { return zip(a, b, std::plus<>()); }

/// (x - mean) / sqrt(variance + epsilon) gamma + beta.
Values normalised(const Values& x, const Values& mean, const Values& var, double epsilon, const Values& gamma,
                  const Values& beta) {
  const Values centred = zip(x, mean, std::minus<>());
  const Values scaled = zip(centred, var, [=](double c, double v) { return c / std::sqrt(v + epsilon); });
  return plus(times(scaled, gamma), beta);
}

Values layer_reference(const Inputs& v) {
  const Values x(v[0]);
  return normalised(x, fold(x, {-1}, true, mean_of), fold(x, {-1}, true, variance), 1e-5, Values(v[1]), Values(v[2]));
}

std::vector<Inputs> with_parameters(int count) {
  std::vector<Inputs> samples;
  for (const Shape& shape : {Shape{3, 4}, Shape{5}, Shape{2, 1, 3}}) {
    Inputs sample{uniform(shape)};
    for (int i = 0; i < count; ++i) sample.push_back(uniform({shape.back()}, 0.5, 2));
    samples.push_back(sample);
  }
  return samples;
}

}  // namespace

Cases normalization_cases() {
  Cases cases;
  cases.push_back({.name = "layer_norm",
                   .function = [](const Inputs& v) { return layer_norm(v[0], v[1], v[2]); },
                   .samples = with_parameters(2),
                   .reference = layer_reference,
                   .magnitude = 4});
  cases.push_back({.name = "rms_norm",
                   .function = [](const Inputs& v) { return rms_norm(v[0], v[1]); },
                   .samples = with_parameters(1),
                   .reference =
                       [](const Inputs& v) {
                         const Values x(v[0]), squares = fold(x, {-1}, true, mean_square);
                         const Values scaled =
                             zip(x, squares, [](double a, double s) { return a / std::sqrt(s + 1e-6); });
                         return times(scaled, Values(v[1]));
                       },
                   .magnitude = 1});
  cases.push_back({.name = "batch_norm",
                   .variant = "constant statistics",
                   .function = [](const Inputs& v) { return batch_norm(v[0], v[1], v[2], v[3], v[4]); },
                   .samples = with_parameters(4),
                   .reference =
                       [](const Inputs& v) {
                         return normalised(Values(v[0]), Values(v[1]), Values(v[2]), 1e-3, Values(v[3]), Values(v[4]));
                       },
                   .magnitude = 8});
  cases.push_back({.name = "batch_norm",
                   .variant = "those of the batch",
                   .function =
                       [](const Inputs& v) {
                         return batch_norm(v[0], mean(v[0], {.axis = {0, 1}}), var(v[0], {.axis = {0, 1}}), v[1], v[2]);
                       },
                   .samples = {{uniform({3, 2, 4}), uniform({4}, 0.5, 2), uniform({4})}},
                   .reference =
                       [](const Inputs& v) {
                         const Values x(v[0]);
                         return normalised(x, fold(x, {0, 1}, false, mean_of), fold(x, {0, 1}, false, variance), 1e-3,
                                           Values(v[1]), Values(v[2]));
                       },
                   .magnitude = 4});
  cases.push_back({.name = "batch_norm_training",
                   .function = [](const Inputs& v) { return batch_norm_training(v[0], v[1], v[2], 1e-3).y; },
                   .samples = {{uniform({3, 2, 4}), uniform({4}, 0.5, 2), uniform({4})},
                               {uniform({5, 1}), uniform({1}, 0.5, 2), uniform({1})},
                               {uniform({7, 18}), uniform({18}, 0.5, 2), uniform({18})}},
                   .reference =
                       [](const Inputs& v) {
                         const Values x(v[0]);
                         std::vector<int> rows;
                         for (int axis = 0; axis + 1 < static_cast<int>(x.shape.rank()); ++axis) rows.push_back(axis);
                         return normalised(x, fold(x, rows, false, mean_of), fold(x, rows, false, variance), 1e-3,
                                           Values(v[1]), Values(v[2]));
                       },
                   .magnitude = 4});
  cases.push_back({.name = "embedding",
                   .function = [](const Inputs& v) { return embedding(v[0], v[1]); },
                   .samples = {{uniform({4, 3}), Tensor{{0, 3}, {3, -1}}}},
                   .reference =
                       [](const Inputs& v) {
                         return generate({2, 2, 3}, [&, w = Values(v[0]), which = Values(v[1])](const Index& i) {
                           const auto row = static_cast<std::int64_t>(which.at({i[0], i[1]}));
                           return w.at({row < 0 ? row + 4 : row, i[2]});
                         });
                       }});
  return cases;
}

}  // namespace xg::testing
