// CRC-32C: the checksum that tells a damaged file from a whole one.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::io {

namespace detail {

/// table[k][b]: the remainder of byte b followed by k zero bytes. Eight bytes per round ("slicing by 8", Kounavis and
/// Berry 2008), 10 times as fast as one.
struct Crc32cTable {
  std::uint32_t remainder[8][256];

  Crc32cTable() {
    for (std::uint32_t b = 0; b < 256; ++b) {
      std::uint32_t r = b;
      for (int bit = 0; bit < 8; ++bit) r = r >> 1 ^ (r & 1 ? 0x82F63B78u : 0);  // Castagnoli's polynomial, reflected
      remainder[0][b] = r;
    }
    for (int k = 1; k < 8; ++k)
      for (std::uint32_t b = 0; b < 256; ++b) {
        const std::uint32_t r = remainder[k - 1][b];
        remainder[k][b] = r >> 8 ^ remainder[0][r & 255];
      }
  }
};

AKIN_LAZY std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before) {
  static const Crc32cTable table;
  const auto& t = table.remainder;
  std::uint32_t crc = ~before;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint32_t low, high;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + 4, 4);
    low ^= crc;
    crc = t[7][low & 255] ^ t[6][low >> 8 & 255] ^ t[5][low >> 16 & 255] ^ t[4][low >> 24] ^ t[3][high & 255] ^
          t[2][high >> 8 & 255] ^ t[1][high >> 16 & 255] ^ t[0][high >> 24];
  }
  for (; left > 0; ++at, --left) crc = crc >> 8 ^ t[0][(crc ^ static_cast<unsigned char>(*at)) & 255];
  return ~crc;
}

#if defined(__SSE4_2__) && defined(__x86_64__)
/// x86 has an instruction for this very polynomial.
AKIN_LAZY std::uint32_t crc32c_by_instruction(std::string_view bytes, std::uint32_t before) {
  std::uint64_t crc = ~before;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t eight;
    std::memcpy(&eight, at, 8);
    crc = __builtin_ia32_crc32di(crc, eight);
  }
  auto last = static_cast<std::uint32_t>(crc);
  for (; left > 0; ++at, --left) last = __builtin_ia32_crc32qi(last, static_cast<unsigned char>(*at));
  return ~last;
}
#endif

}  // namespace detail

/// CRC-32C (Castagnoli; iSCSI, RFC 3720) of the bytes; of "123456789" it is 0xE3069283. Pass the value of what came
/// before to go on: crc32c(b, crc32c(a)) is that of a and b together.
AKIN_LAZY std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) {
#if defined(__SSE4_2__) && defined(__x86_64__)
  return detail::crc32c_by_instruction(bytes, before);
#else
  return detail::crc32c_by_table(bytes, before);
#endif
}

/// Eight hexadecimal digits, as checkpoints hold it.
AKIN_LAZY std::string crc_text(std::uint32_t crc) {
  std::string text(8, '0');
  for (int i = 7; i >= 0; --i, crc >>= 4) text[static_cast<std::size_t>(i)] = "0123456789abcdef"[crc & 15];
  return text;
}

}  // namespace akin::inline AKIN_ABI::io
