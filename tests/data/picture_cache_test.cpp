#include <akin/data/picture_cache.hpp>
#include <fstream>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

const CacheKey small_key{.pictures = 77, .count = 5, .side = 2, .channels = 1};

/// Picture i is four bytes of i; number 3 cannot be read.
ReadOutcome read_small(std::int64_t i, std::uint8_t* pixels) {
  if (i == 3) return {"a reason"};
  std::fill_n(pixels, 4, static_cast<std::uint8_t>(i));
  return {};
}

bool opens(const std::string& path, const CacheKey& key = small_key) {
  PictureCache cache;
  return open_cache(path, key, cache);
}

void write_quickly(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(PictureCache, GivesBackWhatWasWritten) {
  const test::Folder folder;
  const CacheKey key = write_cache(folder / "c", small_key, read_small);
  EXPECT_EQ(key.pictures, 77u);
  PictureCache cache;
  ASSERT_TRUE(open_cache(folder / "c", key, cache));
  EXPECT_EQ(std::string(cache.pixels(), 20), std::string(4, '\0') + std::string(4, '\1') + std::string(4, '\2') +
                                                 std::string(4, '\0') + std::string(4, '\4'));
  ASSERT_EQ(cache.unread.size(), 1u);
  EXPECT_EQ(cache.unread[0].position, 3u);
  EXPECT_EQ(cache.unread[0].reason, "a reason");
}

TEST(PictureCache, BelongsToOneKey) {
  const test::Folder folder;
  write_cache(folder / "c", small_key, read_small);
  EXPECT_TRUE(opens(folder / "c"));
  EXPECT_FALSE(opens(folder / "c", {.pictures = 78, .count = 5, .side = 2, .channels = 1}));
  EXPECT_FALSE(opens(folder / "c", {.pictures = 77, .count = 4, .side = 2, .channels = 1}));
  EXPECT_FALSE(opens(folder / "c", {.pictures = 77, .count = 5, .side = 1, .channels = 4}));
  EXPECT_FALSE(opens(folder / "c", {.pictures = 77, .count = 5, .side = 1, .channels = 1}));
  EXPECT_FALSE(opens(folder / "none"));
}

TEST(PictureCache, IsUsedOnlyOnceIfTheSystemRefusedAFile) {
  const test::Folder folder;
  const CacheKey key = write_cache(folder / "c", small_key, [](std::int64_t i, std::uint8_t*) {
    return i == 2 ? ReadOutcome{"no permission", true} : ReadOutcome{};
  });
  EXPECT_TRUE(opens(folder / "c", key));
  EXPECT_FALSE(opens(folder / "c"));
}

TEST(PictureCache, IsRefusedWhenAnyByteIsMissingOrWrong) {
  const test::Folder folder;
  write_cache(folder / "c", small_key, read_small);
  const std::string whole = io::read_file(folder / "c");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_quickly(folder / "d", whole.substr(0, length));
    ASSERT_FALSE(opens(folder / "d")) << length;
  }
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int bit = 1; bit < 256; bit *= 2) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ bit);
      write_quickly(folder / "d", bytes);
      ASSERT_FALSE(opens(folder / "d")) << i;
    }
  write_quickly(folder / "d", whole + "x");
  EXPECT_FALSE(opens(folder / "d"));
  write_quickly(folder / "d", whole);
  EXPECT_TRUE(opens(folder / "d"));
}

TEST(PictureCache, IsRefusedWhenItsListIsNotOneAlthoughTheChecksumFits) {
  const test::Folder folder;
  const std::vector<std::uint32_t> sums(5);
  const auto opens_with = [&](const std::vector<UnreadPicture>& unread, auto change) {
    std::string trailer = detail::cache_trailer(small_key, {}, unread);
    trailer.resize(trailer.size() - 8);
    detail::append_bytes(trailer = change(trailer), std::uint64_t{io::crc32c(change(trailer))});
    const std::string pixels(20, '\0');
    std::vector<std::uint32_t> real(5, io::crc32c(std::string(4, '\0')));
    const std::uint64_t sum = io::crc32c({reinterpret_cast<const char*>(real.data()), 20});
    std::memcpy(trailer.data() + 8, &sum, 8);
    trailer.resize(trailer.size() - 8);
    detail::append_bytes(trailer, std::uint64_t{io::crc32c(trailer)});
    write_quickly(folder / "d", detail::cache_header(small_key) + pixels + trailer);
    return opens(folder / "d");
  };
  const auto same = [](std::string text) { return text; };
  EXPECT_TRUE(opens_with({}, same));
  EXPECT_TRUE(opens_with({{1, "x"}, {4, ""}}, same));
  EXPECT_FALSE(opens_with({{1, "x"}, {1, "y"}}, same));
  EXPECT_FALSE(opens_with({{4, "x"}, {1, "y"}}, same));
  EXPECT_FALSE(opens_with({{5, "x"}}, same));
}

TEST(PictureCache, HoldsMorePicturesThanABlock) {
  const test::Folder folder;
  const CacheKey key{.pictures = 1, .count = 1000, .side = 1, .channels = 1};
  write_cache(folder / "c", key, [](std::int64_t i, std::uint8_t* pixels) {
    *pixels = static_cast<std::uint8_t>(i % 251);
    return ReadOutcome{};
  });
  PictureCache cache;
  ASSERT_TRUE(open_cache(folder / "c", key, cache));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(static_cast<std::uint8_t>(cache.pixels()[i]), i % 251);
}

}  // namespace
}  // namespace akin::data
