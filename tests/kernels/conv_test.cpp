#include <akin/ops/elementwise.hpp>
#include <akin/ops/kernels.hpp>
#include <vector>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

using kernels::ConvShape;
using kernels::Cpu;

/// Fills in the output size.
ConvShape sized(ConvShape s) {
  s.oh = (s.h + 2 * s.pad_h - s.dilation_h * (s.kh - 1) - 1) / s.stride_h + 1;
  s.ow = (s.w + 2 * s.pad_w - s.dilation_w * (s.kw - 1) - 1) / s.stride_w + 1;
  return s;
}

std::string describe(const ConvShape& s) {
  return cat("n", s.n, " ", s.h, "x", s.w, "x", s.c, " -> ", s.oc, " kernel ", s.kh, "x", s.kw, " stride ", s.stride_h,
             "x", s.stride_w, " pad ", s.pad_h, "x", s.pad_w, " dilation ", s.dilation_h, "x", s.dilation_w, " groups ",
             s.groups);
}

/// The shapes that take different paths: few and many channels, partial tiles and panels, whole and partial image
/// blocks, taps that never leave the padding, runs along rows and along images, several lanes.
std::vector<ConvShape> awkward_shapes() {
  return {
      sized({.n = 1, .h = 1, .w = 1, .c = 1, .oc = 1, .kh = 1, .kw = 1}),
      sized({.n = 1, .h = 1, .w = 1, .c = 9, .oc = 3, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1}),
      sized({.n = 9, .h = 7, .w = 7, .c = 1, .oc = 33, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1}),
      sized({.n = 2, .h = 9, .w = 8, .c = 3, .oc = 7, .kh = 5, .kw = 3, .stride_h = 2, .stride_w = 1, .pad_h = 2}),
      sized({.n = 17,
             .h = 5,
             .w = 6,
             .c = 13,
             .oc = 34,
             .kh = 3,
             .kw = 3,
             .stride_h = 2,
             .stride_w = 2,
             .pad_h = 1,
             .pad_w = 1}),
      sized({.n = 3,
             .h = 7,
             .w = 5,
             .c = 8,
             .oc = 65,
             .kh = 2,
             .kw = 3,
             .stride_h = 3,
             .stride_w = 2,
             .pad_h = 1,
             .pad_w = 2}),
      sized({.n = 8, .h = 4, .w = 4, .c = 16, .oc = 8, .kh = 1, .kw = 1, .stride_h = 2, .stride_w = 2}),
      sized({.n = 2,
             .h = 11,
             .w = 9,
             .c = 10,
             .oc = 5,
             .kh = 3,
             .kw = 3,
             .pad_h = 2,
             .pad_w = 2,
             .dilation_h = 2,
             .dilation_w = 3}),
      sized({.n = 2, .h = 6, .w = 6, .c = 6, .oc = 9, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1, .groups = 3}),
      sized({.n = 10,
             .h = 5,
             .w = 5,
             .c = 20,
             .oc = 18,
             .kh = 3,
             .kw = 2,
             .stride_h = 2,
             .stride_w = 1,
             .pad_h = 1,
             .groups = 2}),
      sized({.n = 1, .h = 4, .w = 4, .c = 12, .oc = 12, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1, .groups = 12}),
  };
}

/// Rows that are cut into pieces of unequal height, which share rows of the image.
ConvShape large_image(std::int64_t stride) {
  return sized({.n = 2,
                .h = 101,
                .w = 180,
                .c = 9,
                .oc = 3,
                .kh = 3,
                .kw = 2,
                .stride_h = stride,
                .stride_w = 7,
                .pad_h = 1,
                .pad_w = 1});
}

template <class T>
void compare_all_passes(const ConvShape& s, tol::Tolerance tolerance, double scale = 0.3) {
  const Array x = random_array({s.n, s.h, s.w, s.c}, 1, dtype_of<T>, scale),
              dy = random_array({s.n, s.oh, s.ow, s.oc}, 2, dtype_of<T>, scale);
  const Array w = random_array({s.oc, s.kh, s.kw, s.c / s.groups}, 3, dtype_of<T>, scale);
  const auto filled = [](const Array& like) { return Array::full(like.shape(), 7, dtype_of<T>); };
  Array fast = filled(dy), naive = filled(dy);
  kernels::conv2d_forward(Cpu{}, s, x.data<T>(), w.data<T>(), fast.mut<T>());
  kernels::conv2d_forward_naive(Cpu{}, s, x.data<T>(), w.data<T>(), naive.mut<T>());
  expect_close(fast, naive, tolerance, "forward " + describe(s));
  fast = filled(x), naive = filled(x);
  kernels::conv2d_backward_data(Cpu{}, s, dy.data<T>(), w.data<T>(), fast.mut<T>());
  kernels::conv2d_backward_data_naive(Cpu{}, s, dy.data<T>(), w.data<T>(), naive.mut<T>());
  expect_close(fast, naive, tolerance, "backward data " + describe(s));
  fast = filled(w), naive = filled(w);
  kernels::conv2d_backward_weights(Cpu{}, s, x.data<T>(), dy.data<T>(), fast.mut<T>());
  kernels::conv2d_backward_weights_naive(Cpu{}, s, x.data<T>(), dy.data<T>(), naive.mut<T>());
  expect_close(fast, naive, tolerance, "backward weights " + describe(s));
}

