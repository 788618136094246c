// What nearly all tests of this folder include.
#include <doctest/doctest.h>

#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
