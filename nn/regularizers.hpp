#pragma once

#include <source_location>
#include <string>

#include "autograd/tensor.hpp"
#include "nn/choices.hpp"

namespace xg::nn {

/// A penalty on a tensor (a kernel, a bias, a layer's output) that the trainer adds to the loss: any function from a
/// tensor to a scalar, one of the functions below, or the names "l1", "l2", "l1_l2", "orthogonal_regularizer" with
/// Keras's factor 0.01.
class XG_API Regularizer : public FunctionChoice<Regularizer, Tensor(const Tensor&)> {
 public:
  /// What errors call it.
  static constexpr const char* kind = "regularizer";

  /// By name, by Spec, or as a function.
  using FunctionChoice::FunctionChoice;
  /// No penalty.
  Regularizer() = default;

  /// What the tensor adds to the loss. A function of the user's that gives several numbers is a ShapeError.
  Tensor operator()(const Tensor& x, std::source_location where = std::source_location::current()) const;
  /// False for none.
  explicit operator bool() const { return static_cast<bool>(value_); }
  /// The factor of an l2(), which an optimizer can apply within its own pass; else 0.
  double l2_factor() const;
};

/// factor * sum |x|. A factor that is negative, NaN or not finite in float32 is a ValueError.
XG_API Regularizer l1(double factor = 0.01, std::source_location where = std::source_location::current());
/// factor * sum x^2, without a half. A factor that is negative, NaN or not finite in float32 is a ValueError.
XG_API Regularizer l2(double factor = 0.01, std::source_location where = std::source_location::current());

/// How much the two penalties count.
struct L1L2 {
  double l1 = 0.01;  ///< of sum |x|
  double l2 = 0.01;  ///< of sum x^2

  /// Names them both.
  void visit(Arguments& arguments) { arguments("l1", l1)("l2", l2); }
};
/// l1 * sum |x| + l2 * sum x^2. A factor that is negative, NaN or not finite in float32 is a ValueError.
XG_API Regularizer l1_l2(const L1L2& factors = {}, std::source_location where = std::source_location::current());

/// Which rows or columns are to be at right angles.
struct OrthogonalRegularizerOptions {
  double factor = 0.01;       ///< how much it counts
  std::string mode = "rows";  ///< "rows" or "columns"

  /// Names them both.
  void visit(Arguments& arguments) { arguments("factor", factor)("mode", mode); }
};
/// factor times the mean of |cos| of the angles between each two rows (or columns) of a matrix; 0 for a single one, as
/// in Keras 3. Norms are at least 1e-6. A factor that is negative, NaN or not finite in float32, and an unknown mode,
/// is a ValueError; a tensor that is no matrix is a ShapeError.
XG_API Regularizer orthogonal_regularizer(const OrthogonalRegularizerOptions& options = {},
                                          std::source_location where = std::source_location::current());

}  // namespace xg::nn
