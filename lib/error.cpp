#include "lib/error.hpp"

#include <sstream>
#include <utility>

#include "lib/thread_local.hpp"

namespace xg {
namespace {

XG_THREAD_LOCAL std::source_location scope_place;

bool is_set(const std::source_location& where) { return where.line() != 0; }

std::string with_place(const std::string& message, const std::source_location& where) {
  const auto place = caller(where);
  return is_set(place) ? message + "\n  at " + to_string(place) : message;
}

}  // namespace

Error::Error(const std::string& message, std::source_location where) : std::runtime_error(with_place(message, where)) {}

CallerScope::CallerScope(std::source_location where) : outer_(scope_place) {
  if (!is_set(scope_place)) scope_place = where;
}

CallerScope::~CallerScope() { scope_place = outer_; }

OwnLines::OwnLines() : outer_(std::exchange(scope_place, std::source_location{})) {}

OwnLines::~OwnLines() { scope_place = outer_; }

std::source_location caller(std::source_location where) { return is_set(scope_place) ? scope_place : where; }

std::string detail::joined(std::initializer_list<TextPart> parts) {
  std::ostringstream out;
  out.exceptions(std::ios::badbit);  // no memory is an error, not a shorter text
  for (const TextPart& part : parts) part.print(out, part.value);
  return out.str();
}

std::string to_string(const std::source_location& where) {
  return is_set(where) ? concat(where.file_name(), ':', where.line()) : "unknown place";
}

}  // namespace xg
