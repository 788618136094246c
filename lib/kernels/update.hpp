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

/// a += share (w - a): a running mean.
void blend(Array& a, const Array& w, double share);

/// v = momentum * v - rate * g; w += v, or with nesterov w += momentum * v - rate * g.
void sgd_momentum(Array& w, const Array& g, Array& v, double rate, double momentum, bool nesterov);

struct AdamStep {
  double rate, beta_1, beta_2, epsilon;
  double decay = 0;  ///< the share that w loses
};
/// m = beta_1 m + (1 - beta_1) g; v = beta_2 v + (1 - beta_2) g^2; w -= decay w + rate m / (sqrt(v) + epsilon).
void adam(Array& w, const Array& g, Array& m, Array& v, const AdamStep& step);
/// The same with the largest v there was: largest = max(largest, v); w -= decay w + rate m / (sqrt(largest) +
/// epsilon).
void amsgrad(Array& w, const Array& g, Array& m, Array& v, Array& largest, const AdamStep& step);
/// m as in adam; u = max(beta_2 u, |g|); w -= rate m / (u + epsilon).
void adamax(Array& w, const Array& g, Array& m, Array& u, const AdamStep& step);
/// m and v as in adam; w -= (gradient_rate g + rate m) / (sqrt(correction v) + epsilon).
void nadam(Array& w, const Array& g, Array& m, Array& v, const AdamStep& step, double gradient_rate, double correction);

struct LionStep {
  double rate, beta_1, beta_2, decay;
};
/// w -= decay w + rate sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g.
void lion(Array& w, const Array& g, Array& m, const LionStep& step);

struct RMSpropStep {
  double rate, rho, epsilon, momentum;
};
/// v = rho v + (1 - rho) g^2; change = rate g / (sqrt(v) + epsilon); w -= change. With a mean, mean = rho mean + (1 -
/// rho) g, and v - mean^2, at least 0, stands in the root; with a velocity, velocity = momentum velocity + change, and
/// w -= velocity.
void rmsprop(Array& w, const Array& g, Array& v, Array* mean, Array* velocity, const RMSpropStep& step);

/// a += g^2; w -= rate g / (sqrt(a) + epsilon).
void adagrad(Array& w, const Array& g, Array& a, double rate, double epsilon);
/// a = rho a + (1 - rho) g^2; u = g sqrt(d + epsilon) / sqrt(a + epsilon); w -= rate u; d = rho d + (1 - rho) u^2.
void adadelta(Array& w, const Array& g, Array& a, Array& d, double rate, double rho, double epsilon);

struct LambStep {
  AdamStep adam;                               ///< whose decay is a part of the direction
  double first_correction, second_correction;  ///< factors of m and v
};
/// m and v as in adam; r = first_correction m / (sqrt(second_correction v) + epsilon) + decay w; w -= rate |w| / |r| r,
/// with Euclidean norms, or w -= rate r if one of them is 0. Two walks, the sums in a fixed order; `room` has space for
/// 2 decay_room() numbers.
void lamb(Array& w, const Array& g, Array& m, Array& v, const LambStep& step, double* room);

}  // namespace xg::kernels
