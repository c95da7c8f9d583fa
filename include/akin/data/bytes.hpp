// ByteSource: bytes in order, plain or inflated on the way. What a format reader reads, so that it is written once.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::data {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// File name, for messages.
  const std::string& name() const { return name_; }

  /// Fills `out`; returns fewer than `count` bytes only at the end. Errors: the bytes are damaged.
  virtual std::size_t read(std::uint8_t* out, std::size_t count) = 0;

  /// No more bytes than this can follow. Checked before memory is taken for a size that a header claims.
  virtual std::uint64_t at_most() const = 0;

 protected:
  explicit ByteSource(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

/// The given bytes themselves.
class PlainBytes final : public ByteSource {
 public:
  PlainBytes(std::string name, std::string bytes) : ByteSource(std::move(name)), bytes_(std::move(bytes)) {}

  std::size_t read(std::uint8_t* out, std::size_t count) override {
    const std::size_t taken = std::min(count, bytes_.size() - position_);
    std::memcpy(out, bytes_.data() + position_, taken);
    position_ += taken;
    return taken;
  }
  std::uint64_t at_most() const override { return bytes_.size() - position_; }

 private:
  std::string bytes_;
  std::size_t position_ = 0;
};

}  // namespace akin::inline AKIN_ABI::data
