// Matrix products by cuBLAS: by NVIDIA's on a GPU, by the fake of emulator/cublas.cpp here.
#include "own_kernels.hpp"
#include "products.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/faults.hpp"
#include "emulator/memory.hpp"
#endif

#if defined(AKIN_WITH_CUBLAS)

namespace akin_test {
namespace {

template <class T>
class Cublas : public testing::Test {};
using CublasTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(Cublas, CublasTypes);

TYPED_TEST(Cublas, IsTheTwinOfTheCpuAtAwkwardSizes) {
  const std::int64_t sizes[][3] = {{1, 1, 1}, {7, 33, 65}, {33, 130, 7}, {65, 7, 33}, {1, 9, 40}, {9, 1, 5}};
  expect_products(6 * 4 * 2, [&] {
    for (const auto& size : sizes)
      for (int transposes = 0; transposes < 4; ++transposes)
        for (const std::int64_t more : {0, 3})
          compare_product<TypeParam>(product_of(size[0], size[1], size[2], transposes, more));
  });
}

TYPED_TEST(Cublas, TakesOperandsThatBeginAnywhere) {
  expect_products(3, [] {
    for (const std::int64_t skip : {1, 2, 3}) compare_product<TypeParam>(product_of(8, 16, 24, 2, 0), skip);
  });
}

TYPED_TEST(Cublas, AddsThePartsOfLongSumsInFloatOrDouble) {
  expect_products(1, [] { compare_product<TypeParam>(product_of(6, 5, 4001, 2, 0)); });
}

TYPED_TEST(Cublas, TakesBatchesAtEvenDistances) {
  const auto s = product_of(5, 6, 7, 1, 2);
  const std::int64_t step = size_of_a(s);
  expect_products(3, [&] {
    compare_products<TypeParam>(s, {0, step, 2 * step}, {0, 0, 0});  // b is shared
    compare_products<TypeParam>(s, {3, 3, 3, 3}, {1, 4, 7, 10});     // b overlaps itself
    compare_products<TypeParam>(s, {8}, {16});
  });
}

TYPED_TEST(Cublas, LeavesTheRestToOwnKernels) {
  expect_products(0, [] {
    compare_products<TypeParam>(product_of(5, 6, 7, 0, 0), {0, 1, 3}, {0, 0, 0});
    compare_products<TypeParam>(product_of(5, 6, 7, 0, 0), {0, 0, 0}, {2, 1, 0});
    compare_product<TypeParam>(product_of(9, 65, 0, 0, 2));
    compare_product<TypeParam>(product_of(0, 3, 4, 1, 1));
    compare_product<TypeParam>(product_of(3, 0, 4, 2, 1));
  });
}

TYPED_TEST(Cublas, LeavesAllToOwnKernelsWhereItIsSwitchedOff) {
  const OwnKernels own;
  expect_products(0, [] { compare_product<TypeParam>(product_of(7, 5, 9, 0, 0)); });
}

TEST(CublasRule, TakesWhatFitsInto32Bits) {
  const auto takes = [](std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t count) {
    const std::vector<std::int64_t> offset(static_cast<std::size_t>(count), 0);
    return kernels::detail::cublas_takes(product_of(m, n, k, 0, 0), count, offset.data(), offset.data());
  };
  const std::int64_t most = std::numeric_limits<std::int32_t>::max();
  EXPECT_TRUE(takes(most, most, most, 65535));
  EXPECT_FALSE(takes(most + 1, 1, 1, 1));
  EXPECT_FALSE(takes(1, most + 1, 1, 1));
  EXPECT_FALSE(takes(1, 1, most + 1, 1));
  EXPECT_FALSE(takes(1, 1, 1, 65536));
}

TEST(CublasRule, BuildsWithAndWithoutItDoNotLink) {
  EXPECT_NE(std::string(AKIN_QUOTE(AKIN_ABI)).find("cublas"), std::string::npos);
}

/// 1 + 2^-12 is no number of TF32.
std::vector<float> products_of_fine_numbers() {
  const float fine = 1 + 0x1p-12f;
  const std::vector<float> host(9 * 9, fine);
  const OnDevice<float> a(host), b(host), c(host);
  kernels::gemm(kernels::Cuda{}, product_of(9, 9, 9, 0, 0), a.data(), b.data(), c.data());
  return c.host();
}

TEST(CublasPrecision, IsThatOfFloatUnlessTf32IsAllowed) {
  const float exact = 9 * (1 + 0x1p-12f) * (1 + 0x1p-12f);
  EXPECT_FALSE(allow_tf32());
  for (const float c : products_of_fine_numbers()) EXPECT_NEAR(c, exact, 1e-5f);
  allow_tf32(true);
  const auto rounded = products_of_fine_numbers();
  allow_tf32(false);
#if defined(AKIN_EMULATOR)  // a GPU may
  for (const float c : rounded) EXPECT_EQ(c, 9);
#endif
  for (const float c : products_of_fine_numbers()) EXPECT_NEAR(c, exact, 1e-5f);
}

#if defined(AKIN_EMULATOR)
TEST(CublasPlans, AreAskedForOnce) {
  const auto asked = [](auto body) {
    const std::uint64_t before = emulator::libraries.heuristics;
    body();
    return emulator::libraries.heuristics - before;
  };
  const auto run = [](int transposes, std::int64_t skip) {
    return [=] { compare_product<float>(product_of(21, 22, 23, transposes, 0), skip); };
  };
  EXPECT_EQ(asked(run(0, 0)), 1u);
  EXPECT_EQ(asked(run(0, 0)), 0u);
  EXPECT_EQ(asked(run(1, 0)), 1u);
  EXPECT_EQ(asked(run(0, 1)), 1u);  // less aligned
  EXPECT_EQ(asked(run(0, 1)), 0u);
  EXPECT_EQ(asked([] { compare_product<double>(product_of(21, 22, 23, 0, 0)); }), 1u);
}

TEST(CublasPlans, WhatItRefusesRunsOnOwnKernels) {
  emulator::libraries.refuse = true;
  expect_products(0, [] { compare_product<float>(product_of(31, 5, 6, 0, 0)); });
  emulator::libraries.refuse = false;
  const std::uint64_t before = emulator::libraries.heuristics;
  expect_products(0, [] { compare_product<float>(product_of(31, 5, 6, 0, 0)); });
  EXPECT_EQ(emulator::libraries.heuristics, before);  // it was told once
}

TEST(CublasPlans, WhatItRefusesLateRunsOnOwnKernelsFromThenOn) {
  const auto run = [] { compare_product<float>(product_of(37, 5, 6, 0, 0)); };
  expect_products(1, run);
  emulator::libraries.refuse = true;
  expect_products(0, run);
  emulator::libraries.refuse = false;
  expect_products(0, run);
}

/// A product of a new shape, of which the n-th call that can fail does, for every n.
TEST(CublasErrors, NameTheOpAndLeakNothing) {
  const std::vector<float> host(200 * 200, 1);
  std::uint64_t n = 0;
  for (bool struck = true; struck;) {
    emulator::reset();
    const OnDevice<float> a(host), b(host), c(host);
    const auto before = emulator::heap.live_blocks;
    emulator::faults.calls = 0;
    emulator::faults.fail_at = ++n;
    std::string error;
    try {
      kernels::gemm(kernels::Cuda{}, product_of(100 + static_cast<std::int64_t>(n), 3, 4, 0, 0), a.data(), b.data(),
                    c.data());
    } catch (const Error& thrown) {
      error = thrown.what();
    }
    struck = !emulator::faults.struck.empty();
    EXPECT_EQ(error.empty(), !struck) << emulator::faults.struck << ", call " << n << ": " << error;
    EXPECT_TRUE(!struck || error.rfind("gemm: ", 0) == 0) << error;
    cudaDeviceSynchronize();
    EXPECT_EQ(emulator::heap.live_blocks, before) << "call " << n;
  }
  EXPECT_GT(n, 7u);
  emulator::reset();
}

TEST(CublasErrors, ThatComeLateNameTheOperand) {
  emulator::reset();
  std::vector<float> host(64, 1);
  const OnDevice<float> a(host), c(host);
  kernels::gemm(kernels::Cuda{}, product_of(4, 4, 4, 0, 0), a.data(), host.data(), c.data());
  EXPECT_NE(cudaDeviceSynchronize(), cudaSuccess);
  emulator::reset();
}
#endif

}  // namespace
}  // namespace akin_test

#endif
