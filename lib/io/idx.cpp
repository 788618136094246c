#include "lib/io/idx.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>

namespace xg {
namespace {

using Byte = unsigned char;

/// The content of a file from its beginning, unpacked if it is gzipped.
class Input {
 public:
  Input(const std::string& path, std::source_location where) : path_(path), where_(where) {
    open();
    std::array<Byte, 2> magic{};
    const std::size_t count = read_file(magic);
    std::rewind(file_.get());
    packed_ = count == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
    if (packed_ && inflateInit2(&zlib_, gzip_only) != Z_OK) fail("not enough memory to unpack it");
  }
  ~Input() {
    if (packed_) inflateEnd(&zlib_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// Fills `out` as far as the content reaches and returns how many bytes came.
  std::size_t read(std::span<Byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto rest = out.subspan(done, std::min(out.size() - done, std::size_t{1} << 30));  // zlib counts in 32 bits
      const std::size_t count = packed_ ? unpack(rest) : read_file(rest);
      if (count == 0) break;
      done += count;
    }
    position_ += done;
    return done;
  }

  /// Bytes read so far.
  std::uint64_t position() const { return position_; }
  bool packed() const { return packed_; }
  /// How many bytes are left; of a packed file, at most.
  std::uint64_t available() const {
    constexpr std::uint64_t best_ratio = 1032;  // that the deflate format can reach
    return packed_ ? size_ * best_ratio : size_ - std::min(size_, position_);
  }

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw IOError(concat("read_idx: ", path_, ": ", parts...), where_);
  }
  /// An error at a byte of the content.
  template <class... Parts>
  [[noreturn]] void fail_at(std::uint64_t byte, const Parts&... parts) const {
    fail("byte ", byte, packed_ ? " of the unpacked content: " : ": ", parts...);
  }

 private:
  static constexpr int gzip_only = 16 + MAX_WBITS;

  void open() {
    std::error_code error;
    const auto status = std::filesystem::status(path_, error);
    if (!std::filesystem::exists(status)) fail("cannot open the file: ", error.message());
    if (std::filesystem::is_directory(status)) fail("a file expected, it is a directory");
    if (!std::filesystem::is_regular_file(status)) fail("a regular file expected");
    file_.reset(std::fopen(path_.c_str(), "rb"));
    if (!file_) fail("cannot open the file: ", std::strerror(errno));
    size_ = std::filesystem::file_size(path_, error);
    if (error) fail("cannot tell the file's size: ", error.message());
  }

  std::size_t read_file(std::span<Byte> out) {
    const std::size_t count = std::fread(out.data(), 1, out.size(), file_.get());
    if (std::ferror(file_.get())) fail("byte ", std::ftell(file_.get()), ": cannot read on: ", std::strerror(errno));
    return count;
  }

  std::size_t unpack(std::span<Byte> out) {
    zlib_.next_out = out.data();
    zlib_.avail_out = static_cast<uInt>(out.size());
    while (zlib_.avail_out > 0) {
      if (zlib_.avail_in == 0) {
        zlib_.next_in = buffer_.data();
        zlib_.avail_in = static_cast<uInt>(read_file(buffer_));
      }
      const bool at_end = zlib_.avail_in == 0;
      if (member_ended_ && at_end) break;
      if (at_end) fail("byte ", size_, " of the file: the gzip data are cut off");
      if (member_ended_) inflateReset(&zlib_);  // a gzip file may have several members
      const int status = inflate(&zlib_, Z_NO_FLUSH);
      member_ended_ = status == Z_STREAM_END;
      if (status != Z_OK && status != Z_STREAM_END) damaged();
    }
    return out.size() - zlib_.avail_out;
  }

