#pragma once

#include <exception>

/// How the example programs end.
namespace example {

/// The exit code for main at its end: 0 if all went `well`. If not all that was printed reached stdout, that is said,
/// and it is not 0.
int finish(bool well = true);

/// Prints what went wrong; the exit code for main.
int fail(const std::exception& error);

}  // namespace example
