#include "lib/io/safetensors.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/support/check_error.hpp"
#include "tests/support/folder.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

std::string file_of(const std::string& header, std::size_t data) {
  std::uint64_t length = header.size();
  std::string text(8, '\0');
  std::memcpy(text.data(), &length, 8);
  return text + header + std::string(data, '\0');
}

/// What is said of a file with that content, without the path.
std::string refused(const std::string& content) {
  const Folder folder;
  const std::string path = folder.write(content);
  const std::string message = message_of<IOError>([&] { static_cast<void>(read_safetensors(path)); });
  const std::string begin = "read_safetensors: " + path + ": ";
  REQUIRE(message.starts_with(begin));
  return message.substr(begin.size(), message.find('\n') - begin.size());
}

std::string refused_header(const std::string& header, std::size_t data = 0) { return refused(file_of(header, data)); }

const Array& find(const NamedArrays& content, const std::string& name) {
  for (const auto& [other, array] : content.arrays)
    if (other == name) return array;
  FAIL("no array of that name");
  return content.arrays.front().second;
}

template <class T>
std::vector<std::uint64_t> bits(const Array& x) {
  std::vector<std::uint64_t> all;
  for (const T v : x.contiguous().to_vector<T>())
    all.push_back(std::bit_cast<std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>>(v));
  return all;
}

NamedArrays sample() {
  NamedArrays content;
  content.arrays = {{"flags", Array::from(std::vector<double>{1, 0, 1}, {3}).astype(boolean)},
                    {"x", Array::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3}).transposed()},
                    {"wide", Array::from(std::vector<double>{0.1, -0.0}, {2})},
                    {"none", Array::zeros({0, 4})},
                    {"number", Array::full({}, 7, int64)}};
  content.metadata = {{"note", "a \"text\"\n"}};
  return content;
}

}  // namespace

TEST_CASE("safetensors: a file whose numbers are PyTorch's") {
  const NamedArrays file = read_safetensors(XG_FIXTURES "torch.safetensors");
  CHECK(file.metadata ==
        std::vector<std::pair<std::string, std::string>>{{"format", "pt"}, {"note", "\xC3\xA4 \" \\ \n"}});
  CHECK(file.arrays.size() == 12);
  const float infinity = std::numeric_limits<float>::infinity();
  const auto half = find(file, "half").to_vector<float>();
  CHECK(find(file, "half").dtype() == float32);
  CHECK(std::vector<float>(half.begin(), half.end() - 1) ==
        std::vector<float>{0, 0, 1, -2.5F, 65504, 0x1p-24F, infinity});
  CHECK(std::signbit(half[1]));
  CHECK(std::isnan(half.back()));
  CHECK(bits<float>(find(file, "brain")) == std::vector<std::uint64_t>{0x3F800000, 0xC0490000, 0x7E960000, 0x00010000});
  CHECK(find(file, "float").shape() == Shape{2, 2});
  CHECK(find(file, "float").to_vector<float>() == std::vector<float>{1.5F, -2, 0.25F, 3e-39F});
  CHECK(find(file, "double").to_vector<double>() == std::vector<double>{1.0 / 3});
  CHECK(find(file, "long").to_vector<std::int64_t>() == std::vector<std::int64_t>{std::int64_t{1} << 62, -1});
  CHECK(find(file, "int").to_vector<std::int32_t>() == std::vector<std::int32_t>{-7});
  CHECK(find(file, "short").to_vector<std::int32_t>() == std::vector<std::int32_t>{-32768, 32767});
  CHECK(find(file, "char").to_vector<std::int32_t>() == std::vector<std::int32_t>{-128, 127});
  CHECK(find(file, "byte").to_vector<std::uint8_t>() == std::vector<std::uint8_t>{0, 255});
  CHECK(find(file, "flags").to_vector<bool>() == std::vector<bool>{true, false, true});
  CHECK(find(file, "scalar").item<float>() == 7);
  CHECK(find(file, "scalar").rank() == 0);
  CHECK(find(file, "empty").shape() == Shape{0, 3});
}

