#pragma once

#include "autograd/operand.hpp"

namespace xg {

// A step of an LSTM (Hochreiter and Schmidhuber, 1997, with a forget gate), without an array for each gate: from gates
// (batch, 4 n), the sums i, f, g and o beside each other, and the state c (batch, n), both floating and of one dtype.

/// The next state sigmoid(f) c + sigmoid(i) tanh(g).
XG_API Tensor lstm_state(const Operand& gates, const Operand& c);
/// The output sigmoid(o) tanh(c) for the next state.
XG_API Tensor lstm_output(const Operand& gates, const Operand& c);

}  // namespace xg
