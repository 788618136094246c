// Reads damaged safetensors files, and expects arrays or an xg::Error every time.
//
//   fuzz_safetensors [FILES [FIRST_SEED]]

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

#include "lib/array.hpp"
#include "lib/io/safetensors.hpp"

namespace {

class Damage {
 public:
  explicit Damage(std::uint64_t seed) : bits_(seed) {}

  std::size_t below(std::size_t count) { return bits_() % count; }

  /// A header with up to five arrays, now and then with numbers that do not fit, and about as many bytes as it says.
  std::string file() {
    static constexpr const char* types[] = {"F64", "F32", "F16", "BF16", "I64",  "I32",
                                            "I16", "I8",  "U8",  "U32",  "BOOL", "C64"};
    static constexpr std::size_t sizes[] = {8, 4, 2, 2, 8, 4, 2, 1, 1, 4, 1, 8};
    std::string header = below(2) == 0 ? "{\"__metadata__\":{\"a\":\"\\u00e4\"}" : "{";
    std::size_t at = 0;
    for (std::size_t i = 0, count = below(5); i < count; ++i) {
      const std::size_t type = below(12);
      std::size_t bytes = sizes[type];
      std::string shape;
      for (std::size_t axis = 0, rank = below(4); axis < rank; ++axis) {
        const std::size_t extent = below(40) == 0 ? bits_() >> below(64) : below(5);
        bytes *= extent;
        shape += (axis ? "," : "") + std::to_string(extent);
      }
      if (bytes > 100000) bytes = below(100);
      header += std::string(header.size() > 1 ? "," : "") + "\"t" + std::to_string(below(30) == 0 ? 0 : i) +
                "\":{\"dtype\":\"" + types[type] + "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
                std::to_string(at) + ',' + std::to_string(at + bytes) + "]}";
      at += bytes;
    }
    header += '}';
    std::string content;
    for (std::size_t i = 0; i < 8; ++i) content += static_cast<char>(header.size() >> 8 * i & 0xFF);
    content += header;
    while (at-- > 0) content += static_cast<char>(below(256));
    return content;
  }

  void change(std::string& content) {
    static constexpr char likely[] = "{}[]\":,0123456789-.eE\\u\x00\xff";
    for (std::size_t changes = below(4); changes > 0; --changes) {
      const std::size_t place = below(content.size() + 1);
      const char byte = below(2) == 0 ? likely[below(sizeof likely - 1)] : static_cast<char>(below(256));
      const std::size_t kind = below(6);
      if (kind == 0)
        content.resize(place);
      else if (kind == 1)
        content.insert(place, 1 + below(9), byte);
      else if (place < content.size())
        content[place] = byte;
    }
  }

 private:
  std::mt19937_64 bits_;
};

}  // namespace

int main(int count, char** arguments) {
  const std::uint64_t files = std::stoull(count > 1 ? arguments[1] : "20000");
  const std::uint64_t first = std::stoull(count > 2 ? arguments[2] : "0");
  const std::string path =
      (std::filesystem::temp_directory_path() / ("fuzz-safetensors-" + std::to_string(getpid()))).string();
  std::uint64_t read = 0, failures = 0;
  for (std::uint64_t seed = first; seed < first + files; ++seed) {
    Damage damage(seed);
    std::string content = damage.file();
    damage.change(content);
    std::ofstream(path, std::ios::binary) << content;
    try {
      for (const auto& [name, array] : xg::read_safetensors(path).arrays) xg::to_string(array);
      ++read;
    } catch (const xg::IOError&) {
    } catch (const std::exception& error) {
      std::cerr << "fuzz: safetensors file, seed " << seed << ": " << error.what() << '\n';
      ++failures;
    }
  }
  std::filesystem::remove(path);
  std::cout << "fuzz: " << files << " damaged safetensors files, " << read << " could be read, " << failures
            << " failed\n";
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
