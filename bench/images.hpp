#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// The training images that every side works on: MNIST where load_mnist() looks for it, else Debian's
/// Fashion-MNIST.
struct Images {
  static constexpr std::size_t width = 784;

  std::vector<std::uint8_t> pixels;  ///< (count, width)
  std::vector<std::uint8_t> labels;  ///< (count)

  std::size_t count() const { return labels.size(); }
};

/// Reads them; a missing file is a std::runtime_error.
Images load_images();

}  // namespace bench
