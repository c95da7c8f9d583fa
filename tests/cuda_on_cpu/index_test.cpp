#include "kernels/cuda/index.hpp"

#include "kernels/cpu/index.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using kernels::Cpu;
using kernels::Cuda;

constexpr TwinTolerance index_exact{0, 0};  // values are only moved

template <class T>
class CudaIndex : public testing::Test {};
using IndexTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaIndex, IndexTypes);

std::vector<std::int64_t> scattered_indices(std::int64_t n, std::int64_t limit) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < n; ++i) indices.push_back((i * i + 5 * i + 3) % limit);
  return indices;
}

// ---- first_out_of_range ---------------------------------------------------------------------------------------------

template <class Index>
void expect_first_bad_index(std::int64_t n) {
  std::vector<Index> indices(static_cast<std::size_t>(n), Index{6});
  indices[0] = 0;
  EXPECT_EQ(kernels::first_out_of_range(Cuda{}, n, 7, OnDevice<Index>(indices).data()), -1);
  for (const Index bad : {Index{7}, Index{-1}, std::numeric_limits<Index>::max(), std::numeric_limits<Index>::min()})
    for (const std::int64_t at : {std::int64_t{0}, n / 3, n - 1}) {
      std::vector<Index> some_bad = indices;
      some_bad[static_cast<std::size_t>(at)] = bad;
      if (n > 300) some_bad.back() = some_bad[some_bad.size() - 200] = bad;
      EXPECT_EQ(kernels::first_out_of_range(Cuda{}, n, 7, OnDevice<Index>(some_bad).data()),
                kernels::first_out_of_range(Cpu{}, n, 7, some_bad.data()));
    }
}

TEST(CudaFirstOutOfRange, IsItsTwin) {
  EXPECT_EQ(kernels::first_out_of_range<std::int64_t>(Cuda{}, 0, 7, nullptr), -1);
  for (const std::int64_t n : twin_sizes) {
    expect_first_bad_index<std::int64_t>(n);
    expect_first_bad_index<std::int32_t>(n);
  }
}

TEST(CudaFirstOutOfRange, TakesSeveralPasses) {
  const std::int64_t n = kernels::most_blocks * kernels::block_threads + 100;
  std::vector<std::int32_t> indices(static_cast<std::size_t>(n), 1);
  indices.back() = 2;
  EXPECT_EQ(kernels::first_out_of_range(Cuda{}, n, 2, OnDevice<std::int32_t>(indices).data()), n - 1);
  indices[99] = 2;  // of the same thread
  EXPECT_EQ(kernels::first_out_of_range(Cuda{}, n, 2, OnDevice<std::int32_t>(indices).data()), 99);
}

// ---- copies ---------------------------------------------------------------------------------------------------------

TYPED_TEST(CudaIndex, TakeIsItsTwinAtAnyWidthOfRows) {
  for (const std::int64_t n : {0, 7, 257})
    for (const std::int64_t cols : {0, 1, 2, 4, 33, 1000})
      for (const std::int64_t offset : {0, 1, 2}) {
        Twins twins;
        const std::int64_t rows = 13;
        const auto x = twins.input(offset + rows * cols), y = twins.output(n * cols);
        const auto indices = twins.whole_input(scattered_indices(n, rows));
        twins.compare<TypeParam>(
            [&](auto queue, auto at) {
              const auto bytes = cols * static_cast<std::int64_t>(sizeof(*at(x)));
              kernels::take(queue, n, bytes, at(x) + offset, at(indices), at(y));
            },
            index_exact);
      }
}

TEST(CudaTake, MovesBytes) {
  Twins twins;
  const auto x = twins.whole_input<std::uint8_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 255, 254, 253});
  const auto indices = twins.whole_input<std::int64_t>({3, 0, 3, 2, 1});
  const auto y = twins.whole_output<std::uint8_t>(16);
  twins.compare<float>([&](auto queue, auto at) { kernels::take(queue, 5, 3, at(x), at(indices), at(y)); });
}

TYPED_TEST(CudaIndex, CopyBlocksIsItsTwinAtAnyPitch) {
  for (const std::int64_t count : {0, 3, 300})
    for (const std::int64_t cols : {0, 1, 4, 257})
      for (const std::int64_t gap : {0, 1, 4}) {
        Twins twins;
        const auto x = twins.input(count * (cols + gap)), y = twins.in_out(count * (cols + 2 * gap) + gap);
        twins.compare<TypeParam>(
            [&](auto queue, auto at) {
              const auto size = static_cast<std::int64_t>(sizeof(*at(x)));
              kernels::copy_blocks(queue, count, cols * size, at(x), (cols + gap) * size, at(y) + gap,
                                   (cols + 2 * gap) * size);
            },
            index_exact);
      }
}

// ---- scatter_add ----------------------------------------------------------------------------------------------------

TYPED_TEST(CudaIndex, ScatterAddIsItsTwin) {
  for (const std::int64_t n : {0, 7, 257})
    for (const std::int64_t cols : {0, 1, 33, 129, 257})
      for (const std::int64_t rows : {1, 33}) {
        Twins twins;
        const auto dy = twins.input(n * cols), y = twins.output(rows * cols);
        const auto indices = twins.whole_input(scattered_indices(n, rows));
        twins.compare<TypeParam>(
            [&](auto queue, auto at) { kernels::scatter_add(queue, n, rows, cols, at(dy), at(indices), at(y)); });
      }
}

