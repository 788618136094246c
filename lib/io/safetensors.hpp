#pragma once

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "lib/array.hpp"

namespace xg {

class MappedFile;

/// Arrays by name, and texts by name beside them.
struct NamedArrays {
  std::vector<std::pair<std::string, Array>> arrays = {};          ///< in the file's order
  std::vector<std::pair<std::string, std::string>> metadata = {};  ///< free texts
};

/// A safetensors file (huggingface/safetensors, format of 2023), opened: which arrays there are is known, their
/// elements are read when they are asked for. It is checked as a whole first: a header of at most 100 MB, arrays side
/// by side without holes, as many bytes as shape and dtype say. Anything else is an IOError that names the path and the
/// reason; no more memory is taken than the file has bytes.
class XG_API SafetensorsFile {
 public:
  /// An array in the file.
  struct Entry {
    std::string name;    ///< each once
    Shape shape;         ///< its shape
    DType dtype;         ///< what elements become: F16 and BF16 are read into float32
    std::string stored;  ///< the dtype in the file: "F32", "BF16"
    std::size_t begin;   ///< of its bytes in the file
    std::size_t bytes;   ///< how many they are
  };

  /// Opens and checks it.
  explicit SafetensorsFile(const std::string& path, std::source_location where = std::source_location::current());
  ~SafetensorsFile();
  /// Takes the other's place, which is left without a file.
  SafetensorsFile(SafetensorsFile&&) noexcept;
  /// Takes the other's place, which is left without a file.
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept;

  /// What there is, in the order of the bytes.
  const std::vector<Entry>& entries() const { return entries_; }
  /// The texts under "__metadata__".
  const std::vector<std::pair<std::string, std::string>>& metadata() const { return metadata_; }
  /// The elements of an entry.
  Array read(const Entry& entry, std::source_location where = std::source_location::current()) const;
  /// The same into an array of that shape, contiguous or not, each element converted to its dtype.
  void read_into(const Entry& entry, Array& to, std::source_location where = std::source_location::current()) const;

 private:
  std::unique_ptr<MappedFile> file_;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, std::string>> metadata_;
};

/// All of a safetensors file.
XG_API NamedArrays read_safetensors(const std::string& path,
                                    std::source_location where = std::source_location::current());
/// Writes one: it appears whole or not at all. The arrays begin at multiples of 8 bytes of the file, the widest dtypes
/// first, else in the order given. Two of one name, and an undefined array, are a ValueError.
XG_API void write_safetensors(const std::string& path, const NamedArrays& content,
                              std::source_location where = std::source_location::current());

}  // namespace xg
