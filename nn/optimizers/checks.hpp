#pragma once

#include <source_location>
#include <string>

namespace xg::nn {

// What the options of several optimizers have in common.

/// A ValueError for a share outside [0, 1).
void check_share(const std::string& what, double share, std::source_location where);
/// A ValueError for an epsilon of that optimizer that is no positive normal number of float32.
void check_epsilon(const std::string& optimizer, double epsilon, std::source_location where);

}  // namespace xg::nn
