// Convolutions with few channels in a group, on akin's own kernels.
#include "convolutions.hpp"
#include "own_kernels.hpp"

namespace akin_test {
namespace {

using kernels::ConvShape;

template <class T>
class CudaConvSmallGroups : public testing::Test {
  OwnKernels own_;
};
using SmallGroupTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaConvSmallGroups, SmallGroupTypes);

/// A 3 x 3 filter with one pixel of padding.
struct SmallGroupCase {
  std::int64_t n, h, w, groups, inputs, outputs;
  std::int64_t kh = 3, kw = 3, stride_h = 1, stride_w = 1, pad_h = 1, pad_w = 1, dilation_h = 1, dilation_w = 1;

  ConvShape shape() const {
    return with_output({.n = n,
                        .h = h,
                        .w = w,
                        .c = groups * inputs,
                        .oc = groups * outputs,
                        .kh = kh,
                        .kw = kw,
                        .stride_h = stride_h,
                        .stride_w = stride_w,
                        .pad_h = pad_h,
                        .pad_w = pad_w,
                        .dilation_h = dilation_h,
                        .dilation_w = dilation_w,
                        .groups = groups});
  }
};

template <class T>
void compare_small_groups(const SmallGroupCase& c, std::int64_t skip = 0) {
  compare_convolution<T>(c.shape(), skip);
}

TYPED_TEST(CudaConvSmallGroups, AreChosenByShape) {
  const auto chosen = [](const SmallGroupCase& c) { return kernels::detail::has_small_groups<TypeParam>(c.shape()); };
  const bool narrow = std::is_same_v<TypeParam, bf16>;
  EXPECT_TRUE(chosen({1, 4, 4, 2, 1, 1}));
  EXPECT_TRUE(chosen({1, 4, 4, 2, 4, 4}));
  EXPECT_EQ(chosen({1, 4, 4, 2, 8, 1}), !narrow);
  EXPECT_EQ(chosen({1, 4, 4, 2, 1, 8}), !narrow);
  EXPECT_FALSE(chosen({1, 4, 4, 2, 9, 1}));
  EXPECT_FALSE(chosen({1, 4, 4, 2, 1, 9}));
  EXPECT_FALSE(chosen({1, 4, 4, 1, 1, 1}));
}

/// Channels that fill packs and that do not; lines of whole strips, of one pixel, with a rest.
TYPED_TEST(CudaConvSmallGroups, OfSingleChannelsAreTheirTwins) {
  for (const std::int64_t groups : {2, 7, 8, 33, 48})
    for (const std::int64_t width : {1, 4, 9}) compare_small_groups<TypeParam>({2, 5, width, groups, 1, 1});
  compare_small_groups<TypeParam>({1, 2, 3, 272, 1, 1});  // more than a block is wide, in packs of no type's
}

TYPED_TEST(CudaConvSmallGroups, WithAMultiplierAndWithSeveralChannelsAreTheirTwins) {
  compare_small_groups<TypeParam>({2, 5, 6, 8, 1, 3});
  compare_small_groups<TypeParam>({2, 5, 6, 5, 1, 4});
  compare_small_groups<TypeParam>({2, 6, 5, 5, 3, 1});
  compare_small_groups<TypeParam>({1, 5, 7, 3, 2, 4});
  compare_small_groups<TypeParam>({1, 5, 4, 16, 4, 4});
  compare_small_groups<TypeParam>({1, 3, 4, 2, 8, 7});  // as tiles in bf16
}

TYPED_TEST(CudaConvSmallGroups, StridesPaddingAndDilationAreTheirTwins) {
  for (const std::int64_t outputs : {1, 2}) {
    compare_small_groups<TypeParam>({.n = 2,
                                     .h = 9,
                                     .w = 8,
                                     .groups = 8,
                                     .inputs = 1,
                                     .outputs = outputs,
                                     .kh = 5,
                                     .kw = 4,
                                     .stride_h = 2,
                                     .stride_w = 3,
                                     .pad_h = 2,
                                     .pad_w = 1});
    compare_small_groups<TypeParam>({.n = 1,
                                     .h = 11,
                                     .w = 10,
                                     .groups = 16,
                                     .inputs = 1,
                                     .outputs = outputs,
                                     .stride_h = 4,
                                     .stride_w = 2,
                                     .pad_h = 3,
                                     .pad_w = 2,
                                     .dilation_h = 2,
                                     .dilation_w = 3});
    compare_small_groups<TypeParam>({.n = 2,
                                     .h = 4,
                                     .w = 7,
                                     .groups = 3,
                                     .inputs = 1,
                                     .outputs = outputs,
                                     .kh = 1,
                                     .kw = 1,
                                     .stride_h = 3,
                                     .stride_w = 2,
                                     .pad_h = 0,
                                     .pad_w = 0});
    compare_small_groups<TypeParam>({.n = 1,
                                     .h = 3,
                                     .w = 2,
                                     .groups = 4,
                                     .inputs = 1,
                                     .outputs = outputs,
                                     .kh = 2,
                                     .kw = 7,
                                     .pad_h = 4,
                                     .pad_w = 6});
  }
}

/// 1100 pixels in several chunks; also of 25 and 49 terms, which are no multiples of nine.
TYPED_TEST(CudaConvSmallGroups, WeightsOfManyPixelsAndTermsAreTheirTwins) {
  compare_small_groups<TypeParam>({11, 10, 10, 8, 1, 1});
  compare_small_groups<TypeParam>({11, 10, 10, 5, 2, 1});
  compare_small_groups<TypeParam>(
      {.n = 3, .h = 9, .w = 9, .groups = 24, .inputs = 1, .outputs = 1, .kh = 5, .kw = 5, .pad_h = 2, .pad_w = 2});
  compare_small_groups<TypeParam>(
      {.n = 3, .h = 9, .w = 9, .groups = 3, .inputs = 1, .outputs = 2, .kh = 7, .kw = 7, .pad_h = 3, .pad_w = 3});
}

TYPED_TEST(CudaConvSmallGroups, ReadWhatIsNotAligned) {
  compare_small_groups<TypeParam>({2, 5, 6, 16, 1, 1}, 1);
  compare_small_groups<TypeParam>({2, 5, 6, 4, 2, 2}, 1);
}

TYPED_TEST(CudaConvSmallGroups, NoImagesGiveNoGradient) {
  compare_small_groups<TypeParam>({0, 3, 3, 8, 1, 1});
  compare_small_groups<TypeParam>({0, 3, 3, 3, 2, 1});
}

/// Where operands lie must not change a bit.
TYPED_TEST(CudaConvSmallGroups, AddInTheSameOrderWhereNotAligned) {
  using C = compute_t<TypeParam>;
  const ConvShape s = SmallGroupCase{3, 9, 9, 16, 1, 1}.shape();
  const std::int64_t size = s.n * s.h * s.w * s.c, weights = s.oc * 9;
  std::vector<TypeParam> shifted{TypeParam(C(0))};
  for (const double value : Twins().numbers(size)) shifted.push_back(static_cast<TypeParam>(static_cast<C>(value / 3)));
  const std::vector<TypeParam> straight(shifted.begin() + 1, shifted.end());
  const OnDevice<TypeParam> a(straight), b(shifted), out(std::vector<TypeParam>(2 * static_cast<std::size_t>(size))),
      dw(std::vector<TypeParam>(2 * static_cast<std::size_t>(weights)));
  for (int twin = 0; twin < 2; ++twin) {
    const TypeParam* const x = twin ? b.data() + 1 : a.data();
    kernels::conv2d_forward(kernels::Cuda{}, s, x, x, out.data() + twin * size);
    kernels::conv2d_backward_weights(kernels::Cuda{}, s, x, x, dw.data() + twin * weights);
  }
  const auto expect_twice = [](const std::vector<TypeParam>& values) {
    for (std::size_t i = 0; i < values.size() / 2; ++i)
      EXPECT_EQ(static_cast<C>(values[i]), static_cast<C>(values[i + values.size() / 2])) << i;
  };
  expect_twice(out.host());
  expect_twice(dw.host());
}

}  // namespace
}  // namespace akin_test
