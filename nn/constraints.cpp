#include "nn/constraints.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/check_number.hpp"
#include "nn/registry.hpp"

namespace xg::nn {
namespace {

using Function = Constraint::Function;

constexpr double epsilon = 1e-7;

Tensor norms(const Tensor& w, const std::vector<int>& axes) {
  return sqrt(sum(square(w), {.axis = Axes(std::span(axes)), .keepdims = true}));
}

Function make_max_norm(Arguments& given) {
  const auto options = options_from<MaxNormOptions>(given);
  check_not_negative("max_norm: max_value", options.max_value, std::source_location::current());
  return [=](const Tensor& w) {
    const Tensor n = norms(w, options.axes);
    return w * (clip(n, 0, options.max_value) / (n + epsilon));
  };
}

Function make_unit_norm(Arguments& given) {
  std::vector<int> axes{0};
  given("axes", axes);
  return [=](const Tensor& w) { return w / (norms(w, axes) + epsilon); };
}

Function make_min_max_norm(Arguments& given) {
  const auto options = options_from<MinMaxNormOptions>(given);
  const auto where = std::source_location::current();
  check_not_negative("min_max_norm: min_value", options.min_value, where);
  check_not_negative("min_max_norm: max_value", options.max_value, where);
  if (options.min_value > options.max_value)
    throw ValueError(
        concat("min_max_norm: min_value <= max_value expected, got ", options.min_value, " and ", options.max_value),
        where);
  if (!(options.rate >= 0 && options.rate <= 1))
    throw ValueError(concat("min_max_norm: the rate must lie in [0, 1], got ", options.rate), where);
  return [=](const Tensor& w) {
    const Tensor n = norms(w, options.axes);
    const Tensor wanted = clip(n, options.min_value, options.max_value) * options.rate + n * (1 - options.rate);
    return w * (wanted / (n + epsilon));
  };
}

}  // namespace

Tensor Constraint::operator()(const Tensor& parameter, std::source_location where) const {
  const Tensor kept = FunctionChoice::operator()(parameter, where);
  if (kept.shape() != parameter.shape() || kept.dtype() != parameter.dtype())
    throw ShapeError(concat("constraint '", name(), "': a ", parameter.dtype(), " tensor of shape ", parameter.shape(),
                            " was expected, it gave a ", kept.dtype(), " tensor of shape ", kept.shape()),
                     where);
  return kept;
}

Constraint max_norm(const MaxNormOptions& options, std::source_location where) {
  return {Spec{"max_norm", arguments_of(options)}, where};
}
Constraint non_neg() { return "non_neg"; }
Constraint unit_norm(const std::vector<int>& axes) {
  Arguments arguments;
  std::vector<int> given = axes;
  arguments("axes", given);
  return Spec{"unit_norm", arguments.written()};
}
Constraint min_max_norm(const MinMaxNormOptions& options, std::source_location where) {
  return {Spec{"min_max_norm", arguments_of(options)}, where};
}

template <>
Registry<Function>& Choice<Constraint, Function>::registry() {
  static Registry<Function> known(Constraint::kind, {
                                                        {"max_norm", make_max_norm},
                                                        {"non_neg", always([](const Tensor& w) { return relu(w); })},
                                                        {"unit_norm", make_unit_norm},
                                                        {"min_max_norm", make_min_max_norm},
                                                    });
  return known;
}

template class Choice<Constraint, Function>;

}  // namespace xg::nn
