#pragma once

#include <functional>
#include <source_location>
#include <string>
#include <vector>

#include "lib/export.hpp"

namespace xg::nn {

class Module;

/// How weights are loaded.
struct LoadOptions {
  bool strict = true;  ///< whether every weight must be in the file, and nothing else
  /// The name here of what has that name in the file; an empty one leaves it out.
  std::function<std::string(const std::string& name)> rename = {};
};

/// What did not come over.
struct LoadReport {
  std::vector<std::string> missing = {};     ///< weights that the file does not have
  std::vector<std::string> unexpected = {};  ///< what the file has beside the weights
  std::vector<std::string> mismatched = {};  ///< what has another shape, or dtype: both are told
};

/// Writes the parameters and buffers of a module by their paths ("dense_1.kernel") into a safetensors file, which
/// appears whole or not at all. A path that does not end in ".safetensors", and a module without weights, are a
/// ValueError; what the system refuses is an IOError.
XG_API void save_weights(const Module& module, const std::string& path,
                         std::source_location where = std::source_location::current());
/// Loads them. The module must be built, as by build_for(): what is not there yet cannot be loaded. Floats of another
/// width are converted; a state of another batch takes the place of the one there is. Everything is checked before
/// anything changes: names that are missing, unexpected or of another shape are one ValueError that lists them, unless
/// options.strict is false: then what fits is loaded, and the rest is returned. A damaged file is an IOError.
XG_API LoadReport load_weights(Module& module, const std::string& path, const LoadOptions& options = {},
                               std::source_location where = std::source_location::current());

}  // namespace xg::nn
