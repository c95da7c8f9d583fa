// Linear layers beside those of the CPU: in one pass by cuBLAS, or product and bias one after the other.
#include "kernels/cpu/linear.hpp"
#include "kernels/cuda/linear.hpp"
#include "own_kernels.hpp"
#include "products.hpp"

namespace akin_test {
namespace {

using kernels::GemmShape;

/// y [m, n] = op(x) op(w) + bias. x and w have lines that are `more` elements longer; bias begins behind `skip` others.
template <class T>
void compare_linear(GemmShape s, std::int64_t skip = 0) {
  s.ldc = s.n;
  SCOPED_TRACE(cat(s.m, " x ", s.n, " x ", s.k, s.transpose_a ? " x^T" : "", s.transpose_b ? " w^T" : ""));
  Twins twins;
  const auto x = twins.input(size_of_a(s)), w = twins.input(size_of_b(s)), bias = twins.input(s.n + skip),
             y = twins.output(s.m * s.n);
  twins.compare<T>([&](auto queue, auto at) { kernels::linear(queue, s, at(x), at(w), at(bias) + skip, at(y)); });
}

/// The gradients of the weight [out, in] and of the bias [out] of `rows` samples.
template <class T>
void compare_backward_weights(std::int64_t rows, std::int64_t in, std::int64_t out, bool transpose_x,
                              std::int64_t more = 0, std::int64_t skip = 0) {
  GemmShape s = product_of(out, in, rows, transpose_x ? 3 : 1, more);
  s.lda = out, s.ldc = in;
  SCOPED_TRACE(cat(rows, " rows, ", in, " -> ", out, transpose_x ? " x^T" : ""));
  Twins twins;
  const auto dy = twins.input(size_of_a(s)), x = twins.input(size_of_b(s)), dw = twins.output(out * in),
             dbias = twins.in_out(out + skip);
  twins.compare<T>([&](auto queue, auto at) {
    kernels::linear_backward_weights(queue, s, at(dy), at(x), at(dw), at(dbias) + skip);
  });
}

template <class T>
void compare_at_awkward_sizes() {
  const std::int64_t sizes[][3] = {{1, 1, 1}, {7, 33, 65}, {33, 130, 7}, {65, 7, 33}, {1, 9, 40}, {9, 1, 5}};
  for (const auto& size : sizes)
    for (const std::int64_t more : {0, 3}) {
      for (int transposes = 0; transposes < 4; ++transposes)
        compare_linear<T>(product_of(size[0], size[1], size[2], transposes, more));
      for (const bool transpose_x : {false, true})
        compare_backward_weights<T>(size[0], size[1], size[2], transpose_x, more);
    }
}

/// Without terms y is the bias, and without samples the gradients are zero.
template <class T>
void compare_empty() {
  compare_linear<T>(product_of(9, 65, 0, 2, 2));
  compare_linear<T>(product_of(0, 3, 4, 2, 1));
  compare_backward_weights<T>(0, 5, 7, false);
}

template <class T>
class CudaLinear : public testing::Test {
  OwnKernels own_;
};
using LinearTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaLinear, LinearTypes);

TYPED_TEST(CudaLinear, IsItsTwinAtAwkwardSizes) { compare_at_awkward_sizes<TypeParam>(); }
TYPED_TEST(CudaLinear, OfNothingIsItsTwin) { compare_empty<TypeParam>(); }

#if defined(AKIN_WITH_CUBLAS)

/// Expects that cuBLAS computes as many biases of the body as are said, in f64 none. On a GPU nobody counts.
template <class T, class Body>
void expect_epilogues([[maybe_unused]] std::uint64_t calls, Body body) {
#if defined(AKIN_EMULATOR)
  const std::uint64_t before = emulator::libraries.epilogues, expected = std::is_same_v<T, double> ? 0 : calls;
  body();
  EXPECT_EQ(emulator::libraries.epilogues - before, expected);
#else
  body();
#endif
}

template <class T>
class CublasLinear : public testing::Test {};
TYPED_TEST_SUITE(CublasLinear, LinearTypes);

TYPED_TEST(CublasLinear, IsTheTwinOfTheCpuAtAwkwardSizes) {
  expect_epilogues<TypeParam>(6 * 2 * 6, [] { compare_at_awkward_sizes<TypeParam>(); });
}

TYPED_TEST(CublasLinear, TakesABiasThatBeginsAnywhere) {
  expect_epilogues<TypeParam>(3 * 2, [] {
    for (const std::int64_t skip : {1, 2, 3}) {
      compare_linear<TypeParam>(product_of(8, 16, 24, 2, 0), skip);
      compare_backward_weights<TypeParam>(24, 16, 8, false, 0, skip);
    }
  });
}

TYPED_TEST(CublasLinear, AddsThePartsOfLongSumsInFloatOrDouble) {
  expect_epilogues<TypeParam>(2, [] {
    compare_linear<TypeParam>(product_of(6, 5, 4001, 2, 0));
    compare_backward_weights<TypeParam>(4001, 5, 6, false);
  });
}

TYPED_TEST(CublasLinear, LeavesTheRestToOwnKernels) {
  expect_epilogues<TypeParam>(0, [] { compare_empty<TypeParam>(); });
}

TYPED_TEST(CublasLinear, NaNStaysInItsRowAndColumn) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  Twins twins;
  std::vector<double> values = twins.numbers(9 * 5);
  values[7] = nan, values[23] = inf;
  const auto x = twins.input(values), w = twins.input(5 * 6), bias = twins.input({1, 2, nan, 4, 5, 6}),
             y = twins.output(9 * 6), dw = twins.output(5 * 6), dbias = twins.output(5);
  twins.compare<TypeParam>([&](auto queue, auto at) {
    kernels::linear(queue, product_of(9, 6, 5, 0, 0), at(x), at(w), at(bias), at(y));
    kernels::linear_backward_weights(queue, product_of(5, 6, 9, 1, 0), at(x), at(y), at(dw), at(dbias));
  });
}

