#include <doctest/doctest.h>

#include <limits>
#include <source_location>

#include "lib/error.hpp"
#include "tests/support/message.hpp"

using xg::caller;
using xg::CallerScope;
using xg::OwnLines;
using Place = std::source_location;

namespace {

std::string thrown_at(Place where = Place::current()) {
  return message_of<xg::ValueError>([&] { throw xg::ValueError("wrong", where); });
}

}  // namespace

TEST_CASE("error: the message alone, or with the place on its last line") {
  CHECK(std::string(xg::ShapeError("two shapes").what()) == "two shapes");
  CHECK(thrown_at() == at_line("wrong", __FILE__, __LINE__));
  CHECK(thrown_at(Place{}) == "wrong");
}

TEST_CASE("error: every kind is an xg::Error and a std::runtime_error") {
  CHECK(message_of<xg::Error>([] { throw xg::ShapeError("a"); }) == "a");
  CHECK(message_of<xg::Error>([] { throw xg::DTypeError("b"); }) == "b");
  CHECK(message_of<xg::Error>([] { throw xg::GraphError("c"); }) == "c");
  CHECK(message_of<xg::Error>([] { throw xg::ValueError("d"); }) == "d");
  CHECK(message_of<xg::Error>([] { throw xg::IOError("e"); }) == "e");
  CHECK(message_of<xg::Error>([] { throw xg::MemoryError("g"); }) == "g");
  CHECK(message_of<std::runtime_error>([] { throw xg::IOError("f"); }) == "f");
}

TEST_CASE("CallerScope: the outermost scope's line is reported, and only inside it") {
  const Place outer = Place::current();
  {
    const CallerScope scope(outer);
    CHECK(thrown_at() == at_line("wrong", __FILE__, outer.line()));
    const Place inner = Place::current();
    {
      const CallerScope nested(inner);
      CHECK(thrown_at() == at_line("wrong", __FILE__, outer.line()));
    }
    CHECK(caller(inner).line() == outer.line());
  }
  CHECK(thrown_at() == at_line("wrong", __FILE__, __LINE__));
}

TEST_CASE("CallerScope: ends when an exception leaves it") {
  const auto failing = [] {
    const CallerScope scope(Place::current());
    throw xg::ValueError("inside");
  };
  CHECK_THROWS_AS(failing(), xg::ValueError);
  CHECK(thrown_at() == at_line("wrong", __FILE__, __LINE__));
}

TEST_CASE("concat: a number that is none is called NaN, and large ones are short") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(xg::concat(nan, ' ', -nan, ' ', static_cast<float>(nan)) == "NaN NaN NaN");
  CHECK(xg::concat(std::numeric_limits<double>::max(), ' ', 0.5F) == "1.79769e+308 0.5");
}

TEST_CASE("OwnLines: user code inside a scope reports its own lines, the scope goes on afterwards") {
  const Place outer = Place::current();
  const CallerScope scope(outer);
  {
    const OwnLines own;
    CHECK(thrown_at() == at_line("wrong", __FILE__, __LINE__));
    const Place inner = Place::current();
    const CallerScope nested(inner);
    CHECK(thrown_at() == at_line("wrong", __FILE__, inner.line()));
  }
  CHECK(thrown_at() == at_line("wrong", __FILE__, outer.line()));
}

TEST_CASE("to_string: a place") {
  const Place here = Place::current();
  CHECK(xg::to_string(here) == xg::concat(__FILE__, ':', here.line()));
  CHECK(xg::to_string(Place{}) == "unknown place");
}

TEST_CASE("concat: anything that can be streamed") { CHECK(xg::concat("a", 1, ' ', 2.5) == "a1 2.5"); }
