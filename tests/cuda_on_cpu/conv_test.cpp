// Convolutions on akin's own kernels.
#include "convolutions.hpp"
#include "own_kernels.hpp"

namespace akin_test {
namespace {

using kernels::ConvShape;

template <class T>
class CudaConv : public testing::Test {
  OwnKernels own_;
};
using Types = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaConv, Types);

TYPED_TEST(CudaConv, OneByOne) {
  compare_convolution<TypeParam>({.n = 1, .h = 1, .w = 1, .c = 1, .oc = 1, .kh = 1, .kw = 1});
  compare_convolution<TypeParam>({.n = 2, .h = 3, .w = 5, .c = 24, .oc = 65, .kh = 1, .kw = 1});
}

TYPED_TEST(CudaConv, PaddingOnEitherAxis) {
  compare_convolution<TypeParam>({.n = 2, .h = 5, .w = 6, .c = 3, .oc = 7, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1});
  compare_convolution<TypeParam>({.n = 1, .h = 4, .w = 7, .c = 16, .oc = 8, .kh = 5, .kw = 2, .pad_h = 4, .pad_w = 1});
}

TYPED_TEST(CudaConv, StridesThatDifferAndLeaveARest) { compare_convolution<TypeParam>(strides_with_a_rest); }

TYPED_TEST(CudaConv, StridesWiderThanTheKernelSkipPixels) {
  compare_convolution<TypeParam>(
      {.n = 3, .h = 7, .w = 5, .c = 5, .oc = 3, .kh = 1, .kw = 1, .stride_h = 2, .stride_w = 3});
  compare_convolution<TypeParam>(
      {.n = 1, .h = 2, .w = 1, .c = 2, .oc = 3, .kh = 1, .kw = 1, .stride_h = 4, .stride_w = 4});
}

TYPED_TEST(CudaConv, DilationWithAndWithoutACommonFactorOfTheStride) {
  compare_convolution<TypeParam>(dilation_beside_strides);
}

TYPED_TEST(CudaConv, GroupsInChunksAndNotAndOfOneChannel) {
  compare_convolution<TypeParam>(
      {.n = 2, .h = 4, .w = 5, .c = 16, .oc = 32, .kh = 3, .kw = 2, .stride_h = 2, .pad_h = 1, .groups = 2});
  compare_convolution<TypeParam>({.n = 2, .h = 4, .w = 4, .c = 6, .oc = 9, .kh = 3, .kw = 3, .pad_w = 1, .groups = 3});
  compare_convolution<TypeParam>({.n = 1, .h = 5, .w = 4, .c = 4, .oc = 8, .kh = 3, .kw = 3, .pad_h = 1, .groups = 4});
}

TYPED_TEST(CudaConv, ManyPixelsAreSlicedForTheWeights) {  // 1100 terms
  compare_convolution<TypeParam>(
      {.n = 11, .h = 10, .w = 10, .c = 3, .oc = 5, .kh = 2, .kw = 2, .pad_h = 1, .pad_w = 1});
}

TYPED_TEST(CudaConv, NoImagesAndNoOutputs) {
  compare_convolution<TypeParam>({.n = 0, .h = 3, .w = 3, .c = 2, .oc = 3, .kh = 2, .kw = 2});
}

TEST(CudaConvClasses, EveryPixelAndEveryProductOfAnAxisIsInOne) {
  for (std::int64_t stride = 1; stride < 5; ++stride)
    for (std::int64_t dilation = 1; dilation < 5; ++dilation)
      for (std::int64_t pad = 0; pad < 3; ++pad) {
        const std::int64_t in = 13, kernel = 3, out = (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
        std::int64_t pixels = 0, products = 0;
        for (std::int64_t first = 0; first < stride; ++first) {
          const auto axis = kernels::detail::data_axis(first, in, out, kernel, stride, pad, dilation);
          pixels += axis.patch.positions;
          for (std::int64_t p = 0; p < axis.patch.positions; ++p)
            for (std::int64_t k = 0; k < axis.patch.taps; ++k) {
              const std::int64_t o = p + axis.patch.origin + k * axis.patch.tap_step, i = first + p * stride,
                                 tap = axis.pixels.first_tap + k * axis.pixels.tap_stride;
              EXPECT_EQ(o * stride, i + pad - tap * dilation);
              products += o >= 0 && o < out;
            }
        }
        std::int64_t wanted = 0;
        for (std::int64_t o = 0; o < out; ++o)
          for (std::int64_t tap = 0; tap < kernel; ++tap) {
            const std::int64_t i = o * stride - pad + tap * dilation;
            wanted += i >= 0 && i < in;
          }
        EXPECT_EQ(pixels, in);
        EXPECT_EQ(products, wanted) << "stride " << stride << " dilation " << dilation << " pad " << pad;
      }
}

TEST(CudaConv, RefusesWhatItCannotCount) {
  const ConvShape s{.n = 1 << 20, .h = 1 << 10, .w = 1 << 10, .c = 1, .oc = 1, .kh = 1, .kw = 1, .oh = 1, .ow = 1};
  EXPECT_THROW(kernels::conv2d_forward<float>(kernels::Cuda{}, s, nullptr, nullptr, nullptr), Error);
}

TEST(CudaDivisor, DividesAsTheProcessorDoes) {
  constexpr int most = std::numeric_limits<int>::max();
  for (const int d : {1, 2, 3, 5, 7, 9, 64, 641, 1000003, (1 << 30) - 1, 1 << 30, most - 1, most}) {
    const kernels::Divisor divisor(d);
    for (const std::int64_t x :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{d} - 1, std::int64_t{d}, std::int64_t{d} + 1,
          2 * std::int64_t{d} - 1, std::int64_t{most} / d * d, std::int64_t{most} / d * d - 1, std::int64_t{most}})
      if (x <= most) {
        const int n = static_cast<int>(x);
        EXPECT_EQ(n / divisor, n / d);
        EXPECT_EQ(n % divisor, n % d);
      }
  }
}

}  // namespace
}  // namespace akin_test
