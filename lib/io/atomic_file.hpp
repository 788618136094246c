#pragma once

#include <cstddef>
#include <source_location>
#include <string>

namespace xg {

/// A file that appears whole or not at all. What is written goes into a temporary file in the same folder; commit()
/// brings it to the disk and gives it its name, in the place of an earlier file of that name. Without commit() nothing
/// is left of it. Whatever the system refuses is an IOError with the path and the system's reason.
class AtomicFile {
 public:
  /// Begins one. `op` is what errors begin with.
  AtomicFile(const char* op, std::string path, std::source_location where);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends bytes.
  void write(const void* bytes, std::size_t count);
  /// Makes it the file of that name.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;
  void sync_folder() const;

  const char* op_;
  std::string path_, temporary_;
  std::source_location where_;
  int file_ = -1;
};

}  // namespace xg
