#include "examples/ending.hpp"

#include <iostream>

namespace example {

int finish(bool well) {
  if (std::cout.flush()) return well ? 0 : 1;
  std::cerr << "error: not all of the output could be written to stdout\n";
  return 1;
}

int fail(const std::exception& error) {
  std::cerr << "error: " << error.what() << '\n';
  return 1;
}

}  // namespace example
