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
  std::vector<std::string> folders;
  if (const char* given = std::getenv("XGRAD_MNIST")) folders.push_back(given);
  if (const char* cache = std::getenv("XDG_CACHE_HOME")) folders.push_back(std::string(cache) + "/xgrad/mnist");
  if (const char* home = std::getenv("HOME")) folders.push_back(std::string(home) + "/.cache/xgrad/mnist");
  folders.push_back("/usr/share/datasets/fashion-mnist");
  for (const auto& folder : folders)
    for (const char* ending : {".gz", ""})
      if (auto content = read(folder + '/' + name + ending, header, count); !content.empty()) return content;
  throw std::runtime_error("found no " + name + ": ./run mnist downloads it");
}

}  // namespace

Images load_images() {
  constexpr std::size_t count = 60000;
  return {find("train-images-idx3-ubyte", 16, count * Images::width), find("train-labels-idx1-ubyte", 8, count)};
}

}  // namespace bench
