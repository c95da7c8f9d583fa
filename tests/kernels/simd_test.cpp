#include <akin/ops/kernels.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "support/test.hpp"

namespace akin {
namespace {

using namespace kernels;

template <class T>
struct Simd : testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Simd, Types);

TYPED_TEST(Simd, AVectorFillsOneRegister) { EXPECT_EQ(sizeof(Vec<TypeParam>), std::size_t{AKIN_SIMD_BYTES}); }

TYPED_TEST(Simd, LoadAndStoreNeedNoAlignment) {
  std::vector<TypeParam> in(lanes<TypeParam> + 1), out(in.size(), -1);
  std::iota(in.begin(), in.end(), TypeParam(5));
  store<TypeParam>(out.data() + 1, load(in.data() + 1));
  EXPECT_EQ(out[0], -1);
  for (std::size_t i = 1; i < in.size(); ++i) EXPECT_EQ(out[i], in[i]);
}

TYPED_TEST(Simd, PartialLoadsFillWithZerosAndPartialStoresTouchNothingElse) {
  const std::vector<TypeParam> in{3};
  std::vector<TypeParam> out(lanes<TypeParam>, 9);
  const auto v = load_first(in.data(), 1);
  EXPECT_EQ(v[0], 3);
  for (int i = 1; i < lanes<TypeParam>; ++i) EXPECT_EQ(v[i], 0);
  store_first<TypeParam>(out.data(), v, 1);
  EXPECT_EQ(out[0], 3);
  for (int i = 1; i < lanes<TypeParam>; ++i) EXPECT_EQ(out[i], 9);
}

TYPED_TEST(Simd, BroadcastKeepsTheSignOfZero) {
  const auto v = broadcast(TypeParam(-0.0));
  for (int i = 0; i < lanes<TypeParam>; ++i) EXPECT_TRUE(std::signbit(v[i]));
}

/// The instruction for it is not for vectors that hold a denormal, whatever the other lanes are.
TEST(SimdOfBf16, RoundsMixedVectors) {
  const float values[] = {1e-40f,
                          std::numeric_limits<float>::quiet_NaN(),
                          1.00390625f,  // a tie
                          std::numeric_limits<float>::infinity(),
                          -0.0f,
                          3.4e38f,  // becomes infinity
                          -1.01171875f};
  for (int first = 0; first < 7; ++first) {
    float in[lanes<float>];
    bf16 out[lanes<float>];
    for (int i = 0; i < lanes<float>; ++i) in[i] = values[(first + i) % 7];
    store(out, load(in));
    for (int i = 0; i < lanes<float>; ++i) ASSERT_EQ(out[i].bits, bf16(in[i]).bits) << in[i];
  }
}

/// Every upper half with the lower halves that rounding tells apart: below, at and above the middle.
TEST(SimdOfBf16, RoundsAsOneValueDoes) {
  float in[lanes<float>];
  bf16 out[lanes<float>];
  for (std::uint32_t upper = 0; upper <= 0xffffu; ++upper) {
    for (int i = 0; i < lanes<float>; ++i) {
      constexpr std::uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
      in[i] = __builtin_bit_cast(float, upper << 16 | lower[i % 6]);
    }
    store(out, load(in));
    for (int i = 0; i < lanes<float>; ++i) ASSERT_EQ(out[i].bits, bf16(in[i]).bits) << std::hex << upper;
    if (in[0] == in[0]) {
      const Vec<float> wide = load(out);
      for (int i = 0; i < lanes<float>; ++i) ASSERT_EQ(bf16(wide[i]).bits, out[i].bits) << std::hex << upper;
    }
  }
}

TEST(SimdOfBf16, PartialLoadsFillWithZerosAndPartialStoresTouchNothingElse) {
  const bf16 in[] = {bf16(3.0f), bf16(-2.0f)};
  const Vec<float> v = load_first(in, 2);
  bf16 out[lanes<float>];
  std::fill_n(out, lanes<float>, bf16(9.0f));
  store_first(out, v, 2);
  for (int i = 0; i < lanes<float>; ++i) {
    EXPECT_EQ(v[i], i < 2 ? static_cast<float>(in[i]) : 0.0f);
    EXPECT_EQ(out[i], i < 2 ? in[i] : bf16(9.0f));
  }
}

TEST(Scratch, IsAlignedForVectorsEvenWhenEmpty) {
  for (const std::int64_t count : {0, 1, 33}) {
    const Scratch<float> scratch(count);
    ASSERT_NE(scratch.data(), nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(scratch.data()) % 64, 0u);
  }
}

TEST(Scratch, Bf16SurvivesWideningAndNarrowing) {
  const std::vector<bf16> in{bf16(1.5f), bf16(-0.0f), bf16(3e38f)};
  std::vector<bf16> out(in.size());
  narrow(widened(in.data(), 3).data(), 3, out.data());
  for (std::size_t i = 0; i < in.size(); ++i) EXPECT_EQ(out[i], in[i]);
}

}  // namespace
}  // namespace akin
