#include "lib/io/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <utility>

#include "lib/error.hpp"

namespace xg {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::atomic<std::uint64_t> files_made = 0;

}  // namespace

AtomicFile::AtomicFile(const char* op, std::string path, std::source_location where)
    : op_(op), path_(std::move(path)), where_(where) {
  // A name that nobody has, so that the process's own mode for new files holds. Another one may be left of a program
  // that was killed.
  do {
    temporary_ = concat(path_, '.', getpid(), '.', ++files_made);
    file_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (file_ < 0 && errno == EEXIST);
  if (file_ < 0) fail("cannot create a file beside it");
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) close(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::fail(const char* what) const {
  const int reason = errno;
  throw IOError(concat(op_, ": ", path_, ": ", what, ": ", std::generic_category().message(reason)), where_);
}

void AtomicFile::write(const void* bytes, std::size_t count) {
  constexpr std::size_t most = std::size_t{1} << 30;  // of one call
  for (auto from = static_cast<const char*>(bytes); count > 0;) {
    const ssize_t written = ::write(file_, from, std::min(count, most));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    from += written;
    count -= static_cast<std::size_t>(written);
  }
}

/// A new name is on the disk when its folder is.
void AtomicFile::sync_folder() const {
  const int folder = open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // a folder that one may write in, but not read
  fsync(folder);
  close(folder);
}

void AtomicFile::commit() {
  if (fsync(file_) != 0) fail("cannot bring it to the disk");
  if (close(std::exchange(file_, -1)) != 0) fail("cannot close it");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot give it its name");
  temporary_.clear();
  sync_folder();
}

}  // namespace xg
