#include <akin/ops/index.hpp>

#include "support/numeric.hpp"

using namespace akin;

TEST(Take, PicksRowsInTheOrderOfTheIndices) {
  const Array x = Array::from<float>({3, 2}, {0, 1, 10, 11, 20, 21});
  expect_close(ops::take(x, int_array({4}, {2, 0, 2, 1})), Array::from<float>({4, 2}, {20, 21, 0, 1, 20, 21, 10, 11}),
               tol::exact);
  EXPECT_EQ(ops::take(x, int_array({2, 1}, {0, 1})).shape(), (Shape{2, 1, 2}));
}

TEST(Take, WorksOnLabelsBytesAndTransposedValues) {
  expect_close(ops::take(int_array({3}, {7, 8, 9}), int_array({2}, {2, 0})), int_array({2}, {9, 7}), tol::exact);
  expect_close(ops::take(Array::from<std::uint8_t>({2, 1}, {5, 6}), int_array({1}, {1})),
               Array::from<std::uint8_t>({1, 1}, {6}), tol::exact);
  const Array x = random_array({3, 5});
  expect_close(ops::take(x.transpose(), int_array({1}, {4})), ops::contiguous(x.transpose().slice(0, 4, 5)),
               tol::exact);
}

TEST(ScatterAdd, IsTheTransposeOfTake) {  // <take(x), dy> = <x, scatter_add(dy)>
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    const std::int64_t n = 257, rows = 33, cols = 70;
    Array which = Array::empty({n}, DType::i64);
    for (std::int64_t i = 0; i < n; ++i) which.mut<std::int64_t>()[i] = i * i % rows;
    const Array dy = random_array({n, cols}, 1, dtype);
    const Array got = ops::scatter_add(dy, which, rows);
    std::vector<double> want(static_cast<std::size_t>(rows * cols));
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < cols; ++j)
        want[static_cast<std::size_t>(i * i % rows * cols + j)] += at(dy, i * cols + j);
    const auto t = dtype == DType::f64 ? tol::f64 : dtype == DType::f32 ? tol::reduce_f32 : tol::bf16;
    for (std::int64_t i = 0; i < got.size(); ++i)
      expect_close(at(got, i), want[static_cast<std::size_t>(i)], t, cat(dtype, " element ", i));
  }
}

TEST(Take, GradientMatchesCentralDifferences) {
  const Array x = random_array({4, 3}), which = int_array({2, 3}, {3, 0, 3, 3, 1, 0}), dy = random_array({2, 3, 3}, 2);
  expect_gradient([&](const Array& v) { return ops::take(v, which); }, x, dy, ops::scatter_add(dy, which, 4));
}

TEST(GatherLast, PicksOneValuePerRowAndItsGradientMatchesCentralDifferences) {
  const Array x = random_array({3, 5}), which = int_array({3}, {4, 0, 2}), dy = random_array({3}, 2);
  const Array y = ops::gather_last(x, which);
  expect_close(at(y, 0), at(x, 4), tol::exact);
  expect_close(at(y, 2), at(x, 12), tol::exact);
  expect_gradient([&](const Array& v) { return ops::gather_last(v, which); }, x, dy,
                  ops::gather_last_backward(dy, which, 5));
}

TEST(FillDiagonal, ChangesACopyAndTheDiagonalAlone) {
  const Array x = random_array({7, 7}, 1, DType::f32), y = ops::fill_diagonal(x, -INFINITY);
  for (std::int64_t i = 0; i < x.size(); ++i) EXPECT_EQ(at(y, i), i % 8 == 0 ? -INFINITY : at(x, i)) << i;
  EXPECT_NE(at(x, 0), -INFINITY);
  const Array square = random_array({3, 3}, 2).transpose();
  const Array filled = ops::fill_diagonal(square, 5);
  for (std::int64_t i = 0; i < 9; ++i) EXPECT_EQ(at(filled, i), i % 4 == 0 ? 5 : at(ops::clone(square), i));
  EXPECT_EQ(ops::fill_diagonal(Array::empty({0, 0}), 1).size(), 0);
}

TEST(FillDiagonal, WorksForEveryDtypeAndNeedsASquare) {
  for (const DType dtype : every_dtype) {
    const Array y = ops::fill_diagonal(Array::zeros({2, 2}, dtype), 3);
    for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(at(y, i), i % 3 == 0 ? 3 : 0) << dtype;
  }
  expect_error(
      [] {
        ops::fill_diagonal(Array::zeros({2, 3}), 0);
      },
      "fill_diagonal: needs a square matrix, got shape [2, 3]");
  expect_error([] { ops::fill_diagonal(Array::zeros({4}), 0); }, "fill_diagonal: needs a square matrix");
}

TEST(OneHot, HasASingleOnePerRow) {
  expect_close(ops::one_hot(int_array({2}, {2, 0}), 3), Array::from<float>({2, 3}, {0, 0, 1, 1, 0, 0}), tol::exact);
  EXPECT_EQ(ops::one_hot(int_array({}, {1}), 2, DType::bf16).shape(), (Shape{2}));
  EXPECT_EQ(at(ops::one_hot(int_array({1}, {1}), 2, DType::u8), 1), 1);
}

TEST(Index, OutOfRangeNamesTheIndexAndTheRange) {
  const Array x = Array::zeros({3, 2});
  expect_error([&] { ops::take(x, int_array({3}, {0, 3, 1})); }, "take: index 3 at position 1 lies outside 0 ... 2");
  expect_error(
      [&] {
        ops::gather_last(x, int_array({3}, {0, 1, -1}));
      },
      "gather_last: index -1 at position 2 lies outside 0 ... 1");
  expect_error([&] { ops::one_hot(int_array({1}, {5}), 5); }, "one_hot: index 5 at position 0 lies outside 0 ... 4");
  expect_error([&] { ops::scatter_add(x, int_array({3}, {0, 9, 1}), 4); }, "index 9");
  expect_error([&] { ops::take(x, Array::zeros({3})); }, "take: indices must be i64, got f32");
  expect_error([&] { ops::one_hot(int_array({0}, {}), -1); },
               "one_hot: a number of rows or classes must be >= 0, got -1");
  expect_error([&] { ops::gather_last(x, int_array({2}, {0, 1})); }, "indices has shape [2], expected [3]");
  expect_error(
      [&] {
        ops::scatter_add(x, int_array({2}, {0, 1}), 4);
      },
      "does not begin with the shape of the indices [2]");
}
