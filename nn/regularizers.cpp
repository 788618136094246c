#include "nn/regularizers.hpp"

#include <algorithm>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/check_number.hpp"
#include "nn/registry.hpp"

namespace xg::nn {
namespace {

using Function = Regularizer::Function;

double checked(const char* name, double factor) {
  check_not_negative(concat(name, ": the factor"), factor, std::source_location::current());
  return factor;
}

double factor_in(Arguments& given, const char* name) {
  double factor = 0.01;
  given("factor", factor);
  return checked(name, factor);
}

Function make_l1(Arguments& given) {
  return [factor = factor_in(given, "l1")](const Tensor& x) { return sum(abs(x)) * factor; };
}

Function make_l2(Arguments& given) {
  return [factor = factor_in(given, "l2")](const Tensor& x) { return sum_squares(x) * factor; };
}

Function make_l1_l2(Arguments& given) {
  const auto [l1, l2] = options_from<L1L2>(given);
  return [l1 = checked("l1_l2", l1), l2 = checked("l1_l2", l2)](const Tensor& x) {
    return sum(abs(x)) * l1 + sum_squares(x) * l2;
  };
}

/// The sum of |cos| over each two rows, divided by how many pairs there are.
Tensor mean_cosine(const Tensor& x) {
  const std::int64_t rows = x.shape()[0];
  const Tensor unit = x / sqrt(maximum(sum(square(x), {.axis = 1, .keepdims = true}), 1e-12));
  const Tensor others = 1.0 - eye(rows, x.dtype());
  const double pairs = static_cast<double>(rows) * static_cast<double>(rows - 1) / 2;
  return sum(abs(matmul(unit, transpose(unit)) * others)) * (0.5 / std::max(pairs, 1.0));
}

Function make_orthogonal(Arguments& given) {
  const auto [factor, mode] = options_from<OrthogonalRegularizerOptions>(given);
  checked("orthogonal_regularizer", factor);
  if (mode != "rows" && mode != "columns")
    throw ValueError(concat("orthogonal_regularizer: unknown mode '", mode, "': known are rows, columns"),
                     std::source_location::current());
  return [factor = factor, by_rows = mode == "rows"](const Tensor& x) {
    if (x.rank() != 2)
      throw ShapeError(concat("orthogonal_regularizer: a matrix is expected, got a tensor of shape ", x.shape()),
                       std::source_location::current());
    return mean_cosine(by_rows ? x : transpose(x)) * factor;
  };
}

}  // namespace

Regularizer l1(double factor, std::source_location where) { return {Spec{"l1", {{"factor", factor}}}, where}; }
Regularizer l2(double factor, std::source_location where) { return {Spec{"l2", {{"factor", factor}}}, where}; }
Regularizer l1_l2(const L1L2& factors, std::source_location where) {
  return {Spec{"l1_l2", arguments_of(factors)}, where};
}

Regularizer orthogonal_regularizer(const OrthogonalRegularizerOptions& options, std::source_location where) {
  return {Spec{"orthogonal_regularizer", arguments_of(options)}, where};
}

Tensor Regularizer::operator()(const Tensor& x, std::source_location where) const {
  const Tensor penalty = FunctionChoice::operator()(x, where);
  if (penalty.size() != 1)
    throw ShapeError(concat("regularizer '", name(), "': one number was expected, it gave a tensor of shape ",
                            penalty.shape(), ": take its sum() or mean()"),
                     where);
  return penalty;
}

double Regularizer::l2_factor() const {
  return name() == "l2" ? std::get<Scalar>(spec().find("factor")->get()).to<double>() : 0;
}

template <>
Registry<Function>& Choice<Regularizer, Function>::registry() {
  static Registry<Function> known(
      Regularizer::kind,
      {{"l1", make_l1}, {"l2", make_l2}, {"l1_l2", make_l1_l2}, {"orthogonal_regularizer", make_orthogonal}});
  return known;
}

template class Choice<Regularizer, Function>;

}  // namespace xg::nn
