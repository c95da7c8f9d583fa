// Pictures from files: PNG, JPEG and BMP through stb_image (when compiled with -DAKIN_WITH_STB), PGM and PPM without it.
//
// A picture is met with suspicion: its size is known, bounded and checked before memory is taken, JPEG segments, PNG
// chunks and the length of a BMP are checked by code of our own, and the decoder's memory has a limit.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "../core/array.hpp"
#include "file.hpp"
#include "image_format.hpp"
#include "jpeg_check.hpp"
#include "pnm.hpp"
#include "stb.hpp"

namespace akin::inline AKIN_ABI::io {

inline constexpr std::uint64_t max_image_file = std::uint64_t{64} << 20;   ///< bytes
inline constexpr std::size_t max_decoder_memory = std::size_t{512} << 20;  ///< bytes, of one picture
inline constexpr std::int64_t max_image_side = 16384;                      ///< pixels

#if defined(AKIN_WITH_STB)
inline constexpr bool reads_compressed_images = true;
#else
inline constexpr bool reads_compressed_images = false;  ///< PNG, JPEG and BMP
#endif

struct ImageOptions {
  std::int64_t channels = 3;                        ///< 3 colour, 1 grey
  std::int64_t max_pixels = std::int64_t{1} << 26;  ///< of width x height
};

namespace detail {

/// Rows of pixels as a decoder gives them: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha.
struct Pixels {
  const std::uint8_t* values;
  std::int64_t height, width, channels;
};

/// One pixel of N values as C, on a white ground. Luma as in ITU-R BT.601, rounded.
template <int N, int C>
inline void convert_pixel(const std::uint8_t* from, std::uint8_t* to) {
  std::uint8_t colour[3] = {from[0], from[N < 3 ? 0 : 1], from[N < 3 ? 0 : 2]};
  if constexpr (N % 2 == 0)
    for (auto& value : colour) {
      const int alpha = from[N - 1];
      value = static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  if constexpr (C == 3)
    std::copy_n(colour, 3, to);
  else
    *to = N < 3 ? colour[0]
                : static_cast<std::uint8_t>((19595 * colour[0] + 38470 * colour[1] + 7471 * colour[2] + 32768) >> 16);
}

/// Where the pixels of an upright picture lie in the stored one: at begin + row * y + column * x.
struct Turn {
  std::int64_t height, width, begin, y, x;
};

/// Orientations of EXIF: 2 ... 4 mirrored or upside down, 5 ... 8 with rows and columns exchanged.
AKIN_LAZY Turn turn_of(int orientation, std::int64_t height, std::int64_t width) {
  const std::int64_t last_row = (height - 1) * width, last_column = width - 1, last = last_row + last_column;
  switch (orientation) {
    case 2:
      return {height, width, last_column, width, -1};
    case 3:
      return {height, width, last, -width, -1};
    case 4:
      return {height, width, last_row, -width, 1};
    case 5:
      return {width, height, 0, 1, width};
    case 6:
      return {width, height, last_row, 1, -width};
    case 7:
      return {width, height, last, -1, -width};
    case 8:
      return {width, height, last_column, -1, width};
    default:
      return {height, width, 0, width, 1};
  }
}

template <int N, int C>
Array upright(const Pixels& pixels, const Turn& turn) {
  Array out = Array::empty({turn.height, turn.width, C}, DType::u8);
  auto* to = out.mut<std::uint8_t>();
  for (std::int64_t row = 0; row < turn.height; ++row) {
    const std::uint8_t* from = pixels.values + N * (turn.begin + row * turn.y);
    for (std::int64_t column = 0; column < turn.width; ++column, from += N * turn.x, to += C)
      convert_pixel<N, C>(from, to);
  }
  return out;
}

/// [H, W, channels] u8, turned by the orientation.
AKIN_LAZY Array to_image(const Pixels& pixels, std::int64_t channels, int orientation = 1) {
  const Turn turn = turn_of(orientation, pixels.height, pixels.width);
  switch (pixels.channels) {
    case 1:
      return channels == 1 ? upright<1, 1>(pixels, turn) : upright<1, 3>(pixels, turn);
    case 2:
      return channels == 1 ? upright<2, 1>(pixels, turn) : upright<2, 3>(pixels, turn);
    case 3:
      return channels == 1 ? upright<3, 1>(pixels, turn) : upright<3, 3>(pixels, turn);
    default:
      return channels == 1 ? upright<4, 1>(pixels, turn) : upright<4, 3>(pixels, turn);
  }
}

#if defined(AKIN_WITH_STB)

AKIN_LAZY void check_image_size(std::int64_t height, std::int64_t width, const ImageOptions& options) {
  check(1 <= height && height <= max_image_side && 1 <= width && width <= max_image_side, "image",
        "sides must lie in 1 ... ", max_image_side, " pixels, got ", width, " x ", height);
  check(height * width <= options.max_pixels, "image", width, " x ", height, " pixels are more than the limit of ",
        options.max_pixels);
}

AKIN_LAZY Array decode_with_stb(std::string_view bytes, const ImageOptions& options, int orientation) {
  stb::Memory memory(max_decoder_memory);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, channels = 0;
  const auto why = [] { return stb::stbi_failure_reason() ? stb::stbi_failure_reason() : "no reason given"; };
  check(stb::stbi_info_from_memory(data, size, &width, &height, &channels) != 0, "image", format_name(bytes),
        ": the decoder refused its header: ", why());
  check_image_size(std::abs(std::int64_t{height}), width, options);  // negative: a BMP with its top row first
  const auto* pixels = stb::stbi_load_from_memory(data, size, &width, &height, &channels, 0);
  check(pixels || !memory.exhausted(), "image", format_name(bytes), ": decoding ", width, " x ", height,
        " pixels takes more than the limit of ", max_decoder_memory >> 20, " MiB");
  check(pixels != nullptr, "image", format_name(bytes), ": the decoder refused it: ", why());
  return to_image({pixels, height, width, channels}, options.channels, orientation);
}

#else

[[noreturn]] inline Array decode_with_stb(std::string_view bytes, const ImageOptions&, int) {
  throw Error(cat("image: cannot read ", format_name(bytes), ": this program was compiled without stb_image; compile ",
                  "it with -DAKIN_WITH_STB -I/usr/include/stb (apt-get install libstb-dev), or use PPM or PGM"));
}

#endif

}  // namespace detail

/// The picture in a file's bytes: [H, W, channels] u8, upright by its EXIF orientation, transparent parts on white,
/// 16-bit values reduced to 8, grey repeated or colour reduced to luma as asked.
/// Errors: another format; damaged or truncated; larger than the limits; a compressed format without stb.
AKIN_LAZY Array decode_image(std::string_view bytes, const ImageOptions& options = {}) {
  check(options.channels == 1 || options.channels == 3, "image", "expected 1 (grey) or 3 (colour) channels, got ",
        options.channels);
  check(bytes.size() <= max_image_file, "image", "the file has ", bytes.size(), " bytes, more than the limit of ",
        max_image_file);
  int orientation = 1;
  switch (format_of(bytes)) {
    case ImageFormat::pnm: {
      const Array image = parse_pnm(bytes, options.max_pixels);
      if (image.dim(2) == options.channels) return image;
      return detail::to_image({image.data<std::uint8_t>(), image.dim(0), image.dim(1), image.dim(2)}, options.channels);
    }
    case ImageFormat::jpeg:
      orientation = check_jpeg(bytes).orientation;
      break;
    case ImageFormat::png:
      check_png(bytes);
      break;
    case ImageFormat::bmp:
      check_bmp(bytes);
      break;
    case ImageFormat::other:
      throw Error(cat("image: ", format_name(bytes), " is not supported; convert it to PNG or JPEG"));
    default:
      throw Error(cat("image: ", bytes.empty() ? "the file is empty" : "not a PNG, JPEG, BMP, PPM or PGM file"));
  }
  return detail::decode_with_stb(bytes, options, orientation);
}

/// Reads a picture file. Errors: as decode_image, with the path; not readable.
AKIN_LAZY Array read_image(const std::string& path, const ImageOptions& options = {}) {
  const std::string bytes = read_file(path, max_image_file);
  try {
    return decode_image(bytes, options);
  } catch (const Error& error) {
    throw Error(cat("'", path, "': ", error.what()));
  }
}

}  // namespace akin::inline AKIN_ABI::io
