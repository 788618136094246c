#include "nn/initializers.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "lib/kernels/factorize.hpp"
#include "nn/check_number.hpp"
#include "nn/registry.hpp"

namespace xg::nn {
namespace {

using Function = Initializer::Function;

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
enum class Mode { fan_in, fan_out, fan_avg };

double variance(const Shape& shape, double scale, Mode mode) {
  const Fans f = fans(shape);
  const double fan = mode == Mode::fan_in ? f.in : mode == Mode::fan_out ? f.out : (f.in + f.out) / 2;
  return scale / std::max(1.0, fan);
}

Function scaled_uniform(double scale, Mode mode) {
  return [=](const Shape& shape, DType dtype, Generator& generator) {
    const double limit = std::sqrt(3 * variance(shape, scale, mode));
    return generator.uniform(shape, -limit, limit, dtype);
  };
}

Function scaled_normal(double scale, Mode mode) {
  constexpr double stddev_of_truncated = 0.87962566103423978;
  return [=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.truncated_normal(shape, 0, std::sqrt(variance(shape, scale, mode)) / stddev_of_truncated, dtype);
  };
}

Function scaled_untruncated(double scale, Mode mode) {
  return [=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.normal(shape, 0, std::sqrt(variance(shape, scale, mode)), dtype);
  };
}

Function make_variance_scaling(Arguments& given) {
  const auto options = options_from<VarianceScalingOptions>(given);
  const auto where = std::source_location::current();
  check_finite("variance_scaling: the scale", options.scale, where);
  if (options.scale <= 0)
    throw ValueError(concat("variance_scaling: the scale must be greater than 0, got ", options.scale), where);
  const std::string &mode = options.mode, &kind = options.distribution;
  if (mode != "fan_in" && mode != "fan_out" && mode != "fan_avg")
    throw ValueError(concat("variance_scaling: unknown mode '", mode, "': known are fan_in, fan_out, fan_avg"), where);
  const Mode by = mode == "fan_in" ? Mode::fan_in : mode == "fan_out" ? Mode::fan_out : Mode::fan_avg;
  if (kind == "uniform") return scaled_uniform(options.scale, by);
  if (kind == "untruncated_normal") return scaled_untruncated(options.scale, by);
  if (kind == "truncated_normal" || kind == "normal") return scaled_normal(options.scale, by);
  throw ValueError(concat("variance_scaling: unknown distribution '", kind,
                          "': known are truncated_normal, untruncated_normal, uniform"),
                   where);
}

Function make_identity(Arguments& given) {
  double gain = 1;
  given("gain", gain);
  check_finite("identity: the gain", gain, std::source_location::current());
  return [=](const Shape& shape, DType dtype, Generator&) {
    if (shape.rank() != 2)
      throw ShapeError(concat("identity: a shape of two axes expected, got ", shape), std::source_location::current());
    std::vector<double> values(static_cast<std::size_t>(shape.elements()));
    for (std::int64_t i = 0; i < std::min(shape[0], shape[1]); ++i)
      values[static_cast<std::size_t>(i * shape[1] + i)] = gain;
    return Array::from(values, shape).astype(dtype);
  };
}

Function all_of(const Scalar& value) {
  return [=](const Shape& shape, DType dtype, Generator&) { return Array::full(shape, value, dtype); };
}

void check_moments(const std::string& op, const RandomNormalOptions& options) {
  const auto where = std::source_location::current();
  check_finite(op + ": the mean", options.mean, where);
  check_not_negative(op + ": the standard deviation", options.stddev, where);
}

Function make_constant(Arguments& given) {
  Scalar value = 0;
  given("value", value);
  check_finite("constant: the value", value.to<double>(), std::source_location::current());
  return all_of(value);
}

Function make_random_uniform(Arguments& given) {
  const auto options = options_from<RandomUniformOptions>(given);
  const auto where = std::source_location::current();
  check_finite("random_uniform: low", options.low, where);
  check_finite("random_uniform: high", options.high, where);
  if (options.low > options.high)
    throw ValueError(concat("random_uniform: low <= high expected, got ", options.low, " and ", options.high), where);
  return [=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.uniform(shape, options.low, options.high, dtype);
  };
}

Function make_random_normal(Arguments& given) {
  const auto options = options_from<RandomNormalOptions>(given);
  check_moments("random_normal", options);
  return [=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.normal(shape, options.mean, options.stddev, dtype);
  };
}

Function make_truncated_normal(Arguments& given) {
  const auto options = options_from<RandomNormalOptions>(given);
  check_moments("truncated_normal", options);
  return [=](const Shape& shape, DType dtype, Generator& generator) {
    return generator.truncated_normal(shape, options.mean, options.stddev, dtype);
  };
}

Array orthonormal(const Shape& shape, Generator& generator, double gain) {
  if (shape.rank() < 2)
    throw ShapeError(concat("orthogonal: a shape of at least two axes expected, got ", shape),
                     std::source_location::current());
  const std::int64_t columns = shape.back(), rows = shape.elements() / std::max<std::int64_t>(columns, 1);
  const bool wide = rows < columns;
  Array q =
      kernels::orthonormal_columns(generator.normal(wide ? Shape{columns, rows} : Shape{rows, columns}, 0, 1, float64));
  if (wide) q = q.transposed();
  const Array result = q.contiguous();
  for (std::int64_t i = 0; i < result.size(); ++i) result.data<double>()[i] *= gain;
  return result.reshape(shape);
}

Function make_orthogonal(Arguments& given) {
  double gain = 1;
  given("gain", gain);
  check_finite("orthogonal: the gain", gain, std::source_location::current());
  return [=](const Shape& shape, DType dtype, Generator& generator) {
    return orthonormal(shape, generator, gain).astype(dtype);
  };
}

}  // namespace

Array Initializer::operator()(const Shape& shape, DType dtype, Generator& generator, std::source_location where) const {
  Array values = FunctionChoice::operator()(shape, dtype, generator, where);
  if (values.shape() != shape)
    throw ShapeError(
        concat("initializer '", name(), "': values of shape ", shape, " were asked for, it gave ", values.shape()),
        where);
  if (values.dtype() != dtype)
    throw DTypeError(concat("initializer '", name(), "': ", dtype, " values were asked for, it gave ", values.dtype()),
                     where);
  return values;
}

Initializer zeros_initializer() { return "zeros"; }
Initializer ones_initializer() { return "ones"; }
Initializer constant(const Scalar& value, std::source_location where) {
  return {Spec{"constant", {{"value", value}}}, where};
}
Initializer random_uniform(const RandomUniformOptions& options, std::source_location where) {
  return {Spec{"random_uniform", arguments_of(options)}, where};
}
Initializer random_normal(const RandomNormalOptions& options, std::source_location where) {
  return {Spec{"random_normal", arguments_of(options)}, where};
}
Initializer truncated_normal(const RandomNormalOptions& options, std::source_location where) {
  return {Spec{"truncated_normal", arguments_of(options)}, where};
}
Initializer variance_scaling(const VarianceScalingOptions& options, std::source_location where) {
  return {Spec{"variance_scaling", arguments_of(options)}, where};
}
Initializer identity(double gain, std::source_location where) { return {Spec{"identity", {{"gain", gain}}}, where}; }
Initializer glorot_uniform() { return "glorot_uniform"; }
Initializer glorot_normal() { return "glorot_normal"; }
Initializer he_uniform() { return "he_uniform"; }
Initializer he_normal() { return "he_normal"; }
Initializer lecun_uniform() { return "lecun_uniform"; }
Initializer lecun_normal() { return "lecun_normal"; }
Initializer orthogonal(double gain, std::source_location where) {
  return {Spec{"orthogonal", {{"gain", gain}}}, where};
}

template <>
Registry<Function>& Choice<Initializer, Function>::registry() {
  static Registry<Function> known(Initializer::kind, {
                                                         {"zeros", always(all_of(0))},
                                                         {"ones", always(all_of(1))},
                                                         {"glorot_uniform", always(scaled_uniform(1, Mode::fan_avg))},
                                                         {"glorot_normal", always(scaled_normal(1, Mode::fan_avg))},
                                                         {"he_uniform", always(scaled_uniform(2, Mode::fan_in))},
                                                         {"he_normal", always(scaled_normal(2, Mode::fan_in))},
                                                         {"lecun_uniform", always(scaled_uniform(1, Mode::fan_in))},
                                                         {"lecun_normal", always(scaled_normal(1, Mode::fan_in))},
                                                         {"random_uniform", make_random_uniform},
                                                         {"random_normal", make_random_normal},
                                                         {"truncated_normal", make_truncated_normal},
                                                         {"variance_scaling", make_variance_scaling},
                                                         {"orthogonal", make_orthogonal},
                                                         {"identity", make_identity},
                                                         {"constant", make_constant},
                                                     });
  return known;
}

template class Choice<Initializer, Function>;

}  // namespace xg::nn
