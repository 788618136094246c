#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/array.hpp"

namespace xg::kernels {

// The optimizers' passes: one walk over a parameter, its gradient and its state. All contiguous, of one shape and
// floating dtype; the parameter and the state change in place, and the parameter's version rises. They allocate nothing
// and cannot fail.

/// w -= rate * g.
void sgd(Array& w, const Array& g, double rate);

/// How many numbers the two below need room for: a sum of squares for each block of elements.
std::size_t decay_room(std::int64_t size);
/// w -= rate * (g + decay * w); returns the sum of the squares of the old w, added in a fixed order.
double sgd_decayed(Array& w, const Array& g, double rate, double decay, double* room);
/// w = g + decay * w, for a copy of a parameter; returns the sum of the squares of the old w, added in a fixed order.
double decayed_gradient(Array& w, const Array& g, double decay, double* room);

/// v = momentum * v - rate * g; w += v, or with nesterov w += momentum * v - rate * g.
void sgd_momentum(Array& w, const Array& g, Array& v, double rate, double momentum, bool nesterov);

struct AdamStep {
  double rate, beta_1, beta_2, epsilon;
};
/// m = beta_1 m + (1 - beta_1) g; v = beta_2 v + (1 - beta_2) g^2; w -= rate * m / (sqrt(v) + epsilon).
void adam(Array& w, const Array& g, Array& m, Array& v, const AdamStep& step);

}  // namespace xg::kernels
