#pragma once

#include <source_location>
#include <string>

#include "lib/array.hpp"

namespace xg {

/// The array in an IDX file (the format of MNIST), raw or gzipped: uint8, int32, float32 or float64 with 1 to 8 axes.
/// A file that is missing, damaged, too short or too long is an IOError that names the path, the byte and what was
/// expected there. No more memory is taken than the file can fill, whatever its header announces.
XG_API Array read_idx(const std::string& path, std::source_location where = std::source_location::current());

}  // namespace xg
