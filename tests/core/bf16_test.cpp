#include <limits>

#include "support/test.hpp"

namespace akin {
namespace {

float rounded(std::uint32_t bits) { return static_cast<float>(bf16(std::bit_cast<float>(bits))); }

TEST(Bf16, SurvivesTheWayThroughFloat) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    bf16 x;
    x.bits = static_cast<std::uint16_t>(bits);
    const float wide = static_cast<float>(x);
    const bf16 back(wide);
    if (std::isnan(wide))
      ASSERT_TRUE(std::isnan(static_cast<float>(back))) << bits;
    else
      ASSERT_EQ(back.bits, bits);
  }
}

TEST(Bf16, RoundsToTheNearestValue) {
  Draws draws(1, {});
  for (int i = 0; i < 20000; ++i) {
    const float x = std::bit_cast<float>(draws.bits());
    if (!std::isfinite(x) || std::abs(x) > 3.3e38f) continue;
    const bf16 nearest(x);
    bf16 below, above;  // the two values around x
    below.bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16);
    above.bits = static_cast<std::uint16_t>(below.bits + 1);
    const double error = std::abs(double{static_cast<float>(nearest)} - x);
    ASSERT_LE(error, std::abs(double{static_cast<float>(below)} - x)) << x;
    ASSERT_LE(error, std::abs(double{static_cast<float>(above)} - x)) << x;
  }
}

TEST(Bf16, BreaksTiesTowardsTheEvenValue) {
  EXPECT_EQ(rounded(0x3f808000), std::bit_cast<float>(0x3f800000u));  // halfway, lower one is even
  EXPECT_EQ(rounded(0x3f818000), std::bit_cast<float>(0x3f820000u));  // halfway, upper one is even
  EXPECT_EQ(rounded(0x3f808001), std::bit_cast<float>(0x3f810000u));  // just above halfway
  EXPECT_EQ(rounded(0xbf807fff), std::bit_cast<float>(0xbf800000u));  // just below halfway, negative
}

TEST(Bf16, KeepsInfinityZeroAndSign) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(static_cast<float>(bf16(infinity)), infinity);
  EXPECT_EQ(static_cast<float>(bf16(-infinity)), -infinity);
  EXPECT_EQ(bf16(0.f).bits, 0x0000);
  EXPECT_EQ(bf16(-0.f).bits, 0x8000);
  EXPECT_EQ(static_cast<float>(bf16(std::numeric_limits<float>::max())), infinity);  // rounds up, as IEEE asks
}

TEST(Bf16, NeverTurnsNanIntoInfinity) {
  // The lowest NaN loses all its payload when cut to 16 bits, the highest overflows when rounded up.
  for (const std::uint32_t bits : {0x7f800001u, 0x7fffffffu, 0xff800001u, 0xffffffffu, 0x7fc00000u}) {
    EXPECT_TRUE(std::isnan(rounded(bits))) << std::hex << bits;
    EXPECT_EQ(std::signbit(rounded(bits)), bits >> 31 == 1) << std::hex << bits;
  }
}

TEST(Bf16, IsComputedInFloat) {
  static_assert(std::is_same_v<compute_t<bf16>, float>);
  static_assert(std::is_same_v<compute_t<double>, double>);
  static_assert(std::is_same_v<compute_t<std::uint8_t>, std::uint8_t>);
}

}  // namespace
}  // namespace akin