TEST(Conv2d, AllPassesAgreeWithTheDefinitionInF64) {
  for (const auto& s : awkward_shapes()) compare_all_passes<double>(s, tol::f64);
}

TEST(Conv2d, AllPassesAgreeWithTheDefinitionInF32) {
  for (const auto& s : awkward_shapes()) compare_all_passes<float>(s, tol::reduce_f32);
}

TEST(Conv2d, WeightsOfManyChannelsAreTakenInSlices) {  // a few taps of a panel at a time, forward and backward
  for (const std::int64_t c : {600, 33}) {
    ConvShape s{.n = 2, .h = 3, .w = 4, .c = c, .oc = 633 - c, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1};
    s.algorithm = kernels::ConvAlgorithm::direct;
    compare_all_passes<float>(sized(s), tol::reduce_f32, 0.1);  // 5,400 terms
    compare_all_passes<bf16>(sized(s), tol::bf16, 0.1);
  }
}

TEST(Conv2d, Bf16IsSummedInFloat) {
  for (const auto& s : awkward_shapes()) compare_all_passes<bf16>(s, tol::bf16);
}

/// What processors with a dot product of bf16 pairs run, here by whatever the machine has. Results may be float or bf16.
template <class D>
void compare_pairs_of_channels(const ConvShape& s, tol::Tolerance tolerance) {
  const Array x = random_array({s.n, s.h, s.w, s.c}, 1, DType::bf16, 0.3),
              dy = random_array({s.n, s.oh, s.ow, s.oc}, 2, DType::bf16, 0.3);
  const Array w = random_array({s.oc, s.kh, s.kw, s.c / s.groups}, 3, DType::bf16, 0.3);
  const Array wide_w = ops::cast(w, DType::f32);
  Array y = Array::full(dy.shape(), 7, dtype_of<D>), naive_y = Array::full(dy.shape(), 8);
  kernels::detail::direct_forward_pairs(s, x.data<bf16>(), w.data<bf16>(), y.mut<D>());
  kernels::conv2d_forward_naive(Cpu{}, s, ops::cast(x, DType::f32).data<float>(), wide_w.data<float>(),
                                naive_y.mut<float>());
  expect_close(ops::cast(y, DType::f32), naive_y, tolerance, "forward " + describe(s));
  Array dx = Array::full(x.shape(), 7, dtype_of<D>), naive_dx = Array::full(x.shape(), 8);
  kernels::detail::direct_data_pairs(s, dy.data<bf16>(), w.data<bf16>(), dx.mut<D>());
  kernels::conv2d_backward_data_naive(Cpu{}, s, ops::cast(dy, DType::f32).data<float>(), wide_w.data<float>(),
                                      naive_dx.mut<float>());
  expect_close(ops::cast(dx, DType::f32), naive_dx, tolerance, "backward data " + describe(s));
}
TEST(Conv2d, PairsOfBf16AreMultipliedExactly) {
  ConvShape grouped = awkward_shapes()[9];
  grouped.oc = 20;
  for (const auto& s : {awkward_shapes()[6], grouped}) {  // even channels; strides, padding, groups
    compare_pairs_of_channels<float>(s, tol::reduce_f32);
    compare_pairs_of_channels<bf16>(s, tol::bf16);
  }
}

/// Strides, padding, dilation, groups; even and odd numbers of images, of which the last has no partner.
TEST(Conv2d, PairsOfBf16ImagesGiveTheGradientOfWeights) {
  const auto shapes = awkward_shapes();
  const auto several_lanes =
      sized({.n = 41, .h = 9, .w = 9, .c = 16, .oc = 40, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1});
  const auto several_chunks =
      sized({.n = 61, .h = 3, .w = 3, .c = 9, .oc = 5, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1});
  for (const auto& s : {shapes[1], shapes[4], shapes[5], shapes[6], shapes[7], shapes[9], shapes[10], several_lanes,
                        several_chunks, large_image(1), large_image(2)}) {
    const Array x = random_array({s.n, s.h, s.w, s.c}, 1, DType::bf16, 0.3),
                dy = random_array({s.n, s.oh, s.ow, s.oc}, 2, DType::bf16, 0.3);
    Array dw = Array::full({s.oc, s.kh, s.kw, s.c / s.groups}, 7), naive = Array::full(dw.shape(), 8);
    kernels::detail::sum_weight_tasks<kernels::Bf16Pair>(s, x.data<bf16>(), dy.data<bf16>(), dw.mut<float>());
    kernels::conv2d_backward_weights_naive(Cpu{}, s, ops::cast(x, DType::f32).data<float>(),
                                           ops::cast(dy, DType::f32).data<float>(), naive.mut<float>());
    expect_close(dw, naive, tol::reduce_f32, describe(s));
  }
}

