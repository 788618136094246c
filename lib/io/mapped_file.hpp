#pragma once

#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>

namespace xg {

/// A regular file as bytes in memory, which the system reads when they are looked at. One that shrinks while it is
/// looked at ends the program.
class MappedFile {
 public:
  /// Opens it. What cannot be opened, or is no regular file, is an IOError that begins with `op` and the path.
  MappedFile(const char* op, const std::string& path, std::source_location where);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// The first byte.
  const std::byte* data() const { return data_; }
  /// How many there are.
  std::size_t size() const { return size_; }
  /// So many of them as a text.
  std::string_view text(std::size_t first, std::size_t count) const {
    return {reinterpret_cast<const char*>(data_) + first, count};
  }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace xg
