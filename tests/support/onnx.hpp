#pragma once

#include <filesystem>
#include <vector>

#include "lib/array.hpp"

namespace xg::testing {

/// The arrays of a test of ONNX's operators: what goes in, and what comes out.
struct OnnxTest {
  std::vector<Array> inputs, outputs;
};

/// Reads test_<name>/test_data_set_0 in that folder: a file for each array, a TensorProto in the encoding of Protocol
/// Buffers. What it does not understand is an IOError.
OnnxTest read_onnx_test(const std::filesystem::path& folder, const std::string& name);

}  // namespace xg::testing