  [[noreturn]] void damaged() const {
    const std::uint64_t byte = static_cast<std::uint64_t>(std::ftell(file_.get())) - zlib_.avail_in;
    fail("byte ", byte, " of the file: the gzip data are damaged: ", zlib_.msg ? zlib_.msg : "unknown reason");
  }

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::string path_;
  std::source_location where_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  bool packed_ = false;
  bool member_ended_ = false;
  z_stream zlib_{};
  std::array<Byte, 1 << 16> buffer_;
};

std::string hexadecimal(Byte byte) {
  constexpr char digits[] = "0123456789abcdef";
  return {digits[byte >> 4], digits[byte & 15]};
}

DType element_type(const Input& input, Byte code) {
  switch (code) {
    case 0x08:
      return uint8;
    case 0x0C:
      return int32;
    case 0x0D:
      return float32;
    case 0x0E:
      return float64;
    default:
      break;
  }
  const char* known = code == 0x09 ? " (int8)" : code == 0x0B ? " (int16)" : "";
  input.fail_at(2, "the type 08 (uint8), 0c (int32), 0d (float32) or 0e (float64) expected, got ", hexadecimal(code),
                known);
}

/// Fills a part of the header, which takes `header_bytes` in all.
void read_header(Input& input, std::span<Byte> part, std::size_t header_bytes) {
  if (input.read(part) < part.size())
    input.fail_at(input.position(), "a header of ", header_bytes, " bytes expected, but the file ends here");
}

struct Header {
  DType dtype;
  Shape shape;
  std::uint64_t data_bytes;
};

Header parse_header(Input& input) {
  std::array<Byte, 4> start;
  read_header(input, start, start.size());
  if (start[0] != 0 || start[1] != 0)
    input.fail_at(0, "the bytes 00 00 that begin an IDX file expected, got ", hexadecimal(start[0]), ' ',
                  hexadecimal(start[1]));
  Header header{element_type(input, start[2]), {}, 0};
  const std::size_t rank = start[3];
  if (rank < 1 || rank > Shape::max_rank) input.fail_at(3, "1 to ", Shape::max_rank, " axes expected, got ", rank);
  header.data_bytes = size_of(header.dtype);
  bool fits = true;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::array<Byte, 4> bytes;
    read_header(input, bytes, 4 + 4 * rank);
    const std::uint32_t extent = std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                                 std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
    header.shape.push_back(extent);
    fits = !__builtin_mul_overflow(header.data_bytes, extent, &header.data_bytes) && fits;
  }
  if (!fits) input.fail_at(4, "a possible shape expected, got ", header.shape, ", which has too many elements");
  return header;
}

template <class T>
void from_big_endian(T* values, std::int64_t count) {
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      if constexpr (sizeof(T) == 4)
        values[i] = std::bit_cast<T>(__builtin_bswap32(std::bit_cast<std::uint32_t>(values[i])));
      else
        values[i] = std::bit_cast<T>(__builtin_bswap64(std::bit_cast<std::uint64_t>(values[i])));
    }
  }
}

}  // namespace

Array read_idx(const std::string& path, std::source_location where) {
  Input input(path, where);
  const Header header = parse_header(input);
  const std::uint64_t start = input.position(), available = input.available();
  const auto announced = [&] {
    return concat(header.data_bytes, " bytes of data announced for ", header.shape, " of ", header.dtype);
  };
  if (header.data_bytes > available)
    input.fail_at(start, announced(), input.packed() ? ", but at most " : ", but only ", available, " follow");
  Array result = Array::empty(header.shape, header.dtype, where);
  const std::size_t count = input.read({reinterpret_cast<Byte*>(result.raw()), result.bytes()});
  if (count < header.data_bytes) input.fail_at(start, announced(), ", but only ", count, " follow");
  if (Byte extra; input.read({&extra, 1}) > 0)
    input.fail_at(start + count, "the end expected after ", announced(), ", but more follow");
  dispatch(header.dtype, [&]<class T>() { from_big_endian(result.data<T>(), result.size()); });
  return result;
}

}  // namespace xg
