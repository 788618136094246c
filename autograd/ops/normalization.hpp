#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Normalisations, and the lookup of embeddings. Parameters are tensors of the caller's.

/// (x - mean) / sqrt(var + epsilon) over the last axis, times gamma plus beta, both (n) for x (..., n) (Ba, Kiros and
/// Hinton, Layer normalization, 2016): one pass over x, and one backwards.
XG_API Tensor layer_norm(const Operand& x, const Operand& gamma, const Operand& beta, double epsilon = 1e-5);
/// x / sqrt(mean(x^2) + epsilon) over the last axis, times gamma (n) (Zhang and Sennrich, 2019).
XG_API Tensor rms_norm(const Operand& x, const Operand& gamma, double epsilon = 1e-6);
/// (x - mean) / sqrt(variance + epsilon) times gamma plus beta, all four (n) for x (..., n): with constant statistics,
/// as for inference (Ioffe and Szegedy, 2015). The gradient flows through all of them.
XG_API Tensor batch_norm(const Operand& x, const Operand& mean, const Operand& variance, const Operand& gamma,
                         const Operand& beta, double epsilon = 1e-3);

/// What batch_norm_training gives.
struct TrainedBatchNorm {
  Tensor y;         ///< the normalised x
  Tensor mean;      ///< of the batch (n), for a running average: without gradient
  Tensor variance;  ///< of the batch (n), the mean square: without gradient
};
/// batch_norm with the statistics of the batch itself, mean(x) and var(x) over all axes but the last, through which the
/// gradient flows: one pass over x for them and one for y, and two backwards. An x without rows is a ShapeError.
XG_API TrainedBatchNorm batch_norm_training(const Operand& x, const Operand& gamma, const Operand& beta,
                                            double epsilon = 1e-3);

/// The rows of weights (entries, n) that integer indices name: (..., n). As take along axis 0.
XG_API Tensor embedding(const Operand& weights, const Operand& indices);

}  // namespace xg
