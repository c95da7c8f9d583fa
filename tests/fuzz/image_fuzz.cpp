// Pictures: what was decoded has the asked-for channels and at most the allowed pixels, and is the same the next time.
// A PNG is tried as it is, and with the checksums that belong to its parts, which no mutation finds.
#include <akin/io/image.hpp>

#include "fuzz.hpp"

using namespace akin;

namespace {

// Small, so that most inputs decode something and none takes long.
constexpr std::int64_t most_pixels = 1 << 14;

std::optional<Array> decode(std::string_view bytes, std::int64_t channels) {
  return fuzz::value_or_error(
      [&] { return io::decode_image(bytes, {.channels = channels, .max_pixels = most_pixels}); });
}

std::optional<std::string> with_checksums(std::string bytes) {
  if (io::format_of(bytes) != io::ImageFormat::png) return std::nullopt;
  const auto number = [&](std::size_t at) { return std::size_t{io::detail::number_at(bytes, at, 4)}; };
  for (std::size_t at = 8; at + 12 <= bytes.size() && number(at) <= bytes.size() - at - 12; at += 12 + number(at)) {
    const std::size_t sum_at = at + 8 + number(at);
    const std::uint32_t sum = io::detail::crc32(std::string_view(bytes).substr(at + 4, 4 + number(at)));
    for (std::size_t i = 0; i < 4; ++i) bytes[sum_at + i] = static_cast<char>(sum >> (24 - 8 * i));
  }
  return bytes;
}

void check_picture(std::string_view bytes) {
  const auto colour = decode(bytes, 3), grey = decode(bytes, 1), again = decode(bytes, 3);
  fuzz::require(colour.has_value() == grey.has_value(), "the channels asked for do not decide whether a file is read");
  fuzz::require(colour.has_value() == again.has_value(), "a file is read each time or never");
  if (!colour) return;
  fuzz::require(fuzz::same_bits(*colour, *again), "a file gives the same pixels each time");
  const Shape& shape = colour->shape();
  fuzz::require(colour->dtype() == DType::u8 && shape.rank() == 3 && shape[2] == 3, "a picture is [H, W, 3] of u8");
  fuzz::require(shape[0] > 0 && shape[1] > 0 && shape[0] * shape[1] <= most_pixels, "its pixels are within the limit");
  fuzz::require(grey->shape() == Shape{shape[0], shape[1], 1}, "in grey it has the same size");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  check_picture(bytes);
  if (const auto whole = with_checksums(std::string(bytes))) check_picture(*whole);
  return 0;
}
