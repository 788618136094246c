#pragma once

#include <functional>
#include <source_location>
#include <string>

#include "autograd/tensor.hpp"
#include "nn/lookup.hpp"

namespace xg::nn {

/// A penalty on a tensor (a kernel, a bias, a layer's output) that the trainer adds to the loss: any function from a
/// tensor to a scalar, one of the functions below, or the names "l1", "l2", "l1_l2" with Keras's factor 0.01.
class XG_API Regularizer {
 public:
  /// A tensor to one number.
  using Function = std::function<Tensor(const Tensor&)>;

  /// No penalty.
  Regularizer() = default;
  /// An unknown name is a ValueError that lists the known ones.
  Regularizer(const char* name, std::source_location where = std::source_location::current());
  /// The one of that name; an unknown one is a ValueError that lists the known ones.
  Regularizer(const std::string& name, std::source_location where = std::source_location::current())
      : Regularizer(name.c_str(), where) {}
  /// A function of the user's. Null is a ValueError.
  template <class F>
  requires std::is_invocable_r_v<Tensor, F, const Tensor&> Regularizer(
      F function, std::source_location where = std::source_location::current())
      : function_(given_function<Function>("regularizer", std::move(function), where)) {}

  /// False for none.
  explicit operator bool() const { return static_cast<bool>(function_); }
  /// What x adds to the loss.
  Tensor operator()(const Tensor& x) const { return function_(x); }

  /// The factor of one that l2() made, which an optimizer can apply within its own pass; else 0.
  double l2_factor() const { return l2_factor_; }

 private:
  friend XG_API Regularizer l2(double factor, std::source_location where);

  Function function_;
  double l2_factor_ = 0;
};

/// factor * sum |x|. A factor that is negative, NaN or not finite in float32 is a ValueError.
XG_API Regularizer l1(double factor = 0.01, std::source_location where = std::source_location::current());
/// factor * sum x^2, without a half. A factor that is negative, NaN or not finite in float32 is a ValueError.
XG_API Regularizer l2(double factor = 0.01, std::source_location where = std::source_location::current());

/// How much the two penalties count.
struct L1L2 {
  double l1 = 0.01;  ///< of sum |x|
  double l2 = 0.01;  ///< of sum x^2
};
/// l1 * sum |x| + l2 * sum x^2. A factor that is negative, NaN or not finite in float32 is a ValueError.
XG_API Regularizer l1_l2(const L1L2& factors = {}, std::source_location where = std::source_location::current());

}  // namespace xg::nn
