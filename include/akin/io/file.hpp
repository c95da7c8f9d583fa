// Whole files: bounded reads, and writes after which the path holds either the old bytes or the new ones, never a mix.
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::io {

AKIN_LAZY std::string errno_text(int code) { return std::generic_category().message(code); }

/// The folder part of a path: "a/b" gives "a", "b" gives ".", "/b" gives "/".
AKIN_LAZY std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// The system calls behind a write. A type of its own, so that tests can record their order and make any of them fail.
struct FileCalls {
  int create(const char* path) { return ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); }
  int open_append(const char* path) { return ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666); }
  int open_folder(const char* path) { return ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }
  ssize_t write(int fd, const char* bytes, std::size_t count) { return ::write(fd, bytes, count); }
  int sync(int fd) { return ::fsync(fd); }
  int close(int fd) { return ::close(fd); }
  int rename(const char* from, const char* to) { return ::rename(from, to); }
  int link(const char* from, const char* to) { return ::link(from, to); }
  AKIN_LAZY int remove(const char* path) { return ::unlink(path); }
};

namespace detail {

/// Writes every byte, through short writes and interruptions. Returns 0 or the errno.
template <class Calls>
int write_all(Calls& calls, int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = calls.write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return wrote < 0 ? errno : EIO;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

template <class Calls>
int sync_all(Calls& calls, int fd) {
  while (calls.sync(fd) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

/// A temporary file beside `path`, which commit() puts in its place. Without commit() it leaves no trace.
template <class Calls>
class PendingFile {
 public:
  PendingFile(const std::string& path, std::uint64_t bytes, Calls& calls) : path_(path), bytes_(bytes), calls_(calls) {
    struct stat facts {};
    check(::stat(path.c_str(), &facts) != 0 || S_ISREG(facts.st_mode), "write_file", "cannot replace '", path,
          "': it is not a regular file");  // a rename would put a file in the place of /dev/null
    for (int attempt = 0; fd_ < 0; ++attempt) {
      temporary_ = cat(path, ".tmp-", ::getpid(), "-", attempt);
      fd_ = calls_.create(temporary_.c_str());
      if (fd_ < 0 && errno == EEXIST && attempt < 1000) continue;  // another thread, or a run that was killed
      if (fd_ < 0) temporary_.clear();                             // not ours: nothing to remove
      if (fd_ < 0) fail("create a temporary file for", errno);
    }
  }
  ~PendingFile() {
    if (fd_ >= 0) calls_.close(fd_);
    if (!temporary_.empty()) calls_.remove(temporary_.c_str());
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  void write(std::string_view bytes) {
    if (const int code = write_all(calls_, fd_, bytes)) fail("write", code);
  }

  /// fsync, close, rename, then fsync of the folder: without the last one a power cut can undo the rename. What was
  /// there before stays under the name `previous`, if given.
  void commit(const std::string& previous = {}) {
    if (const int code = sync_all(calls_, fd_)) fail("flush", code);
    const int fd = std::exchange(fd_, -1);  // closed even if close() reports an error: never close twice
    if (calls_.close(fd) != 0 && errno != EINTR) fail("close", errno);
    const bool moved = !previous.empty() && keep_old(previous);
    if (calls_.rename(temporary_.c_str(), path_.c_str()) != 0) {
      const int code = errno;
      if (moved) calls_.rename(previous.c_str(), path_.c_str());
      fail("replace", code);
    }
    temporary_.clear();
    sync_folder();
  }

 private:
  /// Gives the old file a second name, so that at no moment there is none. Without hard links it gets another name
  /// instead, and true is returned.
  bool keep_old(const std::string& previous) {
    const std::string second = cat(previous, ".tmp-", ::getpid(), "-0");
    calls_.remove(second.c_str());  // of a run that was killed
    if (calls_.link(path_.c_str(), second.c_str()) != 0) {
      if (errno == ENOENT) return false;
      const bool no_links = errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EMLINK;
      if (!no_links || calls_.rename(path_.c_str(), previous.c_str()) != 0) fail("keep what is replaced by", errno);
      return true;
    }
    const int code = calls_.rename(second.c_str(), previous.c_str()) == 0 ? 0 : errno;
    calls_.remove(second.c_str());  // there still if the two names already were those of one file
    if (code != 0) fail("keep what is replaced by", code);
    return false;
  }

  void sync_folder() {
    const int folder = calls_.open_folder(folder_of(path_).c_str());
    if (folder < 0) return;  // a folder that can be written but not read cannot be flushed; the file itself is safe
    const int code = sync_all(calls_, folder);
    calls_.close(folder);
    if (code != 0 && code != EINVAL && code != ENOTSUP) fail("flush the folder of", code);  // some file systems cannot
  }

  [[noreturn]] void fail(std::string_view doing, int code) const {
    std::string why =
        cat("write_file: cannot ", doing, " '", path_, "': ", errno_text(code), " (", bytes_, " bytes needed");
    struct statvfs disk;
    if (::statvfs(folder_of(path_).c_str(), &disk) == 0) why += cat(", ", disk.f_bavail * disk.f_frsize, " free");
    throw Error(why + ")");
  }

  std::string path_, temporary_;
  std::uint64_t bytes_;
  Calls& calls_;
  int fd_ = -1;
};

}  // namespace detail

/// Replaces the file at `path` by the concatenated pieces, atomically: a crash at any moment leaves the old file or the
/// new one. The old one stays as `previous`, a path in the same folder, unless that is empty.
/// Errors: path, the system's reason, bytes needed and free; the old file is then in its place, though `previous` may
/// already be a second name of it.
template <class Calls = FileCalls>
void replace_file(const std::string& path, const std::string& previous, const std::vector<std::string_view>& pieces,
                  Calls&& calls = {}) {
  std::uint64_t bytes = 0;
  for (const auto piece : pieces) bytes += piece.size();
  detail::PendingFile file(path, bytes, calls);
  for (const auto piece : pieces) file.write(piece);
  file.commit(previous);
}

/// The same, keeping nothing.
template <class Calls = FileCalls>
void write_file(const std::string& path, const std::vector<std::string_view>& pieces, Calls&& calls = {}) {
  replace_file(path, "", pieces, calls);
}
AKIN_LAZY void write_file(const std::string& path, std::string_view bytes) { write_file(path, std::vector{bytes}); }

/// Throws what write_file(path, ...) would throw now, and leaves no trace: for results that come after hours.
AKIN_LAZY void check_writable(const std::string& path) {
  FileCalls calls;
  detail::PendingFile(path, 0, calls);
}

namespace detail {

/// A regular file, open for reading. Errors: it cannot be opened; something else than a regular file.
struct OpenFile {
  int fd;
  std::uint64_t bytes = 0;

  AKIN_LAZY OpenFile(std::string_view op, const std::string& path)
      : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {  // a pipe must not block here
    check(fd >= 0, op, "cannot open '", path, "': ", errno_text(errno));
    struct stat facts {};
    const bool regular = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
    if (!regular) ::close(fd);
    check(regular, op, "'", path, "' is not a regular file");
    bytes = static_cast<std::uint64_t>(facts.st_size);
  }
  ~OpenFile() { ::close(fd); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
};

}  // namespace detail

/// The whole regular file. Errors: not readable, not a regular file, longer than max_bytes (16 GiB unless told).
AKIN_LAZY std::string read_file(const std::string& path, std::uint64_t max_bytes = std::uint64_t{1} << 34) {
  const detail::OpenFile file("read_file", path);
  std::string bytes;
  std::size_t used = 0, room = file.bytes;
  while (true) {
    check(std::max(used, room) <= max_bytes, "read_file", "'", path, "' is longer than the limit of ", max_bytes,
          " bytes");
    bytes.resize(std::max(room, used) + 1);  // one more than expected, so that the end shows without another round
    const ssize_t count = ::read(file.fd, bytes.data() + used, bytes.size() - used);
    if (count < 0 && errno == EINTR) continue;
    check(count >= 0, "read_file", "cannot read '", path, "': ", errno_text(errno));
    used += static_cast<std::size_t>(count);
    if (count == 0) break;
    if (used == bytes.size()) room = 2 * used;  // it grew, or it lives in /proc and claims size 0
  }
  bytes.resize(used);
  return bytes;
}

/// A file to which lines are appended. Each append() reaches the system before it returns; none is lost if we crash.
class AppendFile {
 public:
  AKIN_LAZY explicit AppendFile(const std::string& path) : path_(path), fd_(FileCalls().open_append(path.c_str())) {
    check(fd_ >= 0, "append", "cannot open '", path, "': ", errno_text(errno));
  }
  ~AppendFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  AppendFile(AppendFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  AppendFile& operator=(AppendFile&&) = delete;

  AKIN_LAZY void append(std::string_view bytes) {
    FileCalls calls;
    const int code = detail::write_all(calls, fd_, bytes);
    check(code == 0, "append", "cannot write '", path_, "': ", errno_text(code));
  }

 private:
  std::string path_;
  int fd_;
};

}  // namespace akin::inline AKIN_ABI::io
