#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

#include "nn/layer.hpp"

namespace xg::nn {

/// A layer with a state of each sample, which may go on from one batch to the next: each sample of a batch then goes on
/// where the one at its place in the batch before stopped. The state is kept when a pass is over, if that does not
/// fail: in training, and in evaluate(), predict() and the validation of fit() alike, as in Keras. No gradient flows
/// from one batch to the one before. Buffers: state_1, state_2, ..., of no samples before the first batch.
///
/// A layer that keeps its state must not be called from several threads at once.
class XG_API StatefulLayer : public Layer {
 public:
  /// Forgets the state: the next batch, which may be of another size, begins with zeros. If none is kept it is a
  /// ValueError.
  void reset_states(std::source_location where = std::source_location::current());
  /// Whether a state is kept.
  virtual bool is_stateful() const = 0;

 protected:
  /// Declares the buffers, for states of these shapes of a sample.
  void declare_states(const std::vector<Shape>& shapes, DType dtype);
  /// The state of a batch of so many samples. A kept one of another number of samples is a ShapeError.
  std::vector<Tensor> kept_states(std::int64_t batch) const;
  /// Keeps that state for the next batch. One of no samples is not kept.
  void keep_states(const std::vector<Tensor>& states);

 private:
  std::vector<Tensor> none_;  ///< of no samples
};

/// Makes all layers of the module forget the states they keep.
XG_API void reset_states(Module& module);

}  // namespace xg::nn
