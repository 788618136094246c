#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "autograd/saved.hpp"
#include "autograd/tensor.hpp"
#include "lib/memory_pool.hpp"

namespace xg {

/// What the holder of a tensor may know of how it was made, such as the logits behind probabilities, from which a loss
/// is computed more exactly than from what rounding left of them. It belongs to a handle and its copies: operations
/// neither read nor pass it on, and what they save does not hold it.
struct Origin {
  const char* function;                  ///< the name of what made it, a string literal
  Saved input;                           ///< from which it was made
  const std::byte* elements;             ///< that were made
  std::uint64_t version;                 ///< of them
  std::atomic<std::uint32_t> owners{1};  ///< how many OriginRefs there are

  /// Takes memory from the pool.
  static void* operator new(std::size_t bytes) { return pool::allocate(bytes); }
  /// Gives it back.
  static void operator delete(void* block, std::size_t bytes) noexcept { pool::release(block, bytes); }
};

/// The same tensor, which now tells that `function` made it from `input`.
XG_API Tensor with_origin(Tensor made, const char* function, const Tensor& input);
/// What `function` made the tensor from; undefined if it was not made by it, or one of both was changed in the
/// meantime. It is a constant if the tensor is one.
XG_API Tensor input_of(const Tensor& made, const char* function);

}  // namespace xg
