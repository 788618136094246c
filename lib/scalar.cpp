#include "lib/scalar.hpp"

#include <cmath>
#include <utility>

namespace xg {
namespace {

/// 2 to the number of a type's bits without its sign: the first double above its range.
template <class T>
constexpr double end_of = 2.0 * static_cast<double>(std::uint64_t{1} << (std::numeric_limits<T>::digits - 1));

std::partial_ordering reversed(std::partial_ordering order) { return 0 <=> order; }

std::string range_of(DType dtype) {
  return dispatch(dtype, []<class T>() {
    if constexpr (std::is_integral_v<T>)
      return concat(", whose range is ", Scalar(+std::numeric_limits<T>::min()), " to ",
                    Scalar(+std::numeric_limits<T>::max()));
    else
      return std::string();
  });
}

}  // namespace

bool Scalar::fits(DType dtype) const {
  if (dtype == DType::boolean || is_floating(dtype)) return true;
  return dispatch(dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      if (kind_ == Kind::natural) return false;
      if (kind_ != Kind::real) return std::in_range<T>(static_cast<std::int64_t>(bits_));
      const double cut = std::trunc(real_);
      return cut >= static_cast<double>(std::numeric_limits<T>::min()) && cut < end_of<T>;
    }
    return true;
  });
}

bool Scalar::held_by(DType dtype) const {
  if (is_floating(dtype)) return true;
  if (dtype == DType::boolean) return *this == 0 || *this == 1;
  return fits(dtype) && (kind_ != Kind::real || real_ == std::trunc(real_));
}

std::partial_ordering operator<=>(const Scalar& a, const Scalar& b) {
  using Kind = Scalar::Kind;
  if (a.kind_ == Kind::real && b.kind_ == Kind::real) return a.real_ <=> b.real_;
  if (a.kind_ == Kind::real) return reversed(b <=> a);
  if (b.kind_ == Kind::real) {
    const double whole = std::floor(b.real_);
    if (whole != whole) return std::partial_ordering::unordered;
    if (whole >= end_of<std::uint64_t>) return std::partial_ordering::less;
    if (whole < -end_of<std::int64_t>) return std::partial_ordering::greater;
    const auto order =
        a <=> (whole < 0 ? Scalar(static_cast<std::int64_t>(whole)) : Scalar(static_cast<std::uint64_t>(whole)));
    return order == 0 && whole < b.real_ ? std::partial_ordering::less : order;
  }
  if (a.kind_ == Kind::natural || b.kind_ == Kind::natural) {
    if (a.kind_ == b.kind_) return a.bits_ <=> b.bits_;
    return (a.kind_ == Kind::natural) <=> (b.kind_ == Kind::natural);
  }
  return static_cast<std::int64_t>(a.bits_) <=> static_cast<std::int64_t>(b.bits_);
}

std::ostream& operator<<(std::ostream& out, const Scalar& number) {
  switch (number.kind_) {
    case Scalar::Kind::truth:
      return out << (number.bits_ ? "true" : "false");
    case Scalar::Kind::natural:
      return out << number.bits_;
    case Scalar::Kind::real:
      return out << concat(number.real_);
    default:
      return out << static_cast<std::int64_t>(number.bits_);
  }
}

void check_fits(const char* op, const Scalar& number, DType dtype, std::source_location where) {
  if (!number.fits(dtype))
    throw ValueError(concat(op, ": the number ", number, " does not fit ", dtype, range_of(dtype),
                            ": choose a dtype that holds it, with astype for a tensor"),
                     where);
}

void check_held(const char* op, const Scalar& number, DType dtype, std::source_location where) {
  check_fits(op, number, dtype, where);
  if (!number.held_by(dtype))
    throw ValueError(concat(op, ": the number ", number, " is no element of ", dtype,
                            ": choose a dtype that holds it, with astype for a tensor"),
                     where);
}

}  // namespace xg
