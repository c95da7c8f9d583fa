// What the fuzz targets share. A target is one <parser>_fuzz.cpp: bytes in; a value that keeps its promises, or an Error.
// Anything else is a finding: another exception, a sanitizer's report, a false claim, five seconds without an answer.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <akin/core/array.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

/// What libFuzzer and replay.cpp call. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace akin::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program when a claim about a parsed value is false: libFuzzer then keeps the input.
inline void require(bool claim, const char* what) {
  if (claim) return;
  std::fprintf(stderr, "false: %s\n", what);
  std::abort();
}

/// What f() returns, or nothing if it throws an Error. Other exceptions pass through and end the program.
template <class F>
auto value_or_error(F&& f) -> std::optional<decltype(f())> {
  try {
    return f();
  } catch (const Error& error) {
    require(error.what()[0] != '\0', "an Error says something");
    return std::nullopt;
  }
}

/// Whether f() returns without an Error.
template <class F>
bool accepts(F&& f) {
  return value_or_error([&] { return f(), true; }).has_value();
}

/// Equal types, shapes and bits; NaN equals itself.
inline bool same_bits(const Array& a, const Array& b) {
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return false;
  return on_any(a.dtype(), [&]<class T>() {
    return a.size() == 0 || std::memcmp(a.data<T>(), b.data<T>(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
  });
}

/// A file that lives in memory, for readers that take a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(::memfd_create("akin-fuzz", MFD_CLOEXEC)) {
    require(fd_ >= 0, "the system has files in memory");
    const ssize_t wrote = bytes.empty() ? 0 : ::write(fd_, bytes.data(), bytes.size());
    require(wrote == static_cast<ssize_t>(bytes.size()), "the file in memory takes every byte");
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace akin::fuzz
