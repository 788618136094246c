#include "lib/kernels/activation.hpp"

#include <cmath>
#include <numbers>
#include <xtensor/xmath.hpp>

#include "lib/kernels/formula.hpp"

namespace xg::kernels {

Array leaky_relu(const Array& x, double negative_slope) {
  return library_function(x, [=]<class T>(T v) { return v > 0 ? v : static_cast<T>(negative_slope) * v; });
}

Array elu(const Array& x, double alpha, double scale) {
  return library_function(x, [=]<class T>(T v) {
    return v > 0 ? static_cast<T>(scale) * v : static_cast<T>(scale * alpha) * std::expm1(v);
  });
}

Array gelu(const Array& x) {
  return library_function(x, []<class T>(T v) { return v / 2 * std::erfc(-v / std::numbers::sqrt2_v<T>); });
}

Array gelu_by_tanh(const Array& x) {
  return library_function(x, []<class T>(T v) {
    const T slope = static_cast<T>(std::sqrt(2 * std::numbers::inv_pi));
    return v / 2 * (1 + std::tanh(slope * (v + static_cast<T>(0.044715) * v * v * v)));
  });
}

Array silu(const Array& x) {
  return floating(x, [](const auto& v, const auto& one) { return v / (one + xt::exp(-v)); });
}

Array mish(const Array& x) {
  return library_function(
      x, []<class T>(T v) { return v * std::tanh((v > 0 ? v : T{0}) + std::log1p(std::exp(-std::abs(v)))); });
}

Array hard_sigmoid(const Array& x) {
  return library_function(x, []<class T>(T v) {
    const T line = v / 6 + T{0.5};
    return line < 0 ? T{0} : line > 1 ? T{1} : line;
  });
}

Array softsign(const Array& x) {
  return library_function(x, []<class T>(T v) { return v / (1 + std::abs(v)); });
}

}  // namespace xg::kernels
