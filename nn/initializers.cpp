#include "nn/initializers.hpp"

#include <cmath>

#include "lib/kernels/factorize.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {
namespace {

struct Fans {
  double in = 1, out = 1;
};

Fans fans(const Shape& shape) {
  if (shape.rank() == 0) return {};
  if (shape.rank() == 1) return {double(shape[0]), double(shape[0])};
  double receptive = 1;
  for (std::size_t axis = 0; axis + 2 < shape.rank(); ++axis) receptive *= double(shape[axis]);
  return {receptive * double(shape[shape.rank() - 2]), receptive * double(shape.back())};
}

/// The number of connections a variance is divided by.
enum class Mode { fan_in, fan_avg };

double variance(const Shape& shape, double scale, Mode mode) {
  const Fans f = fans(shape);
  return scale / std::max(1.0, mode == Mode::fan_in ? f.in : (f.in + f.out) / 2);
}

Initializer scaled_uniform(double scale, Mode mode) {
  return Initializer::Function([=](const Shape& shape, DType dtype, Generator& generator) {
    const double limit = std::sqrt(3 * variance(shape, scale, mode));
    return generator.uniform(shape, -limit, limit, dtype);
  });
}

Initializer scaled_normal(double scale, Mode mode) {
  constexpr double stddev_of_truncated = 0.87962566103423978;
  return Initializer::Function([=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.truncated_normal(shape, 0, std::sqrt(variance(shape, scale, mode)) / stddev_of_truncated, dtype);
  });
}

void check_moments(const std::string& op, const RandomNormalOptions& options, std::source_location where) {
  check_finite(op + ": the mean", options.mean, where);
  check_not_negative(op + ": the standard deviation", options.stddev, where);
}

}  // namespace

Initializer constant(const Scalar& value, std::source_location where) {
  check_finite("constant: the value", value.to<double>(), where);
  return Initializer::Function(
      [=](const Shape& shape, DType dtype, Generator&) { return Array::full(shape, value, dtype); });
}

Initializer zeros_initializer() { return constant(0); }
Initializer ones_initializer() { return constant(1); }

Initializer random_uniform(const RandomUniformOptions& options, std::source_location where) {
  check_finite("random_uniform: low", options.low, where);
  check_finite("random_uniform: high", options.high, where);
  if (options.low > options.high)
    throw ValueError(concat("random_uniform: low <= high expected, got ", options.low, " and ", options.high), where);
  return Initializer::Function([=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.uniform(shape, options.low, options.high, dtype);
  });
}

Initializer random_normal(const RandomNormalOptions& options, std::source_location where) {
  check_moments("random_normal", options, where);
  return Initializer::Function([=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.normal(shape, options.mean, options.stddev, dtype);
  });
}

Initializer truncated_normal(const RandomNormalOptions& options, std::source_location where) {
  check_moments("truncated_normal", options, where);
  return Initializer::Function([=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.truncated_normal(shape, options.mean, options.stddev, dtype);
  });
}

Initializer glorot_uniform() { return scaled_uniform(1, Mode::fan_avg); }
Initializer glorot_normal() { return scaled_normal(1, Mode::fan_avg); }
Initializer he_uniform() { return scaled_uniform(2, Mode::fan_in); }
Initializer he_normal() { return scaled_normal(2, Mode::fan_in); }
Initializer lecun_uniform() { return scaled_uniform(1, Mode::fan_in); }
Initializer lecun_normal() { return scaled_normal(1, Mode::fan_in); }

Initializer orthogonal(double gain, std::source_location where) {
  check_finite("orthogonal: the gain", gain, where);
  return Initializer::Function([=](const Shape& shape, DType dtype, Generator& generator) {
    if (shape.rank() < 2)
      throw ShapeError(concat("orthogonal: a shape of at least two axes expected, got ", shape),
                       std::source_location::current());
    const std::int64_t columns = shape.back(), rows = shape.elements() / std::max<std::int64_t>(columns, 1);
    const bool wide = rows < columns;
    Array q = kernels::orthonormal_columns(
        generator.normal(wide ? Shape{columns, rows} : Shape{rows, columns}, 0, 1, float64));
    if (wide) q = q.transposed();
    const Array result = q.contiguous();
    for (std::int64_t i = 0; i < result.size(); ++i) result.data<double>()[i] *= gain;
    return result.reshape(shape).astype(dtype);
  });
}

Initializer::Initializer(const char* name, std::source_location where) {
  static const std::vector<std::pair<std::string_view, Initializer>> known{
      {"zeros", zeros_initializer()},
      {"ones", ones_initializer()},
      {"glorot_uniform", glorot_uniform()},
      {"glorot_normal", glorot_normal()},
      {"he_uniform", he_uniform()},
      {"he_normal", he_normal()},
      {"lecun_uniform", lecun_uniform()},
      {"lecun_normal", lecun_normal()},
      {"random_uniform", random_uniform()},
      {"random_normal", random_normal()},
      {"truncated_normal", truncated_normal()},
      {"orthogonal", orthogonal()},
  };
  *this = find_by_name("initializer", given_name("initializer", name, where), known, where);
}

}  // namespace xg::nn
