#include "bench/images.hpp"

#include <zlib.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

/// The content of an IDX file, packed or not, without its header.
std::vector<std::uint8_t> read(const std::string& path, std::size_t header, std::size_t count) {
  std::vector<std::uint8_t> content(header + count);
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file) return {};
  const int got = gzread(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  if (got != static_cast<int>(content.size())) throw std::runtime_error("cannot read " + path);
  return {content.begin() + static_cast<std::ptrdiff_t>(header), content.end()};
}

std::vector<std::uint8_t> find(const std::string& name, std::size_t header, std::size_t count) {
  const char* given = std::getenv("XGRAD_MNIST");
  const std::string folder = given ? given : "/usr/share/datasets/fashion-mnist";
  for (const char* ending : {".gz", ""})
    if (auto content = read(folder + '/' + name + ending, header, count); !content.empty()) return content;
  throw std::runtime_error("no " + name + " in " + folder);
}

}  // namespace

Images load_images() {
  constexpr std::size_t count = 60000;
  return {find("train-images-idx3-ubyte", 16, count * Images::width), find("train-labels-idx1-ubyte", 8, count)};
}

}  // namespace bench
