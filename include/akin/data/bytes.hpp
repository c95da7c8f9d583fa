// ByteSource: bytes in order, from memory or from a file. What the format readers read, so that each is written once.
#pragma once
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::data {

class ByteSource {
 public:
  explicit ByteSource(std::string name) : name_(std::move(name)) {}
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// File name, for messages.
  const std::string& name() const { return name_; }

  /// Fills `out`; returns fewer than `count` bytes only at the end. Errors: the bytes cannot be read.
  virtual std::size_t read(std::uint8_t* out, std::size_t count) = 0;

  /// No more bytes than this can follow. Checked before memory is taken for a size that a header claims.
  virtual std::uint64_t at_most() const = 0;

 private:
  std::string name_;
};

class MemoryBytes final : public ByteSource {
 public:
  MemoryBytes(std::string name, std::vector<std::uint8_t> bytes) : ByteSource(std::move(name)), bytes_(std::move(bytes)) {}

  std::size_t read(std::uint8_t* out, std::size_t count) override {
    const std::size_t taken = std::min(count, bytes_.size() - position_);
    std::copy_n(bytes_.data() + position_, taken, out);
    position_ += taken;
    return taken;
  }
  std::uint64_t at_most() const override { return bytes_.size() - position_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t position_ = 0;
};

/// A regular file. Folders, pipes and devices are refused before they are opened: they have no size to check against.
class FileBytes final : public ByteSource {
 public:
  explicit FileBytes(const std::string& path) : ByteSource(path) {
    struct stat facts;
    check(stat(path.c_str(), &facts) == 0, "file", "cannot open ", path, ": ", std::strerror(errno));
    check(S_ISREG(facts.st_mode), "file", path, " is not a regular file");
    file_.reset(std::fopen(path.c_str(), "rb"));
    check(file_ != nullptr, "file", "cannot open ", path, ": ", std::strerror(errno));
    left_ = static_cast<std::uint64_t>(facts.st_size);
  }

  std::size_t read(std::uint8_t* out, std::size_t count) override {
    const std::size_t taken = std::fread(out, 1, count, file_.get());
    check(!std::ferror(file_.get()), "file", "cannot read ", name(), ": ", std::strerror(errno));
    left_ -= std::min<std::uint64_t>(left_, taken);
    return taken;
  }
  std::uint64_t at_most() const override { return left_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t left_ = 0;
};

/// True when there is a file (or anything else) at `path`.
inline bool exists(const std::string& path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0;
}

}  // namespace akin::inline AKIN_ABI::data
