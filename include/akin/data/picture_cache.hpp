// The file that keeps the pictures of a folder as pixels of one size, so that they are decoded once.
//
//   header     40 bytes  "akinpics", version, side, channels, 0 (32 bits each), number of pictures, 0 (64 bits each)
//   pixels               side x side x channels bytes per picture; zeros for one that could not be read
//   trailer              key, checksum of the pixels, number of unreadable pictures (64 bits each),
//                        for each its position and the length of the reason (32 bits each), and the reason
//              8 bytes   checksum of the trailer
// Numbers are in the byte order of the machine: on another one, the version does not fit, and the file is made anew.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/parallel.hpp"
#include "../io/crc32c.hpp"
#include "../io/mapped_file.hpp"

namespace akin::inline AKIN_ABI::data {

/// What a cache holds: the same numbers, the same cache.
struct CacheKey {
  std::uint64_t pictures = 0;  ///< a checksum of the names, sizes and times of all files
  std::int64_t count = 0, side = 0, channels = 0;

  std::int64_t image_bytes() const { return side * side * channels; }
};

/// A picture that could not be read, by its position in the list of files.
struct UnreadPicture {
  std::uint32_t position;
  std::string reason;
};

/// What came of reading a picture: no reason when all went well.
struct ReadOutcome {
  std::string reason = {};
  bool passing = false;  ///< the system refused the file, which it may not do again: the cache is not to be kept
};

namespace detail {

inline constexpr std::size_t cache_header_bytes = 40, cache_trailer_bytes = 32;  // the trailer's without any list
inline constexpr std::uint32_t cache_version = 2;  // to be raised whenever decoding or resizing changes

template <class T>
void append_bytes(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Takes a number off the front; false when the bytes have run out.
template <class T>
bool take_bytes(std::string_view& from, T& value) {
  if (from.size() < sizeof value) return false;
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return true;
}

AKIN_LAZY std::string cache_header(const CacheKey& key) {
  std::string header = "akinpics";
  for (const std::int64_t value : {std::int64_t{cache_version}, key.side, key.channels, std::int64_t{0}})
    append_bytes(header, static_cast<std::uint32_t>(value));
  append_bytes(header, key.count);
  append_bytes(header, std::int64_t{0});
  return header;
}

/// Per picture, then over these: pictures can be looked at in parallel, and written in blocks.
AKIN_LAZY std::uint32_t pixel_checksum(std::string_view pixels, const CacheKey& key) {
  std::vector<std::uint32_t> sums(static_cast<std::size_t>(key.count));
  const auto size = static_cast<std::size_t>(key.image_bytes());
  parallel_for(key.count, 256, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      sums[i] = io::crc32c(pixels.substr(i * size, size));
  });
  return io::crc32c({reinterpret_cast<const char*>(sums.data()), sums.size() * sizeof sums[0]});
}

AKIN_LAZY bool read_unread(std::string_view list, std::int64_t pictures, std::vector<UnreadPicture>& unread) {
  std::uint64_t count = 0;
  if (!take_bytes(list, count)) return false;
  std::int64_t before = -1;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint32_t position = 0, length = 0;
    if (!take_bytes(list, position) || !take_bytes(list, length) || length > list.size()) return false;
    if (position <= before || position >= pictures) return false;
    before = position;
    unread.push_back({position, std::string(list.substr(0, length))});
    list.remove_prefix(length);
  }
  return list.empty();
}

AKIN_LAZY std::string cache_trailer(const CacheKey& key, const std::vector<std::uint32_t>& sums,
                                    const std::vector<UnreadPicture>& unread) {
  std::string trailer;
  append_bytes(trailer, key.pictures);
  append_bytes(trailer,
               std::uint64_t{io::crc32c({reinterpret_cast<const char*>(sums.data()), sums.size() * sizeof sums[0]})});
  append_bytes(trailer, std::uint64_t{unread.size()});
  for (const auto& [position, reason] : unread) {
    append_bytes(trailer, position);
    append_bytes(trailer, static_cast<std::uint32_t>(reason.size()));
    trailer += reason;
  }
  append_bytes(trailer, std::uint64_t{io::crc32c(trailer)});
  return trailer;
}

}  // namespace detail

