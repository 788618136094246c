#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// For each row (..., classes) of logits z and targets y: -sum_k y_k ln softmax(z)_k = sum(y) logsumexp(z) - sum(y z).
/// Both floating, of one shape and dtype; the result is without the last axis.
Array cross_entropy(const Array& logits, const Array& targets);

/// (softmax(z) sum(y) - y) dy: its gradient with respect to the logits, from dy for each row.
Array cross_entropy_gradient(const Array& dy, const Array& logits, const Array& targets);

}  // namespace xg::kernels
