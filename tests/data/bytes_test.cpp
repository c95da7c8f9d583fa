#include <akin/data/bytes.hpp>

#include "support/test.hpp"

namespace akin::data {
namespace {

TEST(PlainBytes, AreGivenOnce) {
  PlainBytes source("five", "abcde");
  std::uint8_t out[8] = {};
  EXPECT_EQ(source.name(), "five");
  EXPECT_EQ(source.at_most(), 5u);
  EXPECT_EQ(source.read(out, 2), 2u);
  EXPECT_EQ(source.at_most(), 3u);
  EXPECT_EQ(source.read(out, 8), 3u);
  EXPECT_EQ(out[0], 'c');
  EXPECT_EQ(source.read(out, 8), 0u);
  EXPECT_EQ(source.at_most(), 0u);
}

}  // namespace
}  // namespace akin::data