#if defined(AKIN_EMULATOR)
TEST(CublasLinearPlans, AreAskedForOnce) {
  const auto asked = [](auto body) {
    const std::uint64_t before = emulator::libraries.heuristics;
    body();
    return emulator::libraries.heuristics - before;
  };
  const auto linear = [](std::int64_t skip) {
    return [=] { compare_linear<float>(product_of(23, 24, 25, 2, 0), skip); };
  };
  EXPECT_EQ(asked(linear(0)), 1u);
  EXPECT_EQ(asked(linear(0)), 0u);
  EXPECT_EQ(asked([] { compare_product<float>(product_of(23, 24, 25, 2, 0)); }), 1u);  // without a bias
  EXPECT_EQ(asked(linear(1)), 1u);                                                     // less aligned
  EXPECT_EQ(asked(linear(3)), 0u);
  EXPECT_EQ(asked([] { compare_backward_weights<float>(25, 24, 23, false); }), 1u);
  EXPECT_EQ(asked([] { compare_linear<float>(product_of(23, 24, 25, 1, 0)); }), 1u);   // the same but for its epilogue
  EXPECT_EQ(asked([] { compare_linear<double>(product_of(23, 24, 25, 2, 0)); }), 1u);  // for the product alone
}

TEST(CublasLinearPlans, WhatItRefusesIsComputedInPasses) {
  emulator::libraries.refuse = true;
  expect_products(0, [] { compare_linear<float>(product_of(41, 5, 6, 2, 0)); });
  expect_products(0, [] { compare_backward_weights<float>(41, 5, 6, false); });
  emulator::libraries.refuse = false;
}

TEST(CublasLinearPlans, AnEpilogueThatItCallsInvalidIsAPassBehindTheProduct) {
  emulator::libraries.refuse_epilogues = true;
  expect_epilogues<float>(0, [] {
    compare_linear<float>(product_of(43, 5, 6, 2, 0));
    compare_backward_weights<float>(43, 5, 6, false);
  });
  emulator::libraries.refuse_epilogues = false;
}
#endif
#endif

}  // namespace
}  // namespace akin_test
