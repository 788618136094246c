#pragma once

#include <string>

namespace bench {

/// The processor, what a core of it reaches, and the kernels that OpenBLAS runs on it: figures mean little without
/// them.
std::string machine();

}  // namespace bench
