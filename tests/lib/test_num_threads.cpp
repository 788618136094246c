#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "lib/parallel.hpp"
#include "tests/support/message.hpp"

using namespace xg;

namespace {

void set_variable(const char* text) {
  if (text)
    setenv("XGRAD_NUM_THREADS", text, 1);
  else
    unsetenv("XGRAD_NUM_THREADS");
}

/// $XGRAD_NUM_THREADS is this text while the object lives, or not set; the number of threads is put back as well.
class Environment {
 public:
  explicit Environment(const char* text) {
    if (const char* given = std::getenv("XGRAD_NUM_THREADS")) outer_ = given;
    set_variable(text);
  }
  ~Environment() {
    set_variable(outer_ ? outer_->c_str() : nullptr);
    set_num_threads(0);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::optional<std::string> outer_;
};

}  // namespace

TEST_CASE("num_threads: XGRAD_NUM_THREADS sets the number of threads, and 0 means as many as the machine has") {
  const auto threads = [](const char* text) {
    const Environment environment(text);
    set_num_threads(0);
    return num_threads();
  };
  CHECK(threads("3") == 3);
  CHECK(threads("0") == threads(nullptr));
  CHECK(threads(nullptr) >= 1);
}

TEST_CASE("num_threads: a malformed XGRAD_NUM_THREADS is an error that names it, and changes nothing") {
  for (const char* text : {"abc", "-3", "2x", "1e9", "", " 2", "2 ", "+2", "99999999999", "0x2", "2.0"}) {
    CAPTURE(text);
    set_num_threads(5);
    const Environment environment(text);
    CHECK(message_of<ValueError>([] { set_num_threads(0); }) ==
          concat("XGRAD_NUM_THREADS: a number of threads is expected, or 0 for as many as the machine has, got '", text,
                 "'"));
    CHECK(num_threads() == 5);
  }
}

TEST_CASE("num_threads: a negative number of threads is an error and changes nothing") {
  set_num_threads(5);
  CHECK(message_of<ValueError>([] { set_num_threads(-1); }) ==
        "set_num_threads: the count must not be negative, got -1");
  CHECK(num_threads() == 5);
  set_num_threads(0);
}
