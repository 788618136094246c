#pragma once

#include <string>

namespace bench {

/// The processor and the kernels that OpenBLAS runs on it: figures mean little without them.
std::string machine();

}  // namespace bench