TEST_CASE("safetensors: what is written is read again, and begins at multiples of 8") {
  const Folder folder;
  const std::string path = folder.path("a.safetensors");
  const NamedArrays content = sample();
  write_safetensors(path, content);
  const SafetensorsFile file(path);
  CHECK(file.metadata() == content.metadata);
  CHECK(file.entries().size() == content.arrays.size());
  CHECK(file.entries().front().begin % 8 == 0);
  for (const auto& entry : file.entries()) {
    const Array &given = find(content, entry.name), read = file.read(entry);
    CHECK(entry.begin % size_of(entry.dtype) == 0);
    CHECK(read.dtype() == given.dtype());
    CHECK(read.shape() == given.shape());
    CHECK(bits<double>(read.astype(float64)) == bits<double>(given.astype(float64)));
  }
  struct stat info {};
  CHECK(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0600) == 0600);
}

TEST_CASE("safetensors: elements go into an array that is there, whatever its strides and its dtype") {
  const Folder folder;
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {.arrays = {{"x", Array::from(std::vector<float>{1, 2, 3, 4}, {2, 2})}}});
  const SafetensorsFile file(path);
  Array plain = Array::zeros({2, 2}), turned = Array::zeros({2, 2}).transposed(), wide = Array::zeros({2, 2}, float64);
  for (Array* const to : {&plain, &turned, &wide}) {
    const auto version = to->version();
    file.read_into(file.entries()[0], *to);
    CHECK(to->to_vector<double>() == std::vector<double>{1, 2, 3, 4});
    CHECK(to->version() > version);
  }
}

TEST_CASE("safetensors: damaged headers") {
  CHECK(refused("") == "the file has 0 bytes, its first 8 are the header's length");
  CHECK(refused(std::string(8, '\0')) == "the header does not begin with '{'");
  CHECK(refused(std::string(8, '\xFF')) == "a header of 18446744073709551615 bytes, 100000000 at most");
  CHECK(refused(file_of("{}", 0).substr(0, 9)) == "a header of 2 bytes, in a file of 9");
  CHECK(refused_header(" {}") == "the header does not begin with '{'");
  CHECK(refused_header("{") == "header: byte 1: a text in quotes is expected");
  CHECK(refused_header("{}", 1) == "the arrays end at byte 0 of the data, which has 1");
  CHECK(refused_header("{\"__metadata__\":1}") == "__metadata__ is no object");
  CHECK(refused_header("{\"__metadata__\":{\"a\":1}}") == "__metadata__: 'a' is no text");
  CHECK(refused_header("{\"a\":1}") == "'a' is to have dtype, shape and data_offsets, and nothing else");
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return "{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + '}';
  };
  const auto one = [&](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return refused_header("{\"a\":" + entry(dtype, shape, offsets) + '}', 8);
  };
  CHECK(one("1", "[]", "[0,4]") == "'a' has no text dtype");
  CHECK(one("\"F8_E4M3\"", "[]", "[0,1]") == "'a' is F8_E4M3, which no dtype here holds");
  CHECK(one("\"F32\"", "1", "[0,4]") == "'a' has no list shape");
  CHECK(one("\"F32\"", "[-1]", "[0,4]") == "'a': shape holds something else than whole numbers from 0 on");
  CHECK(one("\"F32\"", "[1.0]", "[0,4]") == "'a': shape holds something else than whole numbers from 0 on");
  CHECK(one("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]") == "'a' has 9 axes, 8 at most");
  CHECK(one("\"F32\"", "[2]", "[0]") == "'a': data_offsets are two numbers");
  CHECK(one("\"F32\"", "[2]", "[8,0]") == "'a' ends at 0, before it begins at 8");
  CHECK(one("\"F32\"", "[2]", "[0,4]") == "'a' has 4 bytes, F32 (2,) takes 8");
  CHECK(one("\"F32\"", "[4294967296,4294967296]", "[0,4]") ==
        "'a' has 4 bytes, F32 (4294967296, 4294967296) takes more");
  CHECK(one("\"F32\"", "[0,4294967296,4294967296]", "[0,0]") ==
        "'a' has shape (0, 4294967296, 4294967296), which no array has");
  CHECK(one("\"F32\"", "[1]", "[4,8]") == "'a' begins at byte 4 of the data, 0 is expected: no holes, no overlap");
  CHECK(one("\"F32\"", "[4]", "[0,16]") == "'a' ends at byte 16 of the data, which has 8");
  CHECK(one("\"F32\"", "[1]", "[0,4]") == "the arrays end at byte 4 of the data, which has 8");
  CHECK(refused_header(
            "{\"a\":" + entry("\"F32\"", "[2]", "[0,8]") + ",\"b\":" + entry("\"F32\"", "[2]", "[4,12]") + '}', 12) ==
        "'b' begins at byte 4 of the data, 8 is expected: no holes, no overlap");
}

