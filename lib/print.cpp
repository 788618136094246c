#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/array.hpp"

namespace xg {
namespace {

// NumPy's defaults.
constexpr std::int64_t summary_threshold = 1000;
constexpr std::int64_t edge_items = 3;
constexpr std::size_t line_width = 75;
constexpr int precision = 8;

/// A number as digits, of which the first stands before the decimal point, and a power of ten.
struct Decimal {
  std::string sign;
  std::string digits;
  int exponent;

  int fraction() const { return static_cast<int>(digits.size()) - 1; }
};

Decimal parse(std::string_view scientific) {
  Decimal result;
  if (scientific.starts_with('-')) {
    result.sign = "-";
    scientific.remove_prefix(1);
  }
  const auto e = scientific.find('e');
  for (const char character : scientific.substr(0, e))
    if (character != '.') result.digits += character;
  result.exponent = std::atoi(std::string(scientific.substr(e + 1)).c_str());
  return result;
}

/// The fewest digits that tell `value` from its neighbours.
template <class T>
Decimal shortest(T value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  return parse({text, end});
}

/// `value` correctly rounded to exactly `fraction` digits behind the first.
template <class T>
Decimal rounded(T value, int fraction) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, fraction).ptr;
  return parse({text, end});
}

/// The shortest digits, but at most `fraction` behind the first, without zeros at the end.
template <class T>
Decimal limited(T value, int fraction) {
  Decimal result = shortest(value);
  if (result.fraction() <= fraction) return result;
  result = rounded(value, fraction);
  result.digits.resize(std::max<std::size_t>(result.digits.find_last_not_of('0') + 1, 1));
  return result;
}

/// What stands before and behind the decimal point when the number is written without an exponent.
std::pair<std::string, std::string> split(const Decimal& number) {
  const auto exponent = static_cast<std::size_t>(std::abs(number.exponent));
  if (number.exponent < 0) return {number.sign + '0', std::string(exponent - 1, '0') + number.digits};
  std::string digits = number.digits;
  digits.resize(std::max(digits.size(), exponent + 1), '0');
  return {number.sign + digits.substr(0, exponent + 1), digits.substr(exponent + 1)};
}

