#pragma once

#include <string>

#include "nn/tensors.hpp"

namespace xg::nn {

// A mask tells which steps of a sample count: boolean (batch, steps), an entry named "mask" beside the tensor it
// belongs to, in what a module is called with and in what it gives. It is a tensor like any other, kept nowhere else.

/// What becomes of a mask beside the input of a module that overrides forward() alone. One that overrides
/// forward_many() gets it there with all the rest.
enum class MaskUse {
  refuses,   ///< a ValueError: what comes out has other steps, or none
  drops,     ///< forward() is called as if there were none
  hands_on,  ///< the same, and it stands beside the output: what comes out has the steps of what came in
  makes,     ///< forward_many() gives one beside the output, even for an input without
};

/// True for a boolean entry named "mask".
inline bool is_mask(const Tensors::Entry& entry) {
  return entry.name == "mask" && entry.value.defined() && entry.value.dtype() == boolean;
}
/// The mask among them; null if there is none.
XG_API const Tensor* mask_in(const Tensors& tensors);
/// All but the mask, in order.
XG_API Tensors without_mask(const Tensors& tensors);
/// x (batch, steps, ...) with 0 where the mask (batch, steps) is false: what stands there, even NaN, reaches nothing.
XG_API Tensor cleared(const Tensor& x, Tensor mask);
/// The mask among them for samples x (batch, steps, ...); undefined if there is none. One of another shape is a
/// ShapeError, one that is not boolean a DTypeError, both of which begin with the layer's type.
XG_API Tensor mask_for(const std::string& layer, const Tensors& tensors, const Tensor& x);

}  // namespace xg::nn
