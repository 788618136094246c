#include "tests/support/onnx.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace xg::testing {
namespace {

/// Fields of a message, one after the other (protobuf.dev/programming-guides/encoding).
class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

  bool done() const { return at_ == bytes_.size(); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    throw IOError("a number of more than 64 bits");
  }

  std::string take(std::size_t count) {
    if (count > bytes_.size() - at_) throw IOError("a field reaches over the end");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

/// What is read of a TensorProto: its dims (1), data_type (2), and elements in one of the fields for them.
struct Proto {
  Shape dims;
  std::uint64_t type = 0;
  std::string raw;                      ///< raw_data (9), or packed float_data (4) or double_data (10)
  std::vector<std::uint64_t> integers;  ///< packed int32_data (5) or int64_data (7)
};

std::vector<std::uint64_t> numbers(const std::string& packed) {
  std::vector<std::uint64_t> result;
  for (Reader reader(packed); !reader.done();) result.push_back(reader.number());
  return result;
}

Proto parse(const std::string& bytes) {
  Proto proto;
  for (Reader reader(bytes); !reader.done();) {
    const std::uint64_t key = reader.number(), field = key >> 3;
    if ((key & 7) == 0) {
      const std::uint64_t value = reader.number();
      if (field == 1) proto.dims.push_back(static_cast<std::int64_t>(value));
      if (field == 2) proto.type = value;
      if (field == 5 || field == 7) proto.integers.push_back(value);
    } else if ((key & 7) == 2) {
      const std::string value = reader.take(reader.number());
      if (field == 4 || field == 9 || field == 10) proto.raw = value;
      if (field == 5 || field == 7) proto.integers = numbers(value);
      if (field == 1)
        for (const std::uint64_t extent : numbers(value)) proto.dims.push_back(static_cast<std::int64_t>(extent));
    } else {
      throw IOError(concat("a field of the wire type ", key & 7));
    }
  }
  return proto;
}

DType dtype_of(std::uint64_t type) {
  switch (type) {
    case 1:
      return float32;
    case 2:
      return uint8;
    case 6:
      return int32;
    case 7:
      return int64;
    case 9:
      return boolean;
    case 11:
      return float64;
    default:
      throw IOError(concat("elements of ONNX's type ", type));
  }
}

Array to_array(const Proto& proto) {
  const Array array = Array::empty(proto.dims, dtype_of(proto.type));
  if (proto.integers.empty()) {
    if (proto.raw.size() != array.bytes()) throw IOError(concat(proto.raw.size(), " bytes for shape ", proto.dims));
    std::memcpy(array.raw(), proto.raw.data(), array.bytes());
    return array;
  }
  dispatch(array.dtype(), [&]<class T>() {
    for (std::size_t i = 0; i < proto.integers.size(); ++i)
      array.data<T>()[i] = convert<T>(static_cast<std::int64_t>(proto.integers[i]));
  });
  return array;
}

std::vector<Array> read_all(const std::filesystem::path& folder, const std::string& kind) {
  std::vector<Array> arrays;
  while (true) {
    std::ifstream file(folder / concat(kind, '_', arrays.size(), ".pb"), std::ios::binary);
    if (!file) return arrays;
    arrays.push_back(to_array(parse({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()})));
  }
}

}  // namespace

OnnxTest read_onnx_test(const std::filesystem::path& folder, const std::string& name) {
  const std::filesystem::path data = folder / ("test_" + name) / "test_data_set_0";
  return {read_all(data, "input"), read_all(data, "output")};
}

}  // namespace xg::testing
