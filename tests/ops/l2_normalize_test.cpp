#include <akin/ops/l2_normalize.hpp>
#include <akin/ops/reduce.hpp>

#include "support/numeric.hpp"

using namespace akin;

TEST(L2Normalize, RowsHaveLengthOneAndAZeroRowStaysZero) {
  Array x = random_array({7, 33}, 1, DType::f64, 1e-3);
  std::fill_n(x.mut<double>(), 33, 0.0);
  const Array y = ops::l2_normalize(x).y, length = ops::sum(ops::mul(y, y), -1);
  for (int row = 0; row < 7; ++row) expect_close(at(length, row), row == 0 ? 0 : 1, tol::f64);
}

TEST(L2Normalize, HugeAndTinyRowsNeitherOverflowNorVanish) {
  const Array y = ops::l2_normalize(Array::from<float>({2, 2}, {3e30f, 4e30f, 3e-30f, 4e-30f}), 1e-40).y;
  expect_close(y, Array::from<float>({2, 2}, {0.6f, 0.8f, 0.6f, 0.8f}), tol::f32);
}

TEST(L2Normalize, GradientMatchesCentralDifferencesAlsoBelowEps) {
  const Array x = random_array({3, 5}, 1), dy = random_array({3, 5}, 2);
  for (const double eps : {1e-12, 100.0}) {
    const auto out = ops::l2_normalize(x, eps);
    expect_gradient([&](const Array& v) { return ops::l2_normalize(v, eps).y; }, x, dy,
                    ops::l2_normalize_backward(dy, out.y, out.norm, eps));
  }
  expect_error([&] { ops::l2_normalize(x, 0); }, "eps must be > 0, got 0");
}

TEST(L2Normalize, RefusesEpsAndNormsThatItCannotUse) {
  const Array x = random_array({3, 5}, 1, DType::f32), norm = Array::ones({3});
  for (const double eps : {0.0, -1.0, double{NAN}}) {
    expect_error([&] { ops::l2_normalize(x, eps); }, "l2_normalize: eps must be > 0, got ");
    expect_error([&] { ops::l2_normalize_backward(x, x, norm, eps); }, "l2_normalize backward: eps must be > 0, got ");
  }
  const auto backward = [&](const Array& n) { ops::l2_normalize_backward(x, x, n); };
  expect_error([&] { backward(Array::ones({5})); }, "l2_normalize backward: norm has shape [5], expected [3]");
  expect_error([&] { backward(Array::ones({3}, DType::bf16)); },
               "l2_normalize backward: norm has dtype bf16, expected f32");
  expect_error([&] { backward(Array::full({}, 1).broadcast_to({3})); },
               "l2_normalize backward: norm must be contiguous");
}
