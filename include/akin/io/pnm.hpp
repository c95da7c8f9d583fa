// PGM and PPM, binary (P5, P6): width, height and largest value in text, then the values. Needs no library.
#pragma once
#include <cstdint>
#include <string_view>

#include "../core/array.hpp"

namespace akin::inline AKIN_ABI::io {
namespace detail {

/// The next number of the header; spaces and comments before it are passed over.
AKIN_LAZY std::int64_t pnm_number(std::string_view bytes, std::size_t& at) {
  const auto is_space = [](char c) { return c == ' ' || ('\t' <= c && c <= '\r'); };
  while (at < bytes.size() && (is_space(bytes[at]) || bytes[at] == '#'))
    at = bytes[at] == '#' ? std::min(bytes.find('\n', at), bytes.size()) : at + 1;
  std::int64_t value = 0;
  const std::size_t first = at;
  for (; at < bytes.size() && '0' <= bytes[at] && bytes[at] <= '9' && at < first + 9; ++at)
    value = 10 * value + (bytes[at] - '0');
  check(at > first, "pnm", "byte ", at, ": expected a number");
  return value;
}

}  // namespace detail

/// [H, W, 1] of a PGM, [H, W, 3] of a PPM, u8; values are scaled so that the largest one allowed becomes 255.
/// Errors: another format; damaged or truncated; more than max_pixels.
AKIN_LAZY Array parse_pnm(std::string_view bytes, std::int64_t max_pixels = std::int64_t{1} << 26) {
  check(bytes.substr(0, 2) == "P5" || bytes.substr(0, 2) == "P6", "pnm", "expected a file that begins with P5 or P6");
  std::size_t at = 2;
  const std::int64_t width = detail::pnm_number(bytes, at), height = detail::pnm_number(bytes, at);
  const std::int64_t largest = detail::pnm_number(bytes, at);
  ++at;  // one space ends the header
  const std::int64_t channels = bytes[1] == '5' ? 1 : 3, size = largest > 255 ? 2 : 1;
  check(width > 0 && height > 0 && 1 <= largest && largest <= 65535, "pnm", "the header claims ", width, " x ", height,
        " pixels with values up to ", largest);
  check(width <= max_pixels / height, "pnm", width, " x ", height, " pixels are more than the limit of ", max_pixels);
  const std::int64_t values = width * height * channels,
                     left = static_cast<std::int64_t>(bytes.size() - std::min(at, bytes.size()));
  check(left >= values * size, "pnm", "truncated: expected ", values * size, " bytes of values, found ", left);
  Array out = Array::empty({height, width, channels}, DType::u8);
  auto* to = out.mut<std::uint8_t>();
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data()) + at;
  for (std::int64_t i = 0; i < values; ++i) {
    const std::int64_t value = size == 1 ? from[i] : from[2 * i] << 8 | from[2 * i + 1];                // big-endian
    to[i] = static_cast<std::uint8_t>((2 * 255 * std::min(value, largest) + largest) / (2 * largest));  // to nearest
  }
  return out;
}

}  // namespace akin::inline AKIN_ABI::io
