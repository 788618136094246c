#include "nn/regularizers.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
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

}  // namespace

Regularizer l1(double factor, std::source_location where) { return {Spec{"l1", {{"factor", factor}}}, where}; }
Regularizer l2(double factor, std::source_location where) { return {Spec{"l2", {{"factor", factor}}}, where}; }
Regularizer l1_l2(const L1L2& factors, std::source_location where) {
  return {Spec{"l1_l2", arguments_of(factors)}, where};
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
  static Registry<Function> known(Regularizer::kind, {{"l1", make_l1}, {"l2", make_l2}, {"l1_l2", make_l1_l2}});
  return known;
}

template class Choice<Regularizer, Function>;

}  // namespace xg::nn
