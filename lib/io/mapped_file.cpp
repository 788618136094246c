#include "lib/io/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "lib/error.hpp"

namespace xg {

MappedFile::MappedFile(const char* op, const std::string& path, std::source_location where) {
  const auto fail = [&](const char* what) {
    const int reason = errno;
    throw IOError(concat(op, ": ", path, ": ", what, reason == 0 ? "" : ": ",
                         reason == 0 ? std::string() : std::generic_category().message(reason)),
                  where);
  };
  struct Opened {
    int file;
    ~Opened() {
      if (file >= 0) close(file);
    }
  };
  const Opened opened{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (opened.file < 0) fail("cannot open the file");
  struct stat info {};
  if (fstat(opened.file, &info) != 0) fail("cannot look at the file");
  errno = 0;
  if (S_ISDIR(info.st_mode)) fail("a file expected, it is a directory");
  if (!S_ISREG(info.st_mode)) fail("a regular file expected");
  size_ = static_cast<std::size_t>(info.st_size);
  if (size_ == 0) return;
  void* const mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, opened.file, 0);
  if (mapped == MAP_FAILED) fail("cannot map the file");
  data_ = static_cast<const std::byte*>(mapped);
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace xg
