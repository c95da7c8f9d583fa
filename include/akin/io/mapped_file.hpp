// A file as bytes in memory, of which the system reads only the pages that are looked at.
#pragma once
#include <sys/mman.h>

#include "file.hpp"

namespace akin::inline AKIN_ABI::io {

/// The bytes of a regular file, for as long as this lives. They may be read from several threads. The file may be
/// replaced (as write_file does) or removed meanwhile, but not cut short: reading beyond a new end ends the program.
class MappedFile {
 public:
  MappedFile() = default;  ///< no bytes
  /// Errors: the file cannot be opened or mapped; not a regular file.
  AKIN_LAZY explicit MappedFile(const std::string& path) {
    const detail::OpenFile file("mapped_file", path);
    if (file.bytes == 0) return;  // an empty range cannot be mapped
    void* const begin = ::mmap(nullptr, file.bytes, PROT_READ, MAP_PRIVATE, file.fd, 0);
    check(begin != MAP_FAILED, "mapped_file", "cannot map '", path, "': ", errno_text(errno));
    bytes_ = {static_cast<const char*>(begin), file.bytes};
  }
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace akin::inline AKIN_ABI::io