TEST(CudaScatterAdd, TakesSeveralPasses) {
  const std::int64_t n = 40, rows = kernels::most_blocks * kernels::block_threads / kernels::warp_size + 5;
  Twins twins;
  const auto dy = twins.input(n), y = twins.output(rows);
  std::vector<std::int64_t> places = scattered_indices(n, rows);
  places[7] = places[3] = rows - 1;
  const auto indices = twins.whole_input(places);
  twins.compare<float>(
      [&](auto queue, auto at) { kernels::scatter_add(queue, n, rows, 1, at(dy), at(indices), at(y)); });
}

TYPED_TEST(CudaIndex, ScatterAddGivesTheBitsOfTheCpu) {
  const std::int64_t n = 1000, rows = 3, cols = 70;
  std::vector<TypeParam> dy, want(static_cast<std::size_t>(rows * cols));
  for (std::int64_t i = 0; i < n * cols; ++i)  // of many magnitudes: another order gives other sums
    dy.push_back(
        static_cast<TypeParam>(static_cast<compute_t<TypeParam>>(std::exp(i * 7919 % 37 - 20.) * (i % 2 - 0.5))));
  std::vector<std::int64_t> indices = scattered_indices(n, 2);
  for (std::size_t i = 100; i < 300; ++i) indices[i] = 1;  // warps full of hits
  const OnDevice<TypeParam> on_device(dy), y(want);
  const OnDevice<std::int64_t> places(indices);
  kernels::scatter_add(Cpu{}, n, rows, cols, dy.data(), indices.data(), want.data());
  kernels::scatter_add(Cuda{}, n, rows, cols, on_device.data(), places.data(), y.data());
  EXPECT_TRUE(y.host() == want);
}

// ---- one value per row ----------------------------------------------------------------------------------------------

TYPED_TEST(CudaIndex, GatherLastAndItsGradientAreTheirTwins) {
  for (const std::int64_t rows : {0, 1, 33, 1000})
    for (const std::int64_t cols : {1, 7, 33, 257}) {
      Twins twins;
      const auto x = twins.input(rows * cols), y = twins.output(rows), dy = twins.input(rows),
                 dx = twins.output(rows * cols);
      const auto indices = twins.whole_input(scattered_indices(rows, cols));
      twins.compare<TypeParam>(
          [&](auto queue, auto at) {
            kernels::gather_last(queue, rows, cols, at(x), at(indices), at(y));
            kernels::gather_last_backward(queue, rows, cols, at(dy), at(indices), at(dx));
          },
          index_exact);
    }
}

TEST(CudaGatherLast, TakesSeveralPasses) {
  const std::int64_t rows = kernels::most_blocks * kernels::block_threads + 33, cols = 4;  // 2^20 and more values
  Twins twins;
  const auto x = twins.input(rows * cols), y = twins.output(rows), dx = twins.output(rows * cols);
  const auto indices = twins.whole_input(scattered_indices(rows, cols));
  twins.compare<float>(
      [&](auto queue, auto at) {
        kernels::gather_last(queue, rows, cols, at(x), at(indices), at(y));
        kernels::gather_last_backward(queue, rows, cols, at(x), at(indices), at(dx));
      },
      index_exact);
}

TYPED_TEST(CudaIndex, OneHotIsItsTwin) {
  for (const std::int64_t rows : {0, 1, 33, 1000})
    for (const std::int64_t cols : {1, 7, 257}) {
      Twins twins;
      const auto y = twins.output(rows * cols);
      const auto indices = twins.whole_input(scattered_indices(rows, cols));
      twins.compare<TypeParam>([&](auto queue, auto at) { kernels::one_hot(queue, rows, cols, at(indices), at(y)); },
                               index_exact);
    }
}

template <class I>
void expect_integers_written() {
  Twins twins;
  const auto indices = twins.whole_input<std::int64_t>({2, 0, 4});
  const auto y = twins.whole_output<I>(15), z = twins.whole_output<I>(9);
  twins.compare<float>([&](auto queue, auto at) {
    kernels::one_hot(queue, 3, 5, at(indices), at(y));
    kernels::fill_diagonal(queue, 3, at(z), I{7});
  });
}

TEST(CudaOneHot, AndTheDiagonalAreWrittenInIntegersToo) {
  expect_integers_written<std::int64_t>();
  expect_integers_written<std::int32_t>();
  expect_integers_written<std::uint8_t>();
}

TYPED_TEST(CudaIndex, FillDiagonalLeavesTheRestAlone) {
  for (const std::int64_t n : {0, 1, 7, 33, 257, 300}) {
    Twins twins;
    const auto y = twins.in_out(n * n);
    twins.compare<TypeParam>(
        [&](auto queue, auto at) {
          using T = std::remove_reference_t<decltype(*at(y))>;
          kernels::fill_diagonal(queue, n, at(y), static_cast<T>(-std::numeric_limits<float>::infinity()));
        },
        index_exact);
  }
}

}  // namespace
}  // namespace akin_test
