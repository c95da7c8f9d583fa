// Which kind of picture a file is, by its first bytes, and what is checked of PNG and BMP before a decoder sees them.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "jpeg_check.hpp"

namespace akin::inline AKIN_ABI::io {

/// `other`: pictures that people have, but that akin does not read; see format_name.
enum class ImageFormat : unsigned char { unknown, png, jpeg, bmp, pnm, other };

namespace detail {

struct Signature {
  std::string_view bytes;
  std::size_t at;
  ImageFormat format;
  std::string_view name;
};

using std::string_view_literals::operator""sv;
inline constexpr Signature signatures[] = {
    {"\x89PNG\r\n\x1a\n"sv, 0, ImageFormat::png, "PNG"},
    {"\xff\xd8\xff"sv, 0, ImageFormat::jpeg, "JPEG"},
    {"BM"sv, 0, ImageFormat::bmp, "BMP"},
    {"P5"sv, 0, ImageFormat::pnm, "PGM"},
    {"P6"sv, 0, ImageFormat::pnm, "PPM"},
    {"II*\0"sv, 0, ImageFormat::other, "TIFF"},
    {"MM\0*"sv, 0, ImageFormat::other, "TIFF"},
    {"WEBP"sv, 8, ImageFormat::other, "WebP"},
    {"GIF8"sv, 0, ImageFormat::other, "GIF"},
    {"ftypavif"sv, 4, ImageFormat::other, "AVIF"},
    {"ftyphe"sv, 4, ImageFormat::other, "HEIC"},
    {"8BPS"sv, 0, ImageFormat::other, "Photoshop"},
    {"P1"sv, 0, ImageFormat::other, "text PBM"},
    {"P2"sv, 0, ImageFormat::other, "text PGM"},
    {"P3"sv, 0, ImageFormat::other, "text PPM"},
    {"P4"sv, 0, ImageFormat::other, "PBM"},
};

/// nullptr if it begins like nothing known.
AKIN_LAZY const Signature* signature_of(std::string_view bytes) {
  for (const auto& known : signatures)
    if (bytes.size() > known.at && bytes.substr(known.at, known.bytes.size()) == known.bytes) return &known;
  return nullptr;
}

/// CRC-32 of PNG and gzip (ISO 3309), reflected polynomial edb88320.
AKIN_LAZY std::uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      t[i] = i;
      for (int bit = 0; bit < 8; ++bit) t[i] = t[i] >> 1 ^ (t[i] & 1 ? 0xedb88320u : 0);
    }
    return t;
  }();
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<std::uint8_t>(c)) & 255];
  return ~crc;
}

}  // namespace detail

AKIN_LAZY ImageFormat format_of(std::string_view bytes) {
  const auto* known = detail::signature_of(bytes);
  return known ? known->format : ImageFormat::unknown;
}

/// "PNG", "TIFF", ...; "" when it begins like nothing known.
AKIN_LAZY std::string_view format_name(std::string_view bytes) {
  const auto* known = detail::signature_of(bytes);
  return known ? known->name : "";
}

/// Every chunk that a PNG needs is whole and has the checksum it claims. Errors: not so.
AKIN_LAZY void check_png(std::string_view bytes) {
  for (std::size_t at = 8;;) {
    check(bytes.size() >= 12 && at <= bytes.size() - 12, "png", "truncated: the file has ", bytes.size(),
          " bytes, and no end of the picture");
    const std::size_t length = detail::number_at(bytes, at, 4);
    const std::string_view type = bytes.substr(at + 4, 4);
    check(length <= bytes.size() - 12 - at, "png", "truncated or damaged: the part at byte ", at, " claims ", length,
          " bytes, of which ", bytes.size() - 12 - at, " follow");
    check((at == 8) == (type == "IHDR"), "png", "damaged: the header is not the first part");
    const bool needed = (type[0] & 32) == 0;  // lower case: a decoder may ignore it
    const bool same = detail::crc32(bytes.substr(at + 4, 4 + length)) == detail::number_at(bytes, at + 8 + length, 4);
    check(!needed || same, "png", "damaged: the checksum of the part at byte ", at, " is wrong");
    if (type == "IEND") return;
    at += 12 + length;
  }
}

/// A BMP holds all its pixels: decoders take those that are missing for black. Errors: not so.
AKIN_LAZY void check_bmp(std::string_view bytes) {
  check(bytes.size() >= 30, "bmp", "truncated: the file has ", bytes.size(), " bytes, too few for its header");
  const auto number = [&](std::size_t at, int count) {
    return std::int64_t{detail::number_at(bytes, at, count, true)};
  };
  const bool old = number(14, 4) == 12;  // the header of OS/2
  const std::int64_t width = old ? number(18, 2) : static_cast<std::int32_t>(number(18, 4));
  const std::int64_t height = old ? number(20, 2) : static_cast<std::int32_t>(number(22, 4));  // < 0: top row first
  const std::int64_t bits = old ? number(24, 2) : number(28, 2), rows = height < 0 ? -height : height;
  check(width > 0 && rows > 0 && bits <= 32, "bmp", "the header claims ", width, " x ", rows, " pixels of ", bits,
        " bits");
  const std::int64_t row = (width * bits + 31) / 32 * 4, last = (width * bits + 7) / 8;  // the last may lack padding
  const std::int64_t room = static_cast<std::int64_t>(bytes.size()) - number(10, 4) - last;
  check(room >= 0 && rows - 1 <= room / std::max<std::int64_t>(row, 1), "bmp", "truncated: ", width, " x ", rows,
        " pixels of ", bits, " bits do not fit into the ", bytes.size(), " bytes of the file");
}

}  // namespace akin::inline AKIN_ABI::io
