#include <akin/ops/sort.hpp>

#include "support/test.hpp"

using namespace akin;

TEST(Argsort, IsStableInBothDirections) {
  const Array x = Array::from<float>({2, 4}, {3, 1, 3, 2, 0, 0, -1, 0});
  expect_close(ops::argsort(x), int_array({2, 4}, {1, 3, 0, 2, 2, 0, 1, 3}), tol::exact);
  expect_close(ops::argsort(x, true), int_array({2, 4}, {0, 2, 3, 1, 0, 1, 3, 2}), tol::exact);
}

TEST(Argsort, PutsNaNAboveAllNumbers) {
  const Array x = Array::from<double>({4}, {NAN, 1, INFINITY, -INFINITY});
  expect_close(ops::argsort(x), int_array({4}, {3, 1, 2, 0}), tol::exact);
  expect_close(ops::argsort(x, true), int_array({4}, {0, 2, 1, 3}), tol::exact);
}

TEST(Sort, GivesEveryValueInOrder) {
  for (const std::int64_t n : {1, 7, 33, 257}) {
    const Array x = random_array({3, n}), up = ops::sort(x), down = ops::sort(x, true);
    for (std::int64_t row = 0; row < 3; ++row)
      for (std::int64_t j = 0; j < n; ++j) {
        const std::int64_t i = row * n + j;
        if (j > 0) {
          EXPECT_LE(at(up, i - 1), at(up, i));
        }
        EXPECT_EQ(at(up, i), at(down, row * n + n - 1 - j));
        EXPECT_EQ(at(up, i), at(x, row * n + static_cast<std::int64_t>(at(ops::argsort(x), i))));
      }
  }
}

TEST(TopK, GivesTheLargestFirstAndTheLowerIndexAtATie) {
  const auto top = ops::top_k(Array::from<float>({2, 4}, {1, 5, 5, 2, 7, 7, 7, 7}), 2);
  expect_close(top.values, Array::from<float>({2, 2}, {5, 5, 7, 7}), tol::exact);
  expect_close(top.indices, int_array({2, 2}, {1, 2, 0, 1}), tol::exact);
  EXPECT_EQ(ops::top_k(Array::zeros({2, 3, 5}, DType::bf16), 3).values.shape(), (Shape{2, 3, 3}));
}

TEST(Argmax, TheFirstOfEqualsWinsAndNaNCountsAsTheLargest) {
  const Array x = Array::from<float>({3, 3}, {1, 2, 2, NAN, 5, NAN, -1, -1, -2});
  expect_close(ops::argmax(x), int_array({3}, {1, 0, 0}), tol::exact);
  expect_close(ops::argmin(x), int_array({3}, {0, 1, 2}), tol::exact);
  EXPECT_EQ(at(ops::argmax(int_array({3}, {4, 9, 2})), 0), 1);
}

TEST(Order, AcceptsTransposedInput) {
  const Array x = random_array({33, 7});
  expect_close(ops::argmax(x.transpose()), ops::argmax(ops::contiguous(x.transpose())), tol::exact);
}

TEST(Order, RefusesWhatHasNoAnswer) {
  expect_error([] { ops::top_k(Array::zeros({2, 3}), 4); }, "top_k: k = 4 does not lie in 0 ... 3 for shape [2, 3]");
  expect_error([] { ops::argmax(Array::zeros({2, 0})); }, "argmax: the last axis of shape [2, 0] is empty");
  expect_error([] { ops::argsort(Array::full({}, 1)); }, "needs at least one axis");
}
