// Reads damaged IDX files, raw and gzipped, and expects an array or an xg::Error every time.
//
//   fuzz_idx [FILES [FIRST_SEED]]

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

#include "lib/array.hpp"
#include "lib/io/idx.hpp"
#include "tests/support/gzip.hpp"

namespace {

class Damage {
 public:
  explicit Damage(std::uint64_t seed) : bits_(seed) {}

  std::size_t below(std::size_t count) { return bits_() % count; }
  char byte() {
    return static_cast<char>(below(3) == 0 ? "\x00\x01\xff\x7f\x80"[below(5)] : static_cast<int>(below(256)) - 128);
  }

  /// A whole file of any dtype with up to four axes.
  std::string file() {
    static constexpr char types[] = {0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E};
    static constexpr std::size_t sizes[] = {1, 1, 2, 4, 4, 8};
    const std::size_t type = below(6), rank = below(5);
    std::string content{'\0', '\0', types[type], static_cast<char>(rank)};
    std::size_t bytes = sizes[type];
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const std::size_t extent = below(6);
      content += {'\0', '\0', '\0', static_cast<char>(extent)};
      bytes *= extent;
    }
    while (bytes-- > 0) content += byte();
    return content;
  }

  void change(std::string& content) {
    for (std::size_t changes = below(4); changes > 0; --changes) {
      // Headers are where it matters.
      const std::size_t place =
          below(below(2) == 0 ? std::min<std::size_t>(content.size(), 20) + 1 : content.size() + 1);
      switch (below(4)) {
        case 0:
          content.resize(place);
          break;
        case 1:
          content.insert(place, 1 + below(9), byte());
          break;
        default:
          if (place < content.size()) content[place] = byte();
      }
    }
  }

 private:
  std::mt19937_64 bits_;
};

}  // namespace

int main(int count, char** arguments) {
  const std::uint64_t files = std::stoull(count > 1 ? arguments[1] : "20000");
  const std::uint64_t first = std::stoull(count > 2 ? arguments[2] : "0");
  const std::string path = (std::filesystem::temp_directory_path() / ("fuzz-idx-" + std::to_string(getpid()))).string();
  std::uint64_t arrays = 0, failures = 0;
  for (std::uint64_t seed = first; seed < first + files; ++seed) {
    Damage damage(seed);
    std::string content = damage.file();
    damage.change(content);
    if (damage.below(3) == 0) {
      content = xg::testing::gzip(content);
      damage.change(content);
    }
    std::ofstream(path, std::ios::binary) << content;
    try {
      xg::to_string(xg::read_idx(path));
      ++arrays;
    } catch (const xg::Error&) {
    } catch (const std::exception& error) {
      std::cerr << "fuzz: IDX file, seed " << seed << ": " << error.what() << '\n';
      ++failures;
    }
  }
  std::filesystem::remove(path);
  std::cout << "fuzz: " << files << " damaged IDX files, " << arrays << " could be read, " << failures << " failed\n";
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
