#pragma once

#include <type_traits>

namespace xg::kernels {

/// A type with more digits and a wider range than T, for formulas whose terms cancel or leave the range of T.
template <class T>
using Wider = std::conditional_t<std::is_same_v<T, float>, double, long double>;

}  // namespace xg::kernels
