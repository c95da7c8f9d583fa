// Philox4x32-10: random numbers as a pure function of (key, counter). No state to carry, save or restore.
//
// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Ten rounds of two 32x32 -> 64 bit
// multiplications pass every test of BigCrush. Conventions of akin:
//   key      = the 64-bit seed
//   counter  = (draw, index, epoch << 8 | view, stream)
// so any draw of any sample of any epoch can be made alone, on any thread or device, and comes out the same.
#pragma once
#include <cmath>
#include <cstdint>
#include <string_view>

#include "macros.hpp"

namespace akin::inline AKIN_ABI {

/// Like std::array, whose operator[] nvcc does not let device code call.
struct PhiloxWords {
  std::uint32_t words[4];

  AKIN_HD std::uint32_t& operator[](int i) { return words[i]; }
  AKIN_HD std::uint32_t operator[](int i) const { return words[i]; }
  friend bool operator==(const PhiloxWords&, const PhiloxWords&) = default;
};

/// Four random 32-bit words for one counter value.
AKIN_HD inline PhiloxWords philox(std::uint64_t seed, PhiloxWords counter) {
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(a)};
    key0 += 0x9E3779B9u;  // golden ratio
    key1 += 0xBB67AE85u;  // sqrt(3) - 1
  }
  return counter;
}

/// FNV-1a of a name: turns "dropout" or "layer1.0.conv1.weight" into a stream number.
inline std::uint32_t stream_of(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

/// The draws of one (seed, index, epoch, view, stream), in order. Cheap to create: make one per sample.
class Draws {
 public:
  struct Where {
    std::uint32_t index = 0;  ///< sample index, or element block
    std::uint32_t epoch = 0;  ///< < 2^24
    std::uint32_t view = 0;   ///< < 256
    std::uint32_t stream = 0;
  };

  AKIN_HD Draws(std::uint64_t seed, Where where)
      : seed_(seed), where_{{0, where.index, where.epoch << 8 | where.view, where.stream}} {}

  /// The same draws without the next `words`: those of part of a long array, in a time that does not depend on its place.
  AKIN_HD Draws skipped(std::uint64_t words) const {
    const std::uint64_t next = std::uint64_t{where_[0]} * 4 + static_cast<std::uint64_t>(used_) + words - 4;
    Draws rest = *this;
    rest.where_[0] = static_cast<std::uint32_t>(next / 4);
    rest.used_ = 4;
    for (std::uint64_t i = 0; i < next % 4; ++i) rest.bits();
    return rest;
  }

  AKIN_HD std::uint32_t bits() {
    if (used_ == 4) {
      words_ = philox(seed_, where_);
      ++where_[0];
      used_ = 0;
    }
    return words_[used_++];
  }
  /// Uniform on [0, 1), 24 bits: the same value in float and in double.
  AKIN_HD double uniform() { return (bits() >> 8) * 0x1p-24; }
  AKIN_HD double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform on 0 ... n-1. Multiply-shift: its bias is at most n / 2^32.
  AKIN_HD std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(std::uint64_t{bits()} * n >> 32); }
  AKIN_HD bool chance(double probability) { return uniform() < probability; }
  /// Standard normal by Box-Muller; one draw uses two words. 1 - u keeps the logarithm finite.
  AKIN_HD double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  std::uint64_t seed_;
  PhiloxWords where_;
  PhiloxWords words_{};
  int used_ = 4;
};

}  // namespace akin::inline AKIN_ABI
