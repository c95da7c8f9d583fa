// The cache of decoded pictures: what opens holds the pixels and the list of unreadable pictures that are in the file.
// The bytes are tried as a file; and as pixels and list alone, between the header and the checksums that belong to them.
#include <akin/data/picture_cache.hpp>

#include "fuzz.hpp"

using namespace akin;

namespace {

constexpr data::CacheKey key{.pictures = 7, .count = 3, .side = 2, .channels = 1};
constexpr std::size_t pixel_bytes = 12;

std::string in_a_frame(std::string_view pixels, std::string_view list) {
  std::string trailer;
  data::detail::append_bytes(trailer, key.pictures);
  data::detail::append_bytes(trailer, std::uint64_t{data::detail::pixel_checksum(pixels, key)});
  trailer += list;
  std::string file = data::detail::cache_header(key);
  (file += pixels) += trailer;
  data::detail::append_bytes(file, std::uint64_t{io::crc32c(trailer)});
  return file;
}

void open(std::string_view bytes) {
  const fuzz::MemoryFile saved(bytes);
  data::PictureCache cache;
  const auto opened = fuzz::value_or_error([&] { return data::open_cache(saved.path(), key, cache); });
  fuzz::require(opened.has_value(), "a cache that does not fit is no error: it is made anew");
  if (!*opened) return;
  fuzz::require(
      std::string_view(cache.pixels(), pixel_bytes) == bytes.substr(data::detail::cache_header_bytes, pixel_bytes),
      "the pixels are those of the file");
  std::int64_t before = -1;
  std::size_t text = 0;
  for (const auto& [position, reason] : cache.unread) {
    fuzz::require(before < position && position < key.count, "unreadable pictures are listed in order, once");
    before = position;
    text += reason.size();
  }
  fuzz::require(text <= bytes.size(), "reasons are part of the file");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  open(bytes);
  if (size >= pixel_bytes) open(in_a_frame(bytes.substr(0, pixel_bytes), bytes.substr(pixel_bytes)));
  return 0;
}
