#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// What an LSTM does with its gates (rows, 4 n), the sums i, f, g and o beside each other, and its state c (rows, n), in
// any strides but side by side along a row: no array for each gate.

/// sigmoid(f) c + sigmoid(i) tanh(g): the next state.
Array lstm_state(const Array& gates, const Array& c);
/// total += the gradient of the gates, whose o has none.
void lstm_state_gradient(Array& total, const Array& dy, const Array& gates, const Array& c);
/// dy sigmoid(f): the gradient of c.
Array lstm_state_back(const Array& dy, const Array& gates);

/// sigmoid(o) tanh(c): the output.
Array lstm_output(const Array& gates, const Array& c);
/// total += the gradient of the gates, of which o alone has one.
void lstm_output_gradient(Array& total, const Array& dy, const Array& gates, const Array& c);
/// dy sigmoid(o) (1 - tanh(c)^2): the gradient of c.
Array lstm_output_back(const Array& dy, const Array& gates, const Array& c);

}  // namespace xg::kernels
