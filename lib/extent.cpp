#include "lib/extent.hpp"

#include "lib/error.hpp"

namespace xg {

void ExtentArithmetic::overflow(std::int64_t a, char sign, std::int64_t b) const {
  throw ShapeError(concat(op_, ": ", a, ' ', sign, ' ', b, " is too large for an extent"), where_);
}

}  // namespace xg
