#pragma once

#include <functional>
#include <source_location>
#include <string>

#include "autograd/tensor.hpp"
#include "nn/lookup.hpp"

namespace xg::nn {

// Losses of (y_true, y_pred), in Keras's order, averaged over the batch: scalars. y_true is converted to y_pred's
// dtype. Shapes that do not fit are a ShapeError.

/// The options of the crossentropies.
struct CrossentropyOptions {
  bool from_logits = false;  ///< y_pred are logits instead of probabilities
};

// Probabilities that a layer's softmax or sigmoid made are taken back to its logits: the loss is exact however sure the
// prediction is, and so is its gradient p - y. From any other p it is exact as long as p is at least the smallest
// normal number, which stands in for what is less. Who watches the gradient of the probabilities themselves (a hook,
// retain_grad(), grad() with respect to them) gets that of the formula: -y / p.

/// Mean over samples of -sum_k y_k ln p_k, for (N, ..., classes) both. Rows of probabilities that do not add up to 1
/// are divided by their sum.
XG_API Tensor categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred,
                                       const CrossentropyOptions& options = {},
                                       std::source_location where = std::source_location::current());
/// The same for integer labels y_true (N, ...) or (N, ..., 1).
XG_API Tensor sparse_categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred,
                                              const CrossentropyOptions& options = {},
                                              std::source_location where = std::source_location::current());
/// Mean over all elements of -(y ln p + (1 - y) ln(1 - p)).
XG_API Tensor binary_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options = {},
                                  std::source_location where = std::source_location::current());
/// Mean over all elements of (y_true - y_pred)^2.
XG_API Tensor mean_squared_error(const Tensor& y_true, const Tensor& y_pred,
                                 std::source_location where = std::source_location::current());
/// Mean over all elements of |y_true - y_pred|.
XG_API Tensor mean_absolute_error(const Tensor& y_true, const Tensor& y_pred,
                                  std::source_location where = std::source_location::current());

/// A loss as an option: any function of (y_true, y_pred), or a name: categorical_crossentropy,
/// sparse_categorical_crossentropy, binary_crossentropy, mean_squared_error (mse), mean_absolute_error (mae).
class XG_API Loss {
 public:
  /// Y_true and y_pred to one number for each sample..
  using Function = std::function<Tensor(const Tensor& y_true, const Tensor& y_pred)>;

  Loss() = default;
  /// An unknown name is a ValueError that lists the known ones.
  Loss(const char* name, std::source_location where = std::source_location::current());
  /// The one of that name; an unknown one is a ValueError that lists the known ones.
  Loss(const std::string& name, std::source_location where = std::source_location::current())
      : Loss(name.c_str(), where) {}
  /// A function of the user's. Null is a ValueError.
  template <class F>
  requires std::is_invocable_r_v<Tensor, F, const Tensor&, const Tensor&> Loss(
      F function, std::source_location where = std::source_location::current())
      : name_(custom), function_(given_function<Function>("loss", std::move(function), where)) {}

  /// False for none.
  explicit operator bool() const { return static_cast<bool>(function_); }
  /// The name it was found by.
  const std::string& name() const { return name_; }
  /// Errors in a function of the user's name the line in it.
  Tensor operator()(const Tensor& y_true, const Tensor& y_pred) const;

 private:
  static constexpr const char* custom = "custom";

  std::string name_;
  Function function_;
};

}  // namespace xg::nn