/// A cache that fits its key and is whole, open for reading.
struct PictureCache {
  io::MappedFile file;
  std::vector<UnreadPicture> unread;

  const char* pixels() const { return file.bytes().data() + detail::cache_header_bytes; }
};

/// Opens the cache at `path` into `cache`, and looks at every byte of it: a second or so per GB. False when there is
/// none, or when it is damaged, cut short, of another format or of other pictures.
AKIN_LAZY bool open_cache(const std::string& path, const CacheKey& key, PictureCache& cache) {
  if (::access(path.c_str(), R_OK) != 0) return false;
  io::MappedFile file(path);
  std::string_view bytes = file.bytes();
  const auto pixel_bytes = static_cast<std::uint64_t>(key.count * key.image_bytes());
  if (bytes.size() < detail::cache_header_bytes + pixel_bytes + detail::cache_trailer_bytes) return false;
  if (bytes.substr(0, detail::cache_header_bytes) != detail::cache_header(key)) return false;
  const std::string_view pixels = bytes.substr(detail::cache_header_bytes, pixel_bytes);
  std::string_view trailer = bytes.substr(detail::cache_header_bytes + pixel_bytes), end = trailer;
  end.remove_prefix(trailer.size() - 8);
  trailer.remove_suffix(8);
  std::uint64_t sum = 0, pictures = 0, pixel_sum = 0;
  std::vector<UnreadPicture> unread;
  if (!detail::take_bytes(end, sum) || sum != io::crc32c(trailer)) return false;
  if (!detail::take_bytes(trailer, pictures) || pictures != key.pictures) return false;
  if (!detail::take_bytes(trailer, pixel_sum) || !detail::read_unread(trailer, key.count, unread)) return false;
  if (pixel_sum != detail::pixel_checksum(pixels, key)) return false;
  cache.file = std::move(file);
  cache.unread = std::move(unread);
  return true;
}

/// Writes a cache atomically, and returns the key that opens it. read(i, pixels) decodes picture i, from several threads.
template <class Read>
CacheKey write_cache(const std::string& path, CacheKey key, Read&& read) {
  const std::int64_t block = 256, size = key.image_bytes();
  io::FileCalls calls;
  const std::string header = detail::cache_header(key);
  io::detail::PendingFile<io::FileCalls> file(path, header.size() + static_cast<std::uint64_t>(key.count * size),
                                              calls);
  file.write(header);
  std::string pixels;
  std::vector<std::uint32_t> sums;
  std::vector<UnreadPicture> unread;
  bool passing = false;
  for (std::int64_t first = 0; first < key.count; first += block) {
    const std::int64_t n = std::min(block, key.count - first);
    pixels.assign(static_cast<std::size_t>(n * size), '\0');
    std::vector<decltype(read(first, nullptr))> outcomes(static_cast<std::size_t>(n));
    parallel_for(n, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        outcomes[static_cast<std::size_t>(i)] =
            read(first + i, reinterpret_cast<std::uint8_t*>(pixels.data()) + i * size);
    });
    file.write(pixels);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const auto bytes = static_cast<std::size_t>(size);
      sums.push_back(io::crc32c(std::string_view(pixels).substr(i * bytes, bytes)));
      const auto position = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i);
      if (!outcomes[i].reason.empty()) unread.push_back({position, std::move(outcomes[i].reason)});
      passing = passing || outcomes[i].passing;
    }
  }
  if (passing) key.pictures = ~key.pictures;
  file.write(detail::cache_trailer(key, sums, unread));
  file.commit();
  return key;
}

}  // namespace akin::inline AKIN_ABI::data
