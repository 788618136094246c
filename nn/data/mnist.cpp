#include "nn/data/mnist.hpp"

#include <cstdlib>
#include <filesystem>

#include "lib/io/idx.hpp"

namespace xg::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* fashion_dir = "/usr/share/datasets/fashion-mnist";
constexpr const char* names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                 "t10k-labels-idx1-ubyte"};

/// The raw or gzipped file of that name; empty if neither is there.
std::string find_file(const fs::path& dir, const char* name) {
  for (const char* suffix : {"", ".gz"}) {
    const fs::path path = dir / (std::string(name) + suffix);
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path.string();
  }
  return {};
}

bool has_any_file(const fs::path& dir) {
  for (const char* name : names)
    if (!find_file(dir, name).empty()) return true;
  return false;
}

Array read(const fs::path& dir, const char* name, std::size_t rank, std::source_location where) {
  const std::string path = find_file(dir, name);
  if (path.empty())
    throw IOError(concat("MNIST: neither ", (dir / name).string(), " nor ", name, ".gz is there"), where);
  const CallerScope scope(where);
  const Array array = read_idx(path);
  if (array.rank() != rank || array.dtype() != uint8)
    throw IOError(concat("MNIST: ", path, " holds ", array.dtype(), ' ', array.shape(), ", but uint8 with ", rank,
                         rank == 1 ? " axis is expected" : " axes are expected"),
                  where);
  return array;
}

LabelledImages read_pair(const fs::path& dir, const char* images, const char* labels, std::source_location where) {
  const Array x = read(dir, images, 3, where), y = read(dir, labels, 1, where);
  if (x.shape()[0] != y.shape()[0])
    throw IOError(concat("MNIST: ", find_file(dir, images), " has ", x.shape()[0], " images, but ",
                         find_file(dir, labels), " has ", y.shape()[0], " labels"),
                  where);
  return {x, y};
}

Mnist read_all(const fs::path& dir, std::source_location where) {
  const Mnist all{read_pair(dir, names[0], names[1], where), read_pair(dir, names[2], names[3], where)};
  const Shape &train = all.train.images.shape(), &test = all.test.images.shape();
  if (train[1] != test[1] || train[2] != test[2])
    throw IOError(concat("MNIST: ", find_file(dir, names[0]), " has images of ", train[1], " x ", train[2], ", but ",
                         find_file(dir, names[2]), " of ", test[1], " x ", test[2]),
                  where);
  return all;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

fs::path cache_dir() {
  const std::string cache = environment("XDG_CACHE_HOME");
  return (cache.empty() ? fs::path(environment("HOME")) / ".cache" : fs::path(cache)) / "xgrad" / "mnist";
}

}  // namespace

std::optional<std::string> find_mnist() {
  if (std::string dir = environment("XGRAD_MNIST"); !dir.empty()) return dir;
  if (has_any_file(cache_dir())) return cache_dir().string();
  return std::nullopt;
}

Mnist load_mnist(const MnistOptions& options, std::source_location where) {
  if (!options.dir.empty()) return read_all(options.dir, where);
  if (const auto dir = find_mnist()) return read_all(*dir, where);
  throw IOError(
      concat("MNIST: not found: the option .dir was not given, $XGRAD_MNIST is not set, and ", cache_dir().string(),
             " has none of its files: './run mnist', in xgrad's sources, downloads them there and checks "
             "their SHA-256; or name the folder that has them by .dir or $XGRAD_MNIST"),
      where);
}

std::optional<std::string> find_fashion_mnist() {
  if (has_any_file(fashion_dir)) return fashion_dir;
  return std::nullopt;
}

Mnist load_fashion_mnist(const MnistOptions& options, std::source_location where) {
  if (!options.dir.empty()) return read_all(options.dir, where);
  if (const auto dir = find_fashion_mnist()) return read_all(*dir, where);
  throw IOError(concat("Fashion-MNIST is not in ", fashion_dir,
                       ": install Debian's package dataset-fashion-mnist, or set the option .dir"),
                where);
}

}  // namespace xg::data
