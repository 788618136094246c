#include "nn/regularizers.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {
Regularizer l1(double factor, std::source_location where) {
  check_not_negative("l1: the factor", factor, where);
  return [=](const Tensor& x) { return sum(abs(x)) * factor; };
}

Regularizer l2(double factor, std::source_location where) {
  check_not_negative("l2: the factor", factor, where);
  Regularizer penalty = [=](const Tensor& x) { return sum_squares(x) * factor; };
  penalty.l2_factor_ = factor;
  return penalty;
}

Regularizer l1_l2(const L1L2& factors, std::source_location where) {
  check_not_negative("l1_l2: the factor", factors.l1, where);
  check_not_negative("l1_l2: the factor", factors.l2, where);
  return [=](const Tensor& x) { return sum(abs(x)) * factors.l1 + sum_squares(x) * factors.l2; };
}

Regularizer::Regularizer(const char* name, std::source_location where) {
  static const std::vector<std::pair<std::string_view, Regularizer>> known{
      {"l1", l1()}, {"l2", l2()}, {"l1_l2", l1_l2()}};
  *this = find_by_name("regularizer", given_name("regularizer", name, where), known, where);
}

}  // namespace xg::nn
