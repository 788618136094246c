#pragma once

#include <source_location>
#include <vector>

#include "autograd/tensor.hpp"
#include "nn/choices.hpp"

namespace xg::nn {

/// What a parameter is brought back to after every update: any function of it that keeps its shape, one of the
/// functions below, or the names max_norm, non_neg, unit_norm, min_max_norm.
class XG_API Constraint : public FunctionChoice<Constraint, Tensor(const Tensor&)> {
 public:
  /// What errors call it.
  static constexpr const char* kind = "constraint";

  /// By name, by Spec, or as a function.
  using FunctionChoice::FunctionChoice;
  /// None.
  Constraint() = default;

  /// The value that the parameter gets. A function of the user's that gives another shape or dtype is a ShapeError.
  Tensor operator()(const Tensor& parameter, std::source_location where = std::source_location::current()) const;
  /// False for none.
  explicit operator bool() const { return static_cast<bool>(value_); }
};

// Norms are Euclidean, n = sqrt(sum w^2) along the axes: by default the first, that is of all weights into one unit of
// a Dense; a convolution's kernel wants {0, 1, 2}. e is 1e-7, as in Keras.

/// The options of max_norm().
struct MaxNormOptions {
  double max_value = 2;         ///< the largest norm
  std::vector<int> axes = {0};  ///< along which norms are taken

  /// Names them all.
  void visit(Arguments& arguments) { arguments("max_value", max_value)("axes", axes); }
};
/// w clip(n, 0, max_value) / (e + n).
XG_API Constraint max_norm(const MaxNormOptions& options = {},
                           std::source_location where = std::source_location::current());
/// max(w, 0).
XG_API Constraint non_neg();
/// w / (e + n).
XG_API Constraint unit_norm(const std::vector<int>& axes = {0});

/// The options of min_max_norm().
struct MinMaxNormOptions {
  double min_value = 0;         ///< the smallest norm
  double max_value = 1;         ///< the largest norm
  double rate = 1;              ///< how much of the way a norm outside is brought back
  std::vector<int> axes = {0};  ///< along which norms are taken

  /// Names them all.
  void visit(Arguments& arguments) {
    arguments("min_value", min_value)("max_value", max_value)("rate", rate)("axes", axes);
  }
};
/// w (rate clip(n, min_value, max_value) + (1 - rate) n) / (e + n).
XG_API Constraint min_max_norm(const MinMaxNormOptions& options = {},
                               std::source_location where = std::source_location::current());

}  // namespace xg::nn
