#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "lib/io/idx.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/gzip.hpp"
#include "tests/support/message.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(value >> 8 * bytes & 0xFF);
  return text;
}

std::string header(int type, const std::vector<std::uint32_t>& extents) {
  std::string text{'\0', '\0', static_cast<char>(type), static_cast<char>(extents.size())};
  for (const auto extent : extents) text += big_endian(extent, 4);
  return text;
}

/// Bytes that do not shrink when packed.
std::string noise(std::size_t count) {
  std::string text;
  for (std::uint32_t i = 1; text.size() < count; i = i * 1664525 + 1013904223) text += static_cast<char>(i >> 24);
  return text;
}

/// What read_idx says about a file, without the path and the place, which it must name.
std::string complaint(const std::string& path) {
  const auto where = std::source_location::current();
  const std::string message = message_of<IOError>([&] { read_idx(path, where); });
  const std::string start = "read_idx: " + path + ": ", end = at_line("", __FILE__, where.line());
  REQUIRE(message.starts_with(start));
  REQUIRE(message.ends_with(end));
  return message.substr(start.size(), message.size() - start.size() - end.size());
}

}  // namespace

TEST_CASE("idx: every type, raw and gzipped") {
  const Folder folder;
  const auto read = [&](const std::string& content) {
    const Array raw = read_idx(folder.write(content)), packed = read_idx(folder.write(gzip(content)));
    CHECK(raw.shape() == packed.shape());
    CHECK(raw.dtype() == packed.dtype());
    CHECK(raw.to_vector<double>() == packed.to_vector<double>());
    return raw;
  };
  const Array bytes = read(header(0x08, {2, 3}) + std::string("\x01\x02\x03\x04\xFE\xFF", 6));
  CHECK(bytes.shape() == Shape{2, 3});
  CHECK(bytes.dtype() == uint8);
  CHECK(bytes.to_vector<int>() == std::vector<int>{1, 2, 3, 4, 254, 255});
  const Array integers = read(header(0x0C, {2}) + big_endian(0x01020304, 4) + big_endian(0xFFFFFFFE, 4));
  CHECK(integers.dtype() == int32);
  CHECK(integers.to_vector<int>() == std::vector<int>{0x01020304, -2});
  const Array floats = read(header(0x0D, {1, 2}) + big_endian(std::bit_cast<std::uint32_t>(1.5F), 4) +
                            big_endian(std::bit_cast<std::uint32_t>(-3e-30F), 4));
  CHECK(floats.dtype() == float32);
  CHECK(floats.to_vector<float>() == std::vector<float>{1.5F, -3e-30F});
  const Array doubles = read(header(0x0E, {1}) + big_endian(std::bit_cast<std::uint64_t>(0.1), 8));
  CHECK(doubles.dtype() == float64);
  CHECK(doubles.to_vector<double>() == std::vector<double>{0.1});
}

TEST_CASE("idx: up to eight axes, and no elements") {
  const Folder folder;
  CHECK(read_idx(folder.write(header(0x08, {1, 1, 1, 1, 1, 1, 1, 1}) + "x")).rank() == 8);
  CHECK(read_idx(folder.write(header(0x0C, {3, 0}))).shape() == Shape{3, 0});
  CHECK(read_idx(folder.write(gzip(header(0x08, {0})))).size() == 0);
}

TEST_CASE("idx: content larger than any buffer, and several gzip members") {
  const Folder folder;
  const std::string data = noise(300000), content = header(0x08, {300, 1000}) + data;
  const std::vector<std::uint8_t> expected(data.begin(), data.end());
  CHECK(read_idx(folder.write(content)).to_vector<std::uint8_t>() == expected);
  CHECK(read_idx(folder.write(gzip(content))).to_vector<std::uint8_t>() == expected);
  const std::string members =
      gzip(content.substr(0, 6)) + gzip(content.substr(6, 100000)) + gzip(content.substr(100006));
  CHECK(read_idx(folder.write(members)).to_vector<std::uint8_t>() == expected);
  const std::string zeros = header(0x08, {1000000}) + std::string(1000000, '\0');
  CHECK(read_idx(folder.write(gzip(zeros))).size() == 1000000);
}

TEST_CASE("idx: what is not a file") {
  const Folder folder;
  CHECK(complaint(folder.path("missing")) == "cannot open the file: No such file or directory");
  CHECK(complaint(folder.path("")) == "a file expected, it is a directory");
  CHECK(complaint(folder.write("x") + "/below") == "cannot open the file: Not a directory");
  CHECK(complaint("/dev/null") == "a regular file expected");
}

TEST_CASE("idx: a wrong header") {
  const Folder folder;
  const auto check = [&](const std::string& content, const std::string& byte, const std::string& expected) {
    CHECK(complaint(folder.write(content)) == "byte " + byte + ": " + expected);
    CHECK(complaint(folder.write(gzip(content))) == "byte " + byte + " of the unpacked content: " + expected);
  };
  check("", "0", "a header of 4 bytes expected, but the file ends here");
  check(std::string(3, '\0'), "3", "a header of 4 bytes expected, but the file ends here");
  check("PNG file", "0", "the bytes 00 00 that begin an IDX file expected, got 50 4e");
  check(std::string("\x01\0\x08\x01\0\0\0\x01x", 9), "0", "the bytes 00 00 that begin an IDX file expected, got 01 00");
  check(std::string("\0\x01\x08\x01\0\0\0\x01x", 9), "0", "the bytes 00 00 that begin an IDX file expected, got 00 01");
  const std::string types = "the type 08 (uint8), 0c (int32), 0d (float32) or 0e (float64) expected, got ";
  check(header(0x09, {1}) + "x", "2", types + "09 (int8)");
  check(header(0x0B, {1}) + "xx", "2", types + "0b (int16)");
  check(header(0xAF, {1}) + "x", "2", types + "af");
  check(header(0x08, {}) + "x", "3", "1 to 8 axes expected, got 0");
  check(header(0x08, std::vector<std::uint32_t>(9, 1)) + "x", "3", "1 to 8 axes expected, got 9");
  check(header(0x08, {5, 5, 5}).substr(0, 10), "10", "a header of 16 bytes expected, but the file ends here");
  check(header(0x08, {5}).substr(0, 4), "4", "a header of 8 bytes expected, but the file ends here");
}

