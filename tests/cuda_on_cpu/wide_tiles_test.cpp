// Products in tiles of 128 x 128, which are chosen for large shapes only: here small ones have to take them.
#include "convolutions.hpp"
#include "own_kernels.hpp"
#include "products.hpp"
#include "support/sanitized.hpp"

namespace akin_test {
namespace {

template <class T>
class CudaWideTiles : public testing::Test {
  OwnKernels own_;
};
using TypesInWideTiles = testing::Types<float, bf16>;  // f64 has none
TYPED_TEST_SUITE(CudaWideTiles, TypesInWideTiles);

TYPED_TEST(CudaWideTiles, BatchesOfStoredMatricesAreTheirTwins) {
  const std::int64_t count = 67;  // of two tiles
  std::vector<std::int64_t> offset(count);
  for (std::size_t i = 0; i < offset.size(); ++i) offset[i] = static_cast<std::int64_t>(i % 5) * 8;
  for (int transposes = 0; transposes < 4; transposes += akin::test::sanitized ? 3 : 1) {
    const kernels::GemmShape s = product_of(72, 136, 8, transposes, 0);
    ASSERT_TRUE(kernels::detail::fills_wide_tiles({s.m, s.n, s.k, count}));
    compare_products<TypeParam>(s, offset, offset);
  }
}

/// The three products of a convolution of one group and stride 1, as conv.hpp has them, but in wide tiles.
template <class T>
struct WideConvolution {
  kernels::ConvShape s;

  using Tile = kernels::detail::ProductTile<T, 2>;
  void forward(kernels::Cuda queue, const T* x, const T* w, T* y) const {
    using namespace kernels::detail;
    const std::int64_t terms = s.kh * s.kw * s.c;
    multiply_in_tiles<Tile>("conv2d", queue, {s.n * s.oh * s.ow, s.oc, terms, 1}, input_patches(s, x),
                            matrix_operand<true>(w, s.oc, terms, terms, 0), EvenRows<T>{y, s.oc, 0});
  }
  void backward_data(kernels::Cuda queue, const T* dy, const T* w, T* dx) const {
    using namespace kernels::detail;
    const ClassAxis v = data_axis(0, s.h, s.oh, s.kh, 1, s.pad_h, 1), h = data_axis(0, s.w, s.ow, s.kw, 1, s.pad_w, 1);
    multiply_in_tiles<Tile>("conv2d backward data", queue,
                            {s.n * v.patch.positions * h.patch.positions, s.c, v.patch.taps * h.patch.taps * s.oc, 1},
                            Patches<T>(dy, s.n, s.oc, 1, v.patch, h.patch), ClassWeights<T>(w, s, v, h),
                            ClassRows<T>(dx, s, v, h));
  }
  void backward_weights(kernels::Cuda queue, const T* x, const T* dy, T* dw) const {
    using namespace kernels::detail;
    const std::int64_t taps = s.kh * s.kw * s.c, pixels = s.n * s.oh * s.ow;
    multiply_in_tiles<Tile>("conv2d backward weights", queue, {s.oc, taps, pixels, 1},
                            matrix_operand<false>(dy, s.oc, pixels, s.oc, 0), PatchesAcross<T>(input_patches(s, x)),
                            EvenRows<T>{dw, taps, 0});
  }
  void forward(kernels::Cpu cpu, const T* x, const T* w, T* y) const { kernels::conv2d_forward(cpu, s, x, w, y); }
  void backward_data(kernels::Cpu cpu, const T* dy, const T* w, T* dx) const {
    kernels::conv2d_backward_data(cpu, s, dy, w, dx);
  }
  void backward_weights(kernels::Cpu cpu, const T* x, const T* dy, T* dw) const {
    kernels::conv2d_backward_weights(cpu, s, x, dy, dw);
  }
};

TYPED_TEST(CudaWideTiles, ConvolutionsAreTheirTwins) {
  const kernels::ConvShape s = with_output(
      {.n = 2, .h = 9, .w = 8, .c = 16, .oc = 136, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1});  // 144 pixels and taps
  const std::int64_t pixels = s.n * s.h * s.w;
  Twins twins;
  const auto x = twins.input(pixels * s.c), w = twins.input(s.oc * 9 * s.c), dy = twins.input(pixels * s.oc);
  const auto y = twins.output(pixels * s.oc), dx = twins.output(pixels * s.c), dw = twins.output(s.oc * 9 * s.c);
  twins.compare<TypeParam>([&](auto queue, auto at) {
    using T = std::remove_reference_t<decltype(*at(y))>;
    if constexpr (std::is_same_v<T, double>) {
      kernels::conv2d_forward(kernels::Cpu{}, s, at(x), at(w), at(y));
      kernels::conv2d_backward_data(kernels::Cpu{}, s, at(dy), at(w), at(dx));
      kernels::conv2d_backward_weights(kernels::Cpu{}, s, at(x), at(dy), at(dw));
    } else {
      const WideConvolution<T> wide{s};
      wide.forward(queue, at(x), at(w), at(y));
      wide.backward_data(queue, at(dy), at(w), at(dx));
      wide.backward_weights(queue, at(x), at(dy), at(dw));
    }
  });
}

/// Few pixels and many terms: the sums are cut into slices, and the rows that take them lie apart.
template <class T>
class CudaSlicedSums : public testing::Test {
  OwnKernels own_;
};
using TypesOfSlicedSums = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaSlicedSums, TypesOfSlicedSums);

TYPED_TEST(CudaSlicedSums, OfAGradientForTheDataAreItsTwin) {
  compare_convolution<TypeParam>({.n = 1, .h = 3, .w = 4, .c = 5, .oc = 1040, .kh = 1, .kw = 1});
}

}  // namespace
}  // namespace akin_test
