// Convolutions by cuDNN: by NVIDIA's on a GPU, by the fake of emulator/cudnn.cpp here.
#include "convolutions.hpp"
#include "own_kernels.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/faults.hpp"
#include "emulator/libraries.hpp"
#include "emulator/memory.hpp"
#endif

#if defined(AKIN_WITH_CUDNN)

namespace akin_test {
namespace {

/// Expects that cuDNN computes as many calls of the body as are said. On a GPU nobody counts.
template <class Body>
void expect_convolutions([[maybe_unused]] std::uint64_t calls, Body body) {
#if defined(AKIN_EMULATOR)
  const std::uint64_t before = emulator::libraries.convolutions;
  body();
  EXPECT_EQ(emulator::libraries.convolutions - before, calls);
#else
  body();
#endif
}

/// All three passes by cuDNN.
template <class T>
void compare_with_cudnn(const kernels::ConvShape& s) {
  expect_convolutions(3, [&] { compare_convolution<T>(s); });
}

template <class T>
class Cudnn : public testing::Test {};
using CudnnTypes = testing::Types<float, bf16>;
TYPED_TEST_SUITE(Cudnn, CudnnTypes);

TYPED_TEST(Cudnn, IsTheTwinOfTheCpu) {
  compare_with_cudnn<TypeParam>({.n = 1, .h = 1, .w = 1, .c = 1, .oc = 1, .kh = 1, .kw = 1});
  compare_with_cudnn<TypeParam>({.n = 2, .h = 3, .w = 5, .c = 24, .oc = 33, .kh = 1, .kw = 1});
  compare_with_cudnn<TypeParam>({.n = 2, .h = 5, .w = 6, .c = 3, .oc = 7, .kh = 3, .kw = 2});
}

TYPED_TEST(Cudnn, TakesPaddingStridesAndDilationThatDiffer) {
  compare_with_cudnn<TypeParam>({.n = 1, .h = 4, .w = 7, .c = 16, .oc = 8, .kh = 5, .kw = 2, .pad_h = 4, .pad_w = 1});
  compare_with_cudnn<TypeParam>(strides_with_a_rest);
  compare_with_cudnn<TypeParam>(dilation_beside_strides);
}

TYPED_TEST(Cudnn, TakesGroupsOfWholeVectors) {
  compare_with_cudnn<TypeParam>(
      {.n = 2, .h = 4, .w = 5, .c = 16, .oc = 32, .kh = 3, .kw = 2, .stride_h = 2, .pad_h = 1, .groups = 2});
}

TYPED_TEST(Cudnn, LeavesTheRestToOwnKernels) {
  const kernels::ConvShape plain{.n = 2, .h = 5, .w = 4, .c = 6, .oc = 9, .kh = 3, .kw = 3, .pad_h = 1, .pad_w = 1};
  expect_convolutions(0, [&] {
    compare_convolution<double>(plain);
    compare_convolution<TypeParam>(plain, 1);  // off 16 bytes
    kernels::ConvShape s = plain;
    s.groups = 3;
    compare_convolution<TypeParam>(s);
    s = plain, s.n = 0;
    compare_convolution<TypeParam>(s);
    s = plain, s.pad_h = 3;
    compare_convolution<TypeParam>(s);
    s = plain, s.pad_w = 3;
    compare_convolution<TypeParam>(s);
  });
  const OwnKernels own;
  expect_convolutions(0, [&] { compare_convolution<TypeParam>(plain); });
}

TEST(CudnnRule, TakesOperandsBelow2To31Values) {
  const auto takes = [](kernels::ConvShape s) {
    return kernels::detail::cudnn_takes<float>(with_output(s), {nullptr, nullptr, nullptr});
  };
  const kernels::ConvShape most{.n = 1 << 10, .h = 1 << 10, .w = 1 << 10, .c = 1, .oc = 1, .kh = 1, .kw = 1};
  EXPECT_TRUE(takes(most));
  kernels::ConvShape s = most;
  s.c = 2;
  EXPECT_FALSE(takes(s));
  s = most, s.oc = 2;
  EXPECT_FALSE(takes(s));
  EXPECT_TRUE(takes({.n = 1, .h = 1, .w = 1, .c = 1 << 15, .oc = (1 << 16) - 1, .kh = 1, .kw = 1}));
  EXPECT_FALSE(takes({.n = 1, .h = 1, .w = 1, .c = 1 << 15, .oc = 1 << 16, .kh = 1, .kw = 1}));
}

TEST(CudnnRule, BuildsWithAndWithoutItDoNotLink) {
  EXPECT_NE(std::string(AKIN_QUOTE(AKIN_ABI)).find("cudnn"), std::string::npos);
}

/// 1 + 2^-12 is no number of TF32. The sums of 9 products of all three passes.
std::vector<float> convolutions_of_fine_numbers() {
  const auto s = with_output({.n = 3, .h = 3, .w = 1, .c = 9, .oc = 9, .kh = 1, .kw = 1});
  const std::vector<float> host(81, 1 + 0x1p-12f);
  const OnDevice<float> x(host), w(host), dy(host), y(host), dx(host), dw(host);
  kernels::conv2d_forward(kernels::Cuda{}, s, x.data(), w.data(), y.data());
  kernels::conv2d_backward_data(kernels::Cuda{}, s, dy.data(), w.data(), dx.data());
  kernels::conv2d_backward_weights(kernels::Cuda{}, s, x.data(), dy.data(), dw.data());
  std::vector<float> all = y.host();
  for (const auto& more : {dx.host(), dw.host()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(CudnnPrecision, IsThatOfFloatUnlessTf32IsAllowed) {
  const float exact = 9 * (1 + 0x1p-12f) * (1 + 0x1p-12f);
  for (const float y : convolutions_of_fine_numbers()) EXPECT_NEAR(y, exact, 1e-5f);
  allow_tf32(true);
  const auto rounded = convolutions_of_fine_numbers();
  allow_tf32(false);
#if defined(AKIN_EMULATOR)  // a GPU may
  for (const float y : rounded) EXPECT_EQ(y, 9);
#endif
  for (const float y : convolutions_of_fine_numbers()) EXPECT_NEAR(y, exact, 1e-5f);
}

#if defined(AKIN_EMULATOR)
constexpr kernels::ConvShape small_convolution{.n = 1, .h = 4, .w = 4, .c = 2, .oc = 3, .kh = 2, .kw = 2};

TEST(CudnnPlans, AreAskedForOnce) {
  const auto asked = [](const kernels::ConvShape& s) {
    const std::uint64_t before = emulator::libraries.workspace_queries;
    compare_convolution<float>(s);
    return emulator::libraries.workspace_queries - before;
  };
  kernels::ConvShape s = small_convolution;
  EXPECT_EQ(asked(s), 3u);
  EXPECT_EQ(asked(s), 0u);
  s.stride_w = 2;
  EXPECT_EQ(asked(s), 3u);
  EXPECT_EQ(asked(s), 0u);
}

TEST(CudnnPlans, WhatItRefusesRunsOnOwnKernels) {
  kernels::ConvShape s = small_convolution;
  s.n = 2;
  emulator::libraries.refuse = true;
  expect_convolutions(0, [&] { compare_convolution<float>(s); });
  emulator::libraries.refuse = false;
  const std::uint64_t before = emulator::libraries.workspace_queries;
  expect_convolutions(0, [&] { compare_convolution<float>(s); });
  EXPECT_EQ(emulator::libraries.workspace_queries, before);  // it was told once
}

/// Convolutions of new shapes, of which the n-th call that can fail does, for every n.
TEST(CudnnErrors, NameTheOpAndLeakNothing) {
  const std::vector<float> host(1000, 1);
  std::uint64_t n = 0;
  for (bool struck = true; struck;) {
    emulator::reset();
    const OnDevice<float> x(host), w(host), y(host);
    const auto before = emulator::heap.live_blocks;
    kernels::ConvShape s = small_convolution;
    s.w = 5 + static_cast<std::int64_t>(++n);
    emulator::faults.calls = 0;
    emulator::faults.fail_at = n;
    std::string error;
    try {
      kernels::conv2d_forward(kernels::Cuda{}, with_output(s), x.data(), w.data(), y.data());
      kernels::conv2d_backward_data(kernels::Cuda{}, with_output(s), y.data(), w.data(), x.data());
      kernels::conv2d_backward_weights(kernels::Cuda{}, with_output(s), x.data(), y.data(), w.data());
    } catch (const Error& thrown) {
      error = thrown.what();
    }
    struck = !emulator::faults.struck.empty();
    EXPECT_EQ(error.empty(), !struck) << emulator::faults.struck << ", call " << n << ": " << error;
    EXPECT_TRUE(!struck || error.rfind("conv2d", 0) == 0) << error;
    cudaDeviceSynchronize();
    EXPECT_EQ(emulator::heap.live_blocks, before) << "call " << n;
  }
  EXPECT_GT(n, 18u);
  emulator::reset();
}
#endif

}  // namespace
}  // namespace akin_test

#endif
