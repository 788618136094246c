#include "autograd/ops/trigonometry.hpp"

#include <cmath>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {

Cases trigonometry_cases() {
  return {
      unary("sin", sin, std::sin, samples_of_one()),
      unary("cos", cos, std::cos, samples_of_one()),
      unary("tan", tan, std::tan, samples_of_one(-1, 1)),
      unary("asin", asin, std::asin, samples_of_one(-0.8, 0.8)),
      unary("acos", acos, std::acos, samples_of_one(-0.8, 0.8)),
      unary("atan", atan, std::atan, samples_of_one()),
      unary("sinh", sinh, std::sinh, samples_of_one()),
      unary("cosh", cosh, std::cosh, samples_of_one()),
      unary("asinh", asinh, std::asinh, samples_of_one()),
      unary("acosh", acosh, std::acosh, samples_of_one(1.5, 3)),
      unary("atanh", atanh, std::atanh, samples_of_one(-0.8, 0.8)),
  };
}

}  // namespace xg::testing
