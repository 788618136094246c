#pragma once

namespace bench {

/// Float32 operations a second that one core can do: fused multiply-adds on independent registers.
double peak_flops();

/// Bytes a second that one core moves between memory and itself: a sum of two vectors far larger than any cache, two
/// reads and a write an element.
double peak_bandwidth();

}  // namespace bench