TEST(Conv2d, LargeImagesAreCutIntoRows) {  // the gradient of weights works on pieces
  for (const std::int64_t stride : {1, 2}) compare_all_passes<float>(large_image(stride), tol::reduce_f32);
}

/// 3x3 layers of stride 1, by Winograd's algorithm: whole and cut tiles, every padding, more tiles than a block, a chunk
/// or a task holds, channels that fill no vector, one vector, several panels, more panels than a group.
std::vector<ConvShape> winograd_shapes() {
  const auto shape = [](std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t oc,
                        std::int64_t pad_h, std::int64_t pad_w) {
    return sized({.n = n,
                  .h = h,
                  .w = w,
                  .c = c,
                  .oc = oc,
                  .kh = 3,
                  .kw = 3,
                  .pad_h = pad_h,
                  .pad_w = pad_w,
                  .algorithm = kernels::ConvAlgorithm::winograd});
  };
  return {shape(1, 1, 1, 1, 1, 1, 1),   shape(2, 8, 8, 16, 32, 1, 1), shape(1, 3, 3, 5, 7, 0, 0),
          shape(3, 7, 9, 9, 33, 1, 1),  shape(2, 5, 6, 33, 8, 2, 0),  shape(2, 4, 5, 17, 3, 0, 2),
          shape(13, 10, 8, 3, 2, 1, 1), shape(5, 31, 33, 2, 5, 1, 2), shape(8, 57, 57, 2, 3, 1, 1),
          shape(1, 4, 4, 270, 3, 1, 1)};
}

TEST(Conv2d, WinogradAgreesWithTheDefinitionInAllPasses) {
  for (const auto& s : winograd_shapes()) {
    compare_all_passes<double>(s, tol::winograd_f64);
    compare_all_passes<float>(s, tol::winograd_f32);
    compare_all_passes<bf16>(s, tol::bf16);
  }
}

TEST(Conv2d, ChoosesWinogradForLargeLayersThatAreSummedInFloat) {
  ConvShape s = sized({.n = 1, .h = 8, .w = 8, .c = 32, .oc = 32, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1});
  EXPECT_TRUE(kernels::detail::uses_winograd<float>(s));
  EXPECT_TRUE(kernels::detail::uses_winograd<bf16>(s));
  EXPECT_FALSE(kernels::detail::uses_winograd<double>(s));
  s.algorithm = kernels::ConvAlgorithm::direct;
  EXPECT_FALSE(kernels::detail::uses_winograd<float>(s));
  s.algorithm = kernels::ConvAlgorithm::automatic;
  ConvShape other = s;
  other.oc = 31;  // the transforms would outweigh the products
  EXPECT_FALSE(kernels::detail::uses_winograd<float>(other));
  other = s, other.h = other.w = 2;
  EXPECT_FALSE(kernels::detail::uses_winograd<float>(sized(other)));  // three quarters of a tile would be wasted
  other = s, other.stride_w = 2;
  EXPECT_FALSE(kernels::detail::uses_winograd<float>(sized(other)));
}

template <class T>
void expect_same_bits_at_any_thread_count(kernels::ConvAlgorithm algorithm) {
  const auto s = sized(
      {.n = 41, .h = 9, .w = 9, .c = 16, .oc = 40, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1, .algorithm = algorithm});
  const Array x = random_array({s.n, s.h, s.w, s.c}, 1, dtype_of<T>),
              dy = random_array({s.n, s.oh, s.ow, s.oc}, 2, dtype_of<T>);
  const Array w = random_array({s.oc, s.kh, s.kw, s.c}, 3, dtype_of<T>);
  Array first[3];
  for (const int count : {1, 3}) {
    const test::WithThreads scope(count);
    Array y = empty_like(dy), dx = empty_like(x), dw = empty_like(w);
    kernels::conv2d_forward(Cpu{}, s, x.data<T>(), w.data<T>(), y.mut<T>());
    kernels::conv2d_backward_data(Cpu{}, s, dy.data<T>(), w.data<T>(), dx.mut<T>());
    kernels::conv2d_backward_weights(Cpu{}, s, x.data<T>(), dy.data<T>(), dw.mut<T>());
    const Array results[] = {y, dx, dw};
    for (int i = 0; i < 3; ++i)
      first[i].defined() ? expect_close(results[i], first[i], tol::exact) : void(first[i] = results[i]);
  }
}

TEST(Conv2d, GivesTheSameBitsAtAnyThreadCount) {
  for (const auto algorithm : {kernels::ConvAlgorithm::direct, kernels::ConvAlgorithm::winograd}) {
    expect_same_bits_at_any_thread_count<float>(algorithm);
    expect_same_bits_at_any_thread_count<bf16>(algorithm);
  }
}

}  // namespace
}  // namespace akin
