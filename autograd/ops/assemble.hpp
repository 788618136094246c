#pragma once

#include <cstdint>
#include <source_location>
#include <utility>
#include <vector>

#include "autograd/operand.hpp"

namespace xg {

// Tensors taken apart and put together along axes. Gradients: dy's elements, added up where they came from.

/// What pad() puts around a tensor.
enum class PadMode {
  constant,  ///< a value
  edge,      ///< the outermost element again
  reflect,   ///< mirrored at the outermost element, which is not repeated
};
/// The options of pad().
struct PadOptions {
  PadMode mode = PadMode::constant;  ///< where the new elements come from
  Scalar value = 0;                  ///< of constant padding; one that x's dtype does not hold is a ValueError
};
/// x with elements before and after along its axes: a pair of counts for every axis, from the first. Fewer pairs than
/// axes leave the rest alone. A negative count, and reflecting further than an axis reaches, is a ValueError.
XG_API Tensor pad(const Operand& x, const std::vector<std::pair<std::int64_t, std::int64_t>>& widths,
                  const PadOptions& options = {});
/// x repeated as a whole: along every axis (the last ones, if there are fewer counts) so many times, as NumPy's tile.
XG_API Tensor tile(const Operand& x, const std::vector<std::int64_t>& counts);
/// Every element along an axis so many times in a row, as NumPy's repeat.
XG_API Tensor repeat(const Operand& x, std::int64_t count, int axis);
/// The elements moved along an axis, those that leave it coming back at the other end.
XG_API Tensor roll(const Operand& x, std::int64_t shift, int axis);
/// The parts of the given extents along an axis, which they must fill: views.
XG_API std::vector<Tensor> split(const Operand& x, const std::vector<std::int64_t>& extents, int axis = 0);
/// `count` parts along an axis, as equal as they can be, the larger ones first: views. More parts than elements are a
/// ValueError.
XG_API std::vector<Tensor> chunk(const Operand& x, std::int64_t count, int axis = 0);
/// Vectors stretched to the grid they span: result i has the shape of all their lengths, and varies along axis i.
XG_API std::vector<Tensor> meshgrid(const std::vector<Tensor>& vectors,
                                    std::source_location where = std::source_location::current());

}  // namespace xg
