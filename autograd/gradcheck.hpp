#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "autograd/tensor.hpp"

namespace xg {

/// The options of gradcheck() and gradgradcheck().
struct GradcheckOptions {
  double step = 1e-6;                ///< of the central difference, times max(1, |x|); gradgradcheck takes the same
  double relative_tolerance = 1e-6;  ///< of |analytic - numeric| against max(1, |analytic|, |numeric|)
  std::uint64_t seed = 0;            ///< of the uneven weights that make one number of the outputs
};

/// What a gradient check found: the worst element, and whether it is within the tolerance.
struct GradcheckReport {
  bool passed = true;         ///< whether the worst element is within the tolerance
  std::size_t input = 0;      ///< which input the worst element belongs to
  std::int64_t element = 0;   ///< its position in row-major order
  double analytic = 0;        ///< its derivative by the rules
  double numeric = 0;         ///< its derivative by differences
  double relative_error = 0;  ///< |analytic - numeric| / max(1, |analytic|, |numeric|)
  std::int64_t elements = 0;  ///< how many were compared
  std::string failure = {};   ///< set if the check could not run to its end

  /// Whether the check passed.
  explicit operator bool() const { return passed; }
};

/// "passed: ..." or "input 1, element 5: analytic -1.44, numeric -0.72, relative error 0.5".
XG_API std::string to_string(const GradcheckReport& report);
/// Prints it as to_string() gives it.
XG_API std::ostream& operator<<(std::ostream& out, const GradcheckReport& report);

/// A function of several tensors.
using Function = std::function<Tensor(const std::vector<Tensor>& inputs)>;

/// Compares the gradient of `function` with central differences, for every element of every input that requires a
/// gradient. The output may have any shape: it is contracted with random weights, so that no symmetry hides an error.
/// Inputs must be float64 (else a DTypeError), and at least one must require a gradient. The inputs are not changed.
XG_API GradcheckReport gradcheck(const Function& function, const std::vector<Tensor>& inputs,
                                 const GradcheckOptions& options = {},
                                 std::source_location where = std::source_location::current());

/// The same for the gradient itself, as a function of the inputs and of the output's gradient: checks second
/// derivatives.
XG_API GradcheckReport gradgradcheck(const Function& function, const std::vector<Tensor>& inputs,
                                     const GradcheckOptions& options = {},
                                     std::source_location where = std::source_location::current());

}  // namespace xg
