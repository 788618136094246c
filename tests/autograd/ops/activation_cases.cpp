#include "autograd/ops/activation.hpp"

#include <cmath>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

double log_of_one_plus_exp(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

double positive_part(double x) { return x < 0 ? 0 : x; }

/// What is 0 at -inf, though one of its factors is not.
double falling(double x, double value) { return x == -INFINITY ? 0 : value; }

/// Rectifiers and their smooth kin. A reference far below 1e-30 may be 0: its factors underflow before it does.
Cases rectifiers() {
  const auto tiny = [](OpCase op) {
    op.magnitude = 1e-30;
    return op;
  };
  return {
      unary(
          "leaky_relu", [](const Operand& x) { return leaky_relu(x); }, [](double x) { return x > 0 ? x : 0.01 * x; },
          between_kinks()),
      unary(
          "elu", [](const Operand& x) { return elu(x, 1.5); }, [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); },
          between_kinks()),
      unary(
          "selu", selu, [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); },
          between_kinks()),
      tiny(unary(
          "gelu", [](const Operand& x) { return gelu(x); },
          [](double x) { return falling(x, x * 0.5 * std::erfc(-x / std::sqrt(2.0))); }, samples_of_one())),
      tiny(unary(
          "silu", silu, [](double x) { return falling(x, x / (1 + std::exp(-x))); }, samples_of_one())),
      tiny(unary(
          "mish", mish, [](double x) { return falling(x, x * std::tanh(log_of_one_plus_exp(x))); }, samples_of_one())),
      unary("hard_sigmoid", hard_sigmoid,
            [](double x) { return std::isnan(x) ? x : std::fmax(0, std::fmin(x / 6 + 0.5, 1)); },
            {{uniform({3, 4})}, {uniform({5}, 3.5, 5)}, {uniform({}, -5, -3.5)}}),
      unary("hard_tanh", hard_tanh, [](double x) { return std::isnan(x) ? x : std::fmax(-1, std::fmin(x, 1)); },
            {{uniform({3, 4}, -0.9, 0.9)}, {uniform({5}, 1.5, 2)}, {uniform({}, -2, -1.5)}}),
      unary(
          "softsign", softsign, [](double x) { return std::isinf(x) ? std::copysign(1, x) : x / (1 + std::abs(x)); },
          between_kinks()),
      unary(
          "log_sigmoid", log_sigmoid, [](double x) { return -log_of_one_plus_exp(-x); }, samples_of_one()),
  };
}

OpCase approximate_gelu() {
  return {.name = "gelu",
          .variant = "approximate",
          .function = [](const Inputs& v) { return gelu(v[0], true); },
          .samples = samples_of_one(),
          .reference =
              [](const Inputs& v) {
                return map(Values(v[0]), [](double x) {
                  return x * 0.5 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
                });
              },
          .magnitude = 1};
}

std::vector<Inputs> rows() { return {{uniform({2, 3, 4})}, {uniform({1, 3, 1})}}; }

Cases softmax_cases() {
  Cases cases;
  for (const int axis : {-1, 0, 1, 2}) {
    const std::string variant = concat("axis ", axis);
    cases.push_back({.name = "softmax",
                     .variant = variant,
                     .function = [axis](const Inputs& v) { return softmax(v[0], axis); },
                     .samples = rows(),
                     .reference =
                         [axis](const Inputs& v) {
                           return map(log_shares(Values(v[0]), axis), [](double x) { return std::exp(x); });
                         }});
    cases.push_back({.name = "log_softmax",
                     .variant = variant,
                     .function = [axis](const Inputs& v) { return log_softmax(v[0], axis); },
                     .samples = rows(),
                     .reference = [axis](const Inputs& v) { return log_shares(Values(v[0]), axis); },
                     .magnitude = 1});
  }
  return cases;
}

OpCase dropout_case(double rate) {
  return {.name = "dropout",
          .variant = concat("rate ", rate),
          .function =
              [rate](const Inputs& v) {
                Generator generator(7);
                return dropout(v[0], rate, generator);
              },
          .samples = {{uniform({4, 5})}, {uniform({3})}, {uniform({})}},
          .reference =
              [rate](const Inputs& v) {
                const Tensor mask = Generator(7).dropout_mask(v[0].shape(), rate, v[0].dtype());
                return zip(Values(v[0]), Values(mask), std::multiplies<>());
              }};
}

Cases functions_of_one() {
  return {
      unary("tanh", tanh, std::tanh, samples_of_one()),
      unary(
          "sigmoid", sigmoid, [](double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); },
          samples_of_one()),
      unary("relu", relu, positive_part, {{distinct({3, 4})}, {distinct({}, -0.3)}, {distinct({2, 1, 3}, -0.25)}}),
      unary("softplus", softplus, log_of_one_plus_exp, samples_of_one()),
      {.name = "tanh_gradient",
       .function = [](const Inputs& v) { return tanh_gradient(v[0], v[1]); },
       .samples = {{uniform({3, 4}), uniform({3, 4}, -0.9, 0.9)},
                   {uniform({}), uniform({})},
                   {uniform({1, 2}), uniform({1, 2})}},
       .reference =
           [](const Inputs& v) {
             return zip(Values(v[0]), Values(v[1]), [](double dy, double y) { return dy * (1 - y * y); });
           }},
  };
}

}  // namespace

Cases activation_cases() {
  Cases cases = functions_of_one();
  for (const Cases& more : {rectifiers(), softmax_cases()}) cases.insert(cases.end(), more.begin(), more.end());
  cases.push_back(approximate_gelu());
  for (const double rate : {0.0, 0.4, 1.0}) cases.push_back(dropout_case(rate));
  return cases;
}

}  // namespace xg::testing
