#include "nn/spec.hpp"

#include <algorithm>
#include <charconv>
#include <ostream>

#include "lib/error.hpp"

namespace xg::nn {
namespace {

std::string given_text(const char* text, std::source_location where) {
  check_given("spec", "text", text, where);
  return text;
}

bool is_truth(const Scalar& number) { return number.dtype() == boolean; }

bool is_real(const Scalar& number) { return number.dtype() == float32; }

bool is_nan(const Scalar& number) { return number != number; }

bool same_number(const Scalar& a, const Scalar& b) {
  return is_truth(a) == is_truth(b) && (a == b || (is_nan(a) && is_nan(b)));
}

void print(std::ostream& out, const Scalar& number) {
  if (!is_real(number) || is_nan(number)) {
    out << number;
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, std::end(digits), number.to<double>(), std::chars_format::general).ptr;
  out << std::string_view(digits, end);
}

void print(std::ostream& out, const std::string& text) {
  out << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out << '\\';
    out << c;
  }
  out << '"';
}

void print(std::ostream& out, const SpecValue::List& list) {
  out << '[';
  for (std::size_t i = 0; i < list.size(); ++i) out << (i == 0 ? "" : ", ") << list[i];
  out << ']';
}

}  // namespace

SpecValue::SpecValue(const char* text, std::source_location where) : SpecValue(given_text(text, where)) {}

bool operator==(const SpecValue& a, const SpecValue& b) {
  const auto *x = std::get_if<Scalar>(&a.value_), *y = std::get_if<Scalar>(&b.value_);
  return x && y ? same_number(*x, *y) : a.value_ == b.value_;
}

std::ostream& operator<<(std::ostream& out, const SpecValue& value) {
  std::visit([&](const auto& kept) { print(out, kept); }, value.value_);
  return out;
}

const SpecValue* Spec::find(std::string_view argument) const {
  const auto found =
      std::find_if(arguments.begin(), arguments.end(), [&](const Argument& a) { return a.name == argument; });
  return found == arguments.end() ? nullptr : &found->value;
}

std::ostream& operator<<(std::ostream& out, const Spec& spec) {
  if (spec.name.empty()) return out << "none";
  out << spec.name;
  if (spec.arguments.empty()) return out;
  const char* before = "(";
  for (const auto& [name, value] : spec.arguments) out << std::exchange(before, ", ") << name << '=' << value;
  return out << ')';
}

std::string to_string(const Spec& spec) { return concat(spec); }

}  // namespace xg::nn
