#pragma once

#include <cstdint>
#include <vector>

#include "autograd/tensor.hpp"

namespace xg {

/// Thrown when a saved tensor is not what it was; the engine turns it into a GraphError that names the operation.
struct SavedTensorChanged {
  Shape shape;                  ///< of the tensor
  std::uint64_t saved_version;  ///< when it was saved
  std::uint64_t version;        ///< now
};

/// A tensor that a rule keeps for the backward pass. Reading it checks that its elements were not changed in place in
/// the meantime. A rule captures every tensor it needs as a Saved.
class XG_API Saved {
 public:
  /// Keeps the tensor and its version.
  explicit Saved(const Tensor& tensor) : tensor_(tensor.array(), tensor.node()), version_(tensor.array().version()) {}
  /// Keeps the same; noted by a SavedList.
  Saved(const Saved& other);
  /// Takes the other's place.
  Saved(Saved&&) = default;
  /// Keeps the same.
  Saved& operator=(const Saved&) = default;
  /// Takes the other's place.
  Saved& operator=(Saved&&) = default;

  /// False once the elements were changed.
  bool intact() const { return tensor_.array().version() == version_; }
  /// The tensor; throws SavedTensorChanged if it was changed.
  const Tensor& get() const {
    if (!intact()) throw SavedTensorChanged{tensor_.shape(), version_, tensor_.array().version()};
    return tensor_;
  }
  /// As get().
  operator const Tensor&() const { return get(); }

 private:
  Tensor tensor_;
  std::uint64_t version_;
};

namespace detail {

/// Lists what is copied of Saved tensors on this thread while it lives: how a node tells what its rules, which only
/// they know, have saved.
class XG_API SavedList {
 public:
  SavedList();
  ~SavedList();
  SavedList(const SavedList&) = delete;
  SavedList& operator=(const SavedList&) = delete;

  const std::vector<Tensor>& tensors() const { return tensors_; }

 private:
  friend class xg::Saved;

  std::vector<Tensor> tensors_;
  SavedList* outer_;
};

}  // namespace detail
}  // namespace xg
