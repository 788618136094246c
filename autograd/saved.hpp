#pragma once

#include <cstdint>

#include "autograd/tensor.hpp"

namespace xg {

/// Thrown when a saved tensor is not what it was; the engine turns it into a GraphError that names the operation.
struct SavedTensorChanged {
  Shape shape;
  std::uint64_t saved_version;
  std::uint64_t version;
};

/// A tensor that a rule keeps for the backward pass. Reading it checks that its elements were not changed in place in
/// the meantime. A rule captures every tensor it needs as a Saved.
class Saved {
 public:
  explicit Saved(const Tensor& tensor) : tensor_(tensor), version_(tensor.array().version()) {}

  bool intact() const { return tensor_.array().version() == version_; }
  const Tensor& get() const {
    if (!intact()) throw SavedTensorChanged{tensor_.shape(), version_, tensor_.array().version()};
    return tensor_;
  }
  operator const Tensor&() const { return get(); }

 private:
  Tensor tensor_;
  std::uint64_t version_;
};

}  // namespace xg
