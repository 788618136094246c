#include "lib/error.hpp"

#include <utility>

namespace xg {
namespace {

thread_local std::source_location scope_place;
thread_local std::source_location operation_place;

bool is_set(const std::source_location& where) { return where.line() != 0; }

std::source_location first_set(std::source_location a, std::source_location b) { return is_set(a) ? a : b; }

std::string with_place(const std::string& message, const std::source_location& place) {
  return is_set(place) ? message + "\n  at " + to_string(place) : message;
}

}  // namespace

Error::Error(const std::string& message, std::source_location where)
    : std::runtime_error(with_place(message, first_set(caller(where), operation_place))) {}

Error::Error(const std::string& message, Line line)
    : std::runtime_error(with_place(message, caller(first_set(operation_place, line.where)))) {}

OperationLine::OperationLine(std::source_location where) noexcept : outer_(std::exchange(operation_place, where)) {}

OperationLine::OperationLine(const OperationLine&) noexcept : outer_(operation_place) {}

OperationLine::~OperationLine() { operation_place = outer_; }

CallerScope::CallerScope(std::source_location where) : outer_(scope_place) {
  if (!is_set(scope_place)) scope_place = where;
}

CallerScope::~CallerScope() { scope_place = outer_; }

OwnLines::OwnLines() : outer_(std::exchange(scope_place, std::source_location{})), no_operation_({}) {}

OwnLines::~OwnLines() { scope_place = outer_; }

std::source_location caller(std::source_location where) { return first_set(scope_place, where); }

std::source_location current_line() { return caller(operation_place); }

std::string to_string(const std::source_location& where) {
  return is_set(where) ? concat(where.file_name(), ':', where.line()) : "unknown place";
}

}  // namespace xg
