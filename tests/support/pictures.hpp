// Picture files made by hand: PNG with stored (uncompressed) pixels, BMP, PPM, and JPEG with an EXIF orientation.
#pragma once
#include <akin/io/file.hpp>
#include <akin/io/image_format.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace akin::test {

inline std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> 8 * i & 255);
  return text;
}
inline std::string little_endian(std::uint64_t value, int bytes) {
  const std::string text = big_endian(value, bytes);
  return {text.rbegin(), text.rend()};
}

struct PictureSize {
  int height, width;
};

inline std::string png_chunk(const std::string& type, const std::string& body) {
  return big_endian(body.size(), 4) + type + body + big_endian(io::detail::crc32(type + body), 4);
}

/// colour: 0 grey, 2 colour, 4 grey and alpha, 6 colour and alpha; `values` are the bytes of the rows.
inline std::string png(const PictureSize& size, int bits, int colour, const std::string& values) {
  const std::size_t row = values.size() / static_cast<std::size_t>(size.height);
  std::string rows;
  for (int y = 0; y < size.height; ++y) rows += '\0' + values.substr(static_cast<std::size_t>(y) * row, row);
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const char c : rows) a = (a + static_cast<std::uint8_t>(c)) % 65521, b = (b + a) % 65521;
  const std::string zlib = "\x78\x01\x01" + little_endian(rows.size(), 2) + little_endian(~rows.size() & 65535, 2) +
                           rows + big_endian(b << 16 | a, 4);
  const std::string header = big_endian(static_cast<std::uint64_t>(size.width), 4) +
                             big_endian(static_cast<std::uint64_t>(size.height), 4) + static_cast<char>(bits) +
                             static_cast<char>(colour) + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + png_chunk("IDAT", zlib) + png_chunk("IEND", "");
}

/// 24 bits, bottom row first; `values` are rows of red, green, blue from the top.
inline std::string bmp(const PictureSize& size, const std::string& values) {
  const auto width = static_cast<std::size_t>(size.width);
  std::string rows;
  for (int y = size.height - 1; y >= 0; --y) {
    for (std::size_t x = 0; x < width; ++x)
      for (std::size_t c = 3; c-- > 0;) rows += values[(static_cast<std::size_t>(y) * width + x) * 3 + c];
    rows.resize((rows.size() + 3) / 4 * 4);
  }
  const std::string header = little_endian(40, 4) + little_endian(width, 4) +
                             little_endian(static_cast<std::uint64_t>(size.height), 4) + little_endian(1, 2) +
                             little_endian(24, 2) + std::string(24, '\0');
  return "BM" + little_endian(54 + rows.size(), 4) + std::string(4, '\0') + little_endian(54, 4) + header + rows;
}

/// `values` are rows of red, green, blue.
inline std::string ppm(const PictureSize& size, const std::string& values) {
  return cat("P6\n", size.width, " ", size.height, "\n255\n", values);
}

/// A PPM of one colour.
inline std::string plain_ppm(const PictureSize& size, int red, int green, int blue) {
  std::string values;
  for (int i = 0; i < size.height * size.width; ++i)
    for (const int value : {red, green, blue}) values += static_cast<char>(value);
  return ppm(size, values);
}

/// The segment that says how a JPEG is to be turned; goes behind the first two bytes.
inline std::string exif(int orientation, bool little = false) {
  const auto number = [&](std::uint64_t value, int bytes) {
    return little ? little_endian(value, bytes) : big_endian(value, bytes);
  };
  const std::string tiff = (little ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) + number(0x0112, 2) +
                           number(3, 2) + number(1, 4) + number(static_cast<std::uint64_t>(orientation), 2) +
                           std::string(2, '\0') + number(0, 4);
  const std::string body = std::string("Exif\0\0", 6) + tiff;
  return "\xff\xe1" + big_endian(body.size() + 2, 2) + body;
}

/// A picture of 16 x 24 pixels and its decoding by another program, made once: "gradient", "gradient_progressive".
inline std::string asset(const std::string& name) { return io::read_file("tests/assets/" + name); }

/// Bytes 0, step, 2 step, ...
inline std::string counting(int n, int step = 1) {
  std::string bytes;
  for (int i = 0; i < n; ++i) bytes += static_cast<char>(i * step);
  return bytes;
}

}  // namespace akin::test
