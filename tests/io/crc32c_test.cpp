#include <akin/io/crc32c.hpp>

#include "support/test.hpp"

namespace akin::io {
namespace {

/// Bit by bit, as the definition says.
std::uint32_t crc32c_naive(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
  }
  return ~crc;
}

TEST(Crc32c, KnowsThePublishedValues) {  // RFC 3720, appendix B.4
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Crc32c, EqualsItsDefinitionAtEveryLengthAndGoesOnAnywhere) {
  std::string bytes;
  for (int i = 0; i < 67; ++i) {
    EXPECT_EQ(crc32c(bytes), crc32c_naive(bytes)) << bytes.size();
    EXPECT_EQ(detail::crc32c_by_table(bytes, 0), crc32c_naive(bytes)) << bytes.size();
    const std::size_t cut = static_cast<std::size_t>(i * 37) % (bytes.size() + 1);
    EXPECT_EQ(crc32c(bytes.substr(cut), crc32c(bytes.substr(0, cut))), crc32c(bytes)) << bytes.size();
    bytes += static_cast<char>(i * 89 + 3);
  }
}

TEST(Crc32c, NoticesEveryFlippedBit) {
  const std::string whole = "not a single bit of this may change";
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(crc32c(damaged), crc32c(whole)) << bit;
  }
}

TEST(CrcText, HasEightDigits) {
  EXPECT_EQ(crc_text(0xE3069283u), "e3069283");
  EXPECT_EQ(crc_text(0x1fu), "0000001f");
}

}  // namespace
}  // namespace akin::io
