// The system calls behind a write, watched and made to fail.
#pragma once
#include <akin/io/file.hpp>

namespace akin::test {

/// Records the order of the calls, and makes one of them fail.
struct ShimCalls : io::FileCalls {
  std::string log;  // create, write, sync, close (x), rename, link, delete, open folder
  int fail_at = -1, code = EIO;
  std::size_t most_bytes = 1 << 20;
  int interruptions = 0;

  bool fails(char name) {
    log += name;
    errno = code;
    return static_cast<int>(log.size()) - 1 == fail_at;
  }
  int create(const char* path) { return fails('c') ? -1 : FileCalls::create(path); }
  int open_folder(const char* path) { return fails('o') ? -1 : FileCalls::open_folder(path); }
  ssize_t write(int fd, const char* bytes, std::size_t count) {
    if (fails('w')) return -1;
    if (interruptions-- > 0) return errno = EINTR, -1;
    return FileCalls::write(fd, bytes, std::min(count, most_bytes));
  }
  int sync(int fd) { return fails('s') ? -1 : FileCalls::sync(fd); }
  int close(int fd) { return FileCalls::close(fd) != 0 || fails('x') ? -1 : 0; }
  int rename(const char* from, const char* to) { return fails('r') ? -1 : FileCalls::rename(from, to); }
  int link(const char* from, const char* to) { return fails('l') ? -1 : FileCalls::link(from, to); }
  int remove(const char* path) { return fails('d') ? -1 : FileCalls::remove(path); }
};

}  // namespace akin::test