TEST_CASE("safetensors: files that are none") {
  const Folder folder;
  CHECK_ERROR(IOError, read_safetensors(folder.path("a")),
              concat("read_safetensors: ", folder.path("a"), ": cannot open the file: No such file or directory"));
  CHECK_ERROR(IOError, read_safetensors(folder.path(".")),
              concat("read_safetensors: ", folder.path("."), ": a file expected, it is a directory"));
  CHECK_ERROR(IOError, read_safetensors("/dev/null"), "read_safetensors: /dev/null: a regular file expected");
}

TEST_CASE("safetensors: what cannot be written") {
  const Folder folder;
  const std::string path = folder.path("a.safetensors");
  CHECK_ERROR(ValueError, write_safetensors(path, {.arrays = {{"a", Array()}}}),
              "write_safetensors: 'a' is an undefined array");
  const Array x = Array::zeros({2});
  CHECK_ERROR(ValueError, write_safetensors(path, {.arrays = {{"a", x}, {"a", x}}}),
              "write_safetensors: the name 'a' cannot be used, or is there twice");
  CHECK_ERROR(ValueError, write_safetensors(path, {.arrays = {{"__metadata__", x}}}),
              "write_safetensors: the name '__metadata__' cannot be used, or is there twice");
  CHECK_ERROR(IOError, write_safetensors(folder.path("none/a"), {.arrays = {{"a", x}}}),
              concat("write_safetensors: ", folder.path("none/a"),
                     ": cannot create a file beside it: No such file or directory"));
  CHECK(folder.files() == 0);
}

TEST_CASE("safetensors: a disk that is full leaves the old file, and nothing beside it") {
  const Folder folder;
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {.arrays = {{"x", Array::zeros({4})}}});
  const std::string before = folder.read("a.safetensors");
  struct rlimit was {};
  getrlimit(RLIMIT_FSIZE, &was);
  signal(SIGXFSZ, SIG_IGN);
  const NamedArrays large{.arrays = {{"x", Array::zeros({2000})}, {"y", Array::zeros({30})}}};
  for (const rlim_t room : {rlim_t{0}, rlim_t{5}, rlim_t{8}, rlim_t{100}, rlim_t{8000}, rlim_t{8200}}) {
    const struct rlimit limit { room, was.rlim_max };
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = message_of<IOError>([&] { write_safetensors(path, large); });
    setrlimit(RLIMIT_FSIZE, &was);
    CHECK(message.starts_with(concat("write_safetensors: ", path, ": cannot write: File too large\n")));
    CHECK(folder.read("a.safetensors") == before);
    CHECK(folder.files() == 1);
  }
  signal(SIGXFSZ, SIG_DFL);
  write_safetensors(path, large);
  CHECK(read_safetensors(path).arrays.size() == 2);
  CHECK(folder.files() == 1);
}