std::string exponent_digits(const Decimal& number, std::size_t width) {
  const std::string digits = std::to_string(std::abs(number.exponent));
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

std::string join_exponent(const Decimal& number, const std::string& mantissa, std::size_t width) {
  return mantissa + (number.exponent < 0 ? "e-" : "e+") + exponent_digits(number, width);
}

std::string left_padded(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

template <class T>
std::string not_finite(T value) {
  if (std::isnan(value)) return "nan";
  return value < 0 ? "-inf" : "inf";
}

/// One number alone, as str() writes a NumPy scalar.
template <class T>
std::string scalar_text(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "True" : "False";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else {
    if (!std::isfinite(value)) return not_finite(value);
    const Decimal number = shortest(value);
    const double size = std::abs(static_cast<double>(value));
    if (size == 0 || (size >= 1e-4 && size < 1e16)) {
      const auto [whole, fraction] = split(number);
      return whole + '.' + (fraction.empty() ? "0" : fraction);
    }
    const std::string point = number.fraction() > 0 ? "." : "";
    return join_exponent(number, number.sign + number.digits[0] + point + number.digits.substr(1), 2);
  }
}

/// Writes floating-point numbers so that their decimal points are aligned.
template <class T>
class FloatFormat {
 public:
  explicit FloatFormat(const std::vector<T>& values) {
    std::vector<T> finite;
    std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
                 [](T value) { return std::isfinite(value); });
    scientific_ = wants_exponents(finite);
    for (const T value : finite) scientific_ ? fit_scientific(value) : fit_positional(value);
    for (const T value : values) fit_width(value);
  }

  std::string operator()(T value) const {
    if (!std::isfinite(value)) return left_padded(not_finite(value), width());
    if (scientific_) return scientific(value);
    auto [whole, fraction] = positional(value);
    fraction.resize(right_, ' ');
    return left_padded(whole, left_) + '.' + fraction;
  }

 private:
  static bool wants_exponents(const std::vector<T>& finite) {
    T smallest = 0, largest = 0;
    for (const T value : finite) {
      if (value == 0) continue;
      smallest = largest == 0 ? std::abs(value) : std::min(smallest, std::abs(value));
      largest = std::max(largest, std::abs(value));
    }
    if (largest == 0) return false;
    return largest >= T{1e8} || static_cast<double>(smallest) < 0.0001 || largest / smallest > 1000;
  }

  /// All digits before the point, even those beyond the shortest: NumPy does so in arrays, but not for scalars.
  static std::pair<std::string, std::string> positional(T value) {
    const int exponent = shortest(value).exponent;
    const Decimal number = limited(value, exponent + precision);
    return split(number.fraction() < exponent ? rounded(value, exponent) : number);
  }

  void fit_positional(T value) {
    const auto [whole, fraction] = positional(value);
    left_ = std::max(left_, whole.size());
    right_ = std::max(right_, fraction.size());
  }

  void fit_scientific(T value) {
    const Decimal number = limited(value, precision);
    left_ = std::max(left_, number.sign.size() + 1);
    fraction_ = std::max(fraction_, number.fraction());
    exponent_ = std::max(exponent_, exponent_digits(number, 2).size());
    right_ = static_cast<std::size_t>(fraction_) + 2 + exponent_;
  }

  void fit_width(T value) {
    if (std::isfinite(value)) return;
    const std::size_t missing = not_finite(value).size();
    left_ = std::max(left_, missing - std::min(missing, right_ + 1));
  }

  std::string scientific(T value) const {
    Decimal number = shortest(value);
    if (number.fraction() != fraction_) number = rounded(value, fraction_);
    const std::string whole = left_padded(number.sign + number.digits[0], left_);
    return join_exponent(number, whole + '.' + number.digits.substr(1), exponent_);
  }

  std::size_t width() const { return left_ + 1 + right_; }

  bool scientific_ = false;
  std::size_t left_ = 0, right_ = 0;  // before and behind the point
  int fraction_ = 0;                  // of right_, in scientific notation
  std::size_t exponent_ = 0;
};

/// The elements as texts of one width.
template <class T>
std::vector<std::string> words_of(const std::vector<T>& values) {
  std::vector<std::string> words;
  if constexpr (std::is_floating_point_v<T>) {
    const FloatFormat<T> format(values);
    for (const T value : values) words.push_back(format(value));
  } else {
    std::size_t width = std::is_same_v<T, bool> ? 5 : 1;
    for (const T value : values) words.push_back(scalar_text(value));
    for (const auto& word : words) width = std::max(width, word.size());
    for (auto& word : words) word = left_padded(word, width);
  }
  return words;
}

/// Which part of an array is shown.
class Excerpt {
 public:
  explicit Excerpt(const Array& array) : array_(array), summary_(array.size() > summary_threshold) {}

  bool cuts(std::size_t axis) const { return summary_ && array_.shape()[axis] > 2 * edge_items; }
  std::int64_t shown(std::size_t axis) const { return cuts(axis) ? 2 * edge_items : array_.shape()[axis]; }

  /// The shown elements in row-major order.
  template <class T>
  std::vector<T> values() const {
    std::vector<T> result;
    collect(0, array_.data<T>(), result);
    return result;
  }

 private:
  template <class T>
  void collect(std::size_t axis, const T* from, std::vector<T>& result) const {
    if (axis == array_.rank()) {
      result.push_back(*from);
      return;
    }
    const std::int64_t hidden = array_.shape()[axis] - shown(axis);
    for (std::int64_t i = 0; i < shown(axis); ++i)
      collect(axis + 1, from + (i < edge_items ? i : i + hidden) * array_.strides()[axis], result);
  }

  const Array& array_;
  bool summary_;
};

/// Sets the words of an array, given in row-major order, in nested brackets.
class Layout {
 public:
  Layout(const Excerpt& excerpt, std::size_t rank, const std::vector<std::string>& words)
      : excerpt_(excerpt), rank_(rank), next_(words.begin()) {}

  std::string text() { return block(0, " ", line_width); }

 private:
  std::string block(std::size_t axis, const std::string& indent, std::size_t width) {
    if (axis + 1 == rank_) return row(indent, width - 1);
    const std::string separator = std::string(rank_ - axis - 1, '\n') + indent;
    std::string text = "[";
    for (std::int64_t i = 0; i < excerpt_.shown(axis); ++i) {
      if (i > 0) text += separator;
      if (i == edge_items && excerpt_.cuts(axis)) text += "..." + separator;
      text += block(axis + 1, indent + ' ', width - 1);
    }
    return text + ']';
  }

  std::string row(const std::string& indent, std::size_t width) {
    std::string done, line = indent;
    const auto add = [&](const std::string& word) {
      if (line.size() + word.size() > width && line.size() > indent.size()) {
        done += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
        line = indent;
      }
      line += word;
    };
    for (std::int64_t i = 0; i < excerpt_.shown(rank_ - 1); ++i) {
      if (i > 0) line += ' ';
      if (i == edge_items && excerpt_.cuts(rank_ - 1)) {
        add("...");
        line += ' ';
      }
      add(*next_++);
    }
    return '[' + (done + line).substr(indent.size()) + ']';
  }

  const Excerpt& excerpt_;
  std::size_t rank_;
  std::vector<std::string>::const_iterator next_;
};

}  // namespace

std::string to_string(const Array& array) {
  if (!array.defined()) return "undefined";
  if (array.size() == 0) return "[]";
  return dispatch(array.dtype(), [&]<class T>() {
    if (array.rank() == 0) return scalar_text(*array.data<T>());
    const Excerpt excerpt(array);
    const auto words = words_of(excerpt.values<T>());
    return Layout(excerpt, array.rank(), words).text();
  });
}

std::ostream& operator<<(std::ostream& out, const Array& array) { return out << to_string(array); }

}  // namespace xg
