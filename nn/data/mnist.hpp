#pragma once

#include <optional>
#include <source_location>
#include <string>

#include "autograd/tensor.hpp"

namespace xg::data {

/// Images and their class numbers.
struct LabelledImages {
  Tensor images;  ///< uint8 (N, rows, columns)
  Tensor labels;  ///< uint8 (N)
};

/// What load_mnist() returns.
struct Mnist {
  LabelledImages train;  ///< 60,000 images of 28 x 28
  LabelledImages test;   ///< 10,000
};

/// The options of load_mnist().
struct MnistOptions {
  std::string dir = {};  ///< where the four IDX files are, raw or gzipped; empty: looked for
};

/// The MNIST database of handwritten digits (LeCun, Cortes). Looks in `dir`, else in $XGRAD_MNIST, else in the user's
/// cache folder; found in none of them, it is an IOError that says how to get the files. A given folder without them,
/// or files that are truncated, oversized, no IDX, or do not belong together, are an IOError with the path.
XG_API Mnist load_mnist(const MnistOptions& options = {}, std::source_location where = std::source_location::current());
/// The folder that load_mnist() reads without the option .dir: $XGRAD_MNIST, whatever it holds, else the user's cache
/// folder if files of MNIST are in it; nothing if load_mnist() would find none.
XG_API std::optional<std::string> find_mnist();

/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): clothes instead of digits, the same format, harder. Looks in `dir`, else
/// where Debian's package dataset-fashion-mnist puts it.
XG_API Mnist load_fashion_mnist(const MnistOptions& options = {},
                                std::source_location where = std::source_location::current());
/// The folder that load_fashion_mnist() reads without the option .dir; nothing if Debian's package is not installed.
XG_API std::optional<std::string> find_fashion_mnist();

}  // namespace xg::data