TEST_CASE("idx: too little data") {
  const Folder folder;
  const std::string content = header(0x08, {1, 28, 28}) + noise(100);
  CHECK(complaint(folder.write(content)) ==
        "byte 16: 784 bytes of data announced for (1, 28, 28) of uint8, but only 100 follow");
  CHECK(complaint(folder.write(gzip(content))) ==
        "byte 16 of the unpacked content: 784 bytes of data announced for (1, 28, 28) of uint8, but only 100 follow");
  CHECK(complaint(folder.write(header(0x0E, {2}))) ==
        "byte 8: 16 bytes of data announced for (2,) of float64, but only 0 follow");
}

TEST_CASE("idx: too much data") {
  const Folder folder;
  const std::string content = header(0x0C, {2}) + noise(9);
  const std::string expected = "the end expected after 8 bytes of data announced for (2,) of int32, but more follow";
  CHECK(complaint(folder.write(content)) == "byte 16: " + expected);
  CHECK(complaint(folder.write(gzip(content))) == "byte 16 of the unpacked content: " + expected);
}

TEST_CASE("idx: sizes that no file can have are refused before memory is taken") {
  const Folder folder;
  pool::reset_peak();
  const std::size_t peak = pool::statistics().peak_bytes;
  const std::string huge = header(0x08, {1U << 20, 1U << 20}) + noise(88);
  CHECK(complaint(folder.write(huge)) ==
        "byte 12: 1099511627776 bytes of data announced for (1048576, 1048576) of uint8, but only 88 follow");
  const std::string packed = gzip(huge);
  CHECK(
      complaint(folder.write(packed)) ==
      concat("byte 12 of the unpacked content: 1099511627776 bytes of data announced for (1048576, 1048576) of uint8, "
             "but at most ",
             packed.size() * 1032, " follow"));
  const std::uint32_t most = 0xFFFFFFFF;
  CHECK(complaint(folder.write(header(0x0E, {most, most}))) ==
        "byte 4: a possible shape expected, got (4294967295, 4294967295), which has too many elements");
  CHECK(complaint(folder.write(header(0x08, {most, most, most, 0}))) ==
        "byte 4: a possible shape expected, got (4294967295, 4294967295, 4294967295, 0), which has too many elements");
  CHECK(
      complaint(folder.write(header(0x08, {most, most}))) ==
      "byte 12: 18446744065119617025 bytes of data announced for (4294967295, 4294967295) of uint8, but only 0 follow");
  CHECK(pool::statistics().peak_bytes == peak);
}

TEST_CASE("idx: damaged gzip data") {
  const Folder folder;
  const std::string packed = gzip(header(0x08, {500}) + noise(500));
  const auto size = packed.size();
  const auto changed = [&](std::size_t byte) {
    std::string copy = packed;
    copy[byte] = static_cast<char>(copy[byte] ^ 0x55);
    return copy;
  };
  CHECK(complaint(folder.write(packed.substr(0, size / 2))) ==
        concat("byte ", size / 2, " of the file: the gzip data are cut off"));
  CHECK(complaint(folder.write(packed.substr(0, size - 8))) ==
        concat("byte ", size - 8, " of the file: the gzip data are cut off"));
  CHECK(complaint(folder.write(packed.substr(0, 2))) == "byte 2 of the file: the gzip data are cut off");
  CHECK(complaint(folder.write(changed(size - 8))) ==
        concat("byte ", size - 4, " of the file: the gzip data are damaged: incorrect data check"));
  CHECK(complaint(folder.write(changed(size - 1))) ==
        concat("byte ", size, " of the file: the gzip data are damaged: incorrect length check"));
  CHECK(complaint(folder.write(packed + "rubbish")).ends_with("the gzip data are damaged: incorrect header check"));
}

TEST_CASE("idx: a file cut anywhere is an error") {
  const Folder folder;
  const std::string content = header(0x0D, {3, 7}) + noise(84);
  for (const std::string& whole : {content, gzip(content)})
    for (std::size_t size = 0; size < whole.size(); ++size)
      REQUIRE(complaint(folder.write(whole.substr(0, size))).starts_with("byte "));
}

TEST_CASE("idx: a gzip file with any byte changed is an error, or says the same") {
  const Folder folder;
  const std::string data = noise(60), packed = gzip(header(0x08, {3, 20}) + data);
  const std::vector<std::uint8_t> expected(data.begin(), data.end());
  std::size_t refused = 0;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    for (const char bits : {'\x01', '\x80', '\xFF'}) {
      std::string changed = packed;
      changed[i] = static_cast<char>(changed[i] ^ bits);
      const std::string file = folder.write(changed);
      try {
        const Array array = read_idx(file);
        REQUIRE(array.shape() == Shape{3, 20});
        REQUIRE(array.to_vector<std::uint8_t>() == expected);
      } catch (const IOError&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 3 * (packed.size() - 10));  // only a few bytes of the gzip header mean nothing
}

TEST_CASE("idx: the place of the call is named") {
  CHECK(message_of<IOError>([] { read_idx("/nowhere"); }) ==
        at_line("read_idx: /nowhere: cannot open the file: No such file or directory", __FILE__, __LINE__ - 1));
}
