#include "nn/arguments.hpp"

#include <algorithm>
#include <type_traits>

#include "lib/error.hpp"
#include "nn/lookup.hpp"

namespace xg::nn {
namespace {

// Each reads a value, and returns null, or what is expected in its place.

const char* read(const SpecValue& from, Scalar& to) {
  const auto* number = std::get_if<Scalar>(&from.get());
  if (number) to = *number;
  return number ? nullptr : "a number";
}

const char* read(const SpecValue& from, bool& to) {
  Scalar number = 0;
  if (read(from, number) || number.dtype() != boolean) return "true or false";
  to = number.to<bool>();
  return nullptr;
}

const char* read(const SpecValue& from, double& to) {
  Scalar number = 0;
  if (read(from, number) || number.dtype() == boolean) return "a number";
  to = number.to<double>();
  return nullptr;
}

template <class Integer>
const char* read(const SpecValue& from, Integer& to) {
  Scalar number = 0;
  if (read(from, number) || number.dtype() == boolean || !number.held_by(dtype_of<Integer>())) return "a whole number";
  to = number.to<Integer>();
  return nullptr;
}

const char* read(const SpecValue& from, std::string& to) {
  const auto* text = std::get_if<std::string>(&from.get());
  if (text) to = *text;
  return text ? nullptr : "a text";
}

template <class Number>
const char* read(const SpecValue& from, std::vector<Number>& to) {
  constexpr const char* expected = std::is_integral_v<Number> ? "a list of whole numbers" : "a list of numbers";
  const auto* list = std::get_if<SpecValue::List>(&from.get());
  if (!list) return expected;
  std::vector<Number> numbers(list->size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (read((*list)[i], numbers[i])) return expected;
  to = std::move(numbers);
  return nullptr;
}

template <class T>
SpecValue as_value(const T& value) {
  return value;
}

template <class Number>
SpecValue as_value(const std::vector<Number>& numbers) {
  return SpecValue::List(numbers.begin(), numbers.end());
}

}  // namespace

Arguments::Arguments(const Spec& given) : given_(given) {
  for (const auto& argument : given.arguments)
    if (given.find(argument.name) != &argument.value)
      throw ValueError(concat(given.name, ": the argument '", argument.name, "' is given twice"));
}

template <class T>
Arguments& Arguments::take(const char* name, T& value) {
  named_.emplace_back(name);
  const SpecValue* const given = given_.find(name);
  if (const char* const expected = given ? read(*given, value) : nullptr)
    throw ValueError(concat(given_.name, ": the argument '", name, "' must be ", expected, ", got ", *given));
  written_.push_back({name, as_value(value)});
  return *this;
}

Arguments& Arguments::operator()(const char* name, double& value) { return take(name, value); }
Arguments& Arguments::operator()(const char* name, int& value) { return take(name, value); }
Arguments& Arguments::operator()(const char* name, std::int64_t& value) { return take(name, value); }
Arguments& Arguments::operator()(const char* name, bool& value) { return take(name, value); }
Arguments& Arguments::operator()(const char* name, Scalar& value) { return take(name, value); }
Arguments& Arguments::operator()(const char* name, std::string& value) { return take(name, value); }
Arguments& Arguments::operator()(const char* name, std::vector<double>& value) { return take(name, value); }
Arguments& Arguments::operator()(const char* name, std::vector<int>& value) { return take(name, value); }

Arguments& Arguments::optional(const char* name, std::string& value) {
  if (given_.find(name)) return take(name, value);
  named_.emplace_back(name);
  return *this;
}

void Arguments::check_all_named() const {
  for (const auto& [name, value] : given_.arguments)
    if (std::find(named_.begin(), named_.end(), name) == named_.end())
      throw ValueError(concat(given_.name, ": unknown argument '", name, "': ", known_are(named_)));
}

}  // namespace xg::nn
