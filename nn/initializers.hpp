#pragma once

#include <string>

#include "lib/array.hpp"
#include "lib/random.hpp"
#include "nn/choices.hpp"

namespace xg::nn {

/// How a parameter starts: given by Keras's name, by one of the functions below, or as any function of a shape, a dtype
/// and a generator. Names: zeros, ones, glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform,
/// lecun_normal, random_uniform, random_normal, truncated_normal, variance_scaling, orthogonal, identity, constant.
class XG_API Initializer
    : public FunctionChoice<Initializer, Array(const Shape& shape, DType dtype, Generator& generator)> {
 public:
  /// What errors call it.
  static constexpr const char* kind = "initializer";

  /// By name, by Spec, or as a function.
  using FunctionChoice::FunctionChoice;
  Initializer() = delete;

  /// Makes the values. A function of the user's that gives another shape is a ShapeError, another dtype a DTypeError.
  Array operator()(const Shape& shape, DType dtype, Generator& generator,
                   std::source_location where = std::source_location::current()) const;
};

// fan_in and fan_out of a kernel (in, out) are its extents; of a convolution's (..., in, out) they are in and out times
// the product of the axes before. Normal variants are truncated at two standard deviations and widened by
// 1 / 0.87962566103423978, so that the result has the stated variance.

/// All 0.
XG_API Initializer zeros_initializer();
/// All 1.
XG_API Initializer ones_initializer();
/// All `value`. One that is NaN or not finite in float32 is a ValueError.
XG_API Initializer constant(const Scalar& value = 0, std::source_location where = std::source_location::current());

/// The bounds of uniform numbers.
struct RandomUniformOptions {
  double low = -0.05;  ///< the smallest number
  double high = 0.05;  ///< what all numbers are below

  /// Names them all.
  void visit(Arguments& arguments) { arguments("low", low)("high", high); }
};
/// Uniform in [low, high). Bounds that are NaN or not finite in float32, or low above high, are a ValueError.
XG_API Initializer random_uniform(const RandomUniformOptions& options = {},
                                  std::source_location where = std::source_location::current());

/// The moments of normal numbers.
struct RandomNormalOptions {
  double mean = 0;       ///< of the distribution
  double stddev = 0.05;  ///< of the distribution

  /// Names them all.
  void visit(Arguments& arguments) { arguments("mean", mean)("stddev", stddev); }
};
/// Normal. Moments that are NaN or not finite in float32, or a negative deviation, are a ValueError.
XG_API Initializer random_normal(const RandomNormalOptions& options = {},
                                 std::source_location where = std::source_location::current());
/// Normal, with what falls outside two standard deviations drawn again. Errors as for random_normal().
XG_API Initializer truncated_normal(const RandomNormalOptions& options = {},
                                    std::source_location where = std::source_location::current());

/// How variance_scaling() draws.
struct VarianceScalingOptions {
  double scale = 1;             ///< what the variance is multiplied by
  std::string mode = "fan_in";  ///< what it is divided by: "fan_in", "fan_out", or "fan_avg", their mean
  /// "truncated_normal" (or "normal", the same), "untruncated_normal" or "uniform".
  std::string distribution = "truncated_normal";

  /// Names them all.
  void visit(Arguments& arguments) { arguments("scale", scale)("mode", mode)("distribution", distribution); }
};
/// Variance scale / fan, of which all the following are special cases. A scale that is not positive, NaN or not finite
/// in float32, and an unknown mode or distribution, is a ValueError.
XG_API Initializer variance_scaling(const VarianceScalingOptions& options = {},
                                    std::source_location where = std::source_location::current());
/// Variance 2 / (fan_in + fan_out): Glorot and Bengio 2010. Uniform in [-a, a), a = sqrt(6 / (fan_in + fan_out)).
XG_API Initializer glorot_uniform();
/// Truncated normal of standard deviation sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
XG_API Initializer glorot_normal();
/// Variance 2 / fan_in: He et al. 2015.
XG_API Initializer he_uniform();
/// Truncated normal of standard deviation sqrt(2 / fan_in) (He and others, 2015).
XG_API Initializer he_normal();
/// Variance 1 / fan_in: LeCun et al. 1998.
XG_API Initializer lecun_uniform();
/// Truncated normal of standard deviation sqrt(1 / fan_in) (LeCun and others, 1998).
XG_API Initializer lecun_normal();
/// Rows or columns (the shorter side) orthonormal, times gain: Q of the QR factorization of a normal matrix, signs made
/// unique (Saxe et al. 2014). At least two axes; all but the last are flattened. A gain that is NaN or not finite in
/// float32 is a ValueError.
XG_API Initializer orthogonal(double gain = 1, std::source_location where = std::source_location::current());
/// `gain` where row and column are the same, else 0: a matrix, which need not be square. Another shape is a ShapeError,
/// a gain that is NaN or not finite in float32 a ValueError.
XG_API Initializer identity(double gain = 1, std::source_location where = std::source_location::current());

}  // namespace xg::nn
