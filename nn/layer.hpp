#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "nn/module.hpp"

namespace xg::nn {

/// A module of the library, composed of operations: errors inside it name the line that called it.
class XG_API Layer : public Module {
 protected:
  bool reports_caller() const override;
  /// The shape of a sample that forward() gives for samples of that shape: from a batch of none, once the parameters
  /// are there.
  Shape shape_by_trial(const Shape& sample, DType dtype = float32) const;
  /// A ShapeError unless samples have so many axes, which are called so.
  void check_input(const Tensor& x, std::size_t sample_rank, const char* axes) const;
  /// The same for layers with parameters of that dtype.
  void check_input(const Tensor& x, std::size_t sample_rank, const char* axes, DType dtype) const;
  /// A DTypeError unless the input has the dtype of the parameters.
  void check_dtype(const Tensor& x, DType dtype) const;
  /// A ValueError that begins with the layer's type.
  template <class... Parts>
  [[noreturn]] void refuse(std::source_location where, const Parts&... parts) const {
    throw ValueError(concat(type(), ": ", parts...), where);
  }
  /// An output with its penalty added, if there is a regularizer: divided by the size of the batch, if `mean`.
  Tensor regularized(Tensor y, const Regularizer& regularizer, bool mean);
};

/// A layer that is copied by its clone().
template <class L>
class XG_API ClonedLayer : public Layer {
 public:
  /// What clone() gives.
  std::shared_ptr<Module> copy() const override { return std::make_shared<L>(static_cast<const L&>(*this).clone()); }
};

}  // namespace xg::nn
