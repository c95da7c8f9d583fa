#include <akin/eval/collapse.hpp>
#include <limits>

#include "support/test.hpp"

namespace akin::eval {
namespace {

/// The unit vectors and their negatives, row i scaled by i + 1: [2 d, d].
Array crosses(std::int64_t d) {
  Array z = Array::zeros({2 * d, d});
  for (std::int64_t i = 0; i < 2 * d; ++i) z.mut<float>()[i * d + i % d] = static_cast<float>(i < d ? i + 1 : -i - 1);
  return z;
}

/// Column j of `a` times row i of `b`, summed: [n, r] x [r, d], of rank r.
Array product(const Array& a, const Array& b) { return ops::matmul(a, b); }

TEST(EmbeddingStd, DirectionsSpreadEvenlyHaveAClosedForm) {  // mean 0, so the variance is 1/d, times n / (n - 1)
  for (const std::int64_t d : {1, 7, 33}) {
    const auto n = 2 * static_cast<double>(d);
    expect_close(embedding_std(crosses(d)), std::sqrt(1.0 / static_cast<double>(d) * n / (n - 1)), tol::f32,
                 cat("d ", d));
  }
}

TEST(EmbeddingStd, NormalFeaturesComeCloseToOneOverTheRootOfD) {
  const double std = embedding_std(random_array({257, 33}, 1));
  EXPECT_NEAR(std, 1 / std::sqrt(33.0), 0.01 / std::sqrt(33.0));
}

TEST(EmbeddingStd, IsZeroWhenAllRowsPointTheSameWay) {
  const Array z = product(ops::add_scalar(ops::mul(random_array({33, 1}, 1), random_array({33, 1}, 1)), 0.1),
                          random_array({1, 7}, 2));
  expect_close(embedding_std(z), 0, tol::f64);
  expect_close(embedding_std(Array::zeros({7, 3})), 0, tol::exact);
}

TEST(EmbeddingStd, TheLengthOfRowsDoesNotMatter) {
  const Array z = random_array({33, 7}, 1);
  const Array lengths = ops::add_scalar(ops::mul(random_array({33, 1}, 2), random_array({33, 1}, 2)), 0.1);
  expect_close(embedding_std(ops::mul(z, lengths)), embedding_std(z), tol::f64);
}

TEST(Rankme, TheIdentityHasAllDimensions) {
  for (const std::int64_t d : {1, 7, 33}) {
    expect_close(rankme(Array::eye(d)), static_cast<double>(d), tol::reduce_f32);
    expect_close(rankme(ops::scale(Array::eye(d, DType::f64), 3)), static_cast<double>(d), tol::reduce_f32);
  }
}

TEST(Rankme, RowsOnOneLineHaveOne) {
  expect_close(rankme(Array::full({33, 7}, 2)), 1, tol::reduce_f32);
  expect_close(rankme(Array::full({7, 33}, -0.5, DType::f64)), 1, tol::bf16);  // epsilon counts every empty dimension
}

TEST(Rankme, TwoUnequalDirectionsHaveAClosedForm) {  // singular values 3 and 1
  const Array z = Array::from<double>({3, 2}, {3, 0, 0, 1, 0, 0});
  const double entropy = -(0.75 * std::log(0.75) + 0.25 * std::log(0.25));
  expect_close(rankme(z), std::exp(entropy), tol::f32);
}

TEST(Rankme, CountsTheRankOfAProductOfOrthogonalParts) {
  Array z = Array::zeros({257, 33}, DType::f64);
  for (std::int64_t i = 0; i < 257; ++i) z.mut<double>()[i * 33 + i % 5] = i < 255 ? 1 : 0;  // 51 rows each
  expect_close(rankme(z), 5, tol::bf16);
}

TEST(Rankme, ScaleTransposeAndOrderOfRowsDoNotMatter) {
  const Array z = random_array({33, 7}, 1);
  const double rank = rankme(z);
  EXPECT_GT(rank, 6);
  EXPECT_LT(rank, 7.001);
  expect_close(rankme(ops::scale(z, 1e3)), rank, tol::golden);
  expect_close(rankme(z.transpose()), rank, tol::golden);
  Array reversed = Array::empty({33, 7}, DType::f64);
  for (std::int64_t i = 0; i < 33; ++i) std::copy_n(z.data<double>() + i * 7, 7, reversed.mut<double>() + (32 - i) * 7);
  expect_close(rankme(reversed), rank, tol::golden);
}

TEST(Rankme, OfNothingButZerosIsNotANumber) { EXPECT_TRUE(std::isnan(rankme(Array::zeros({4, 3})))); }

TEST(Collapse, RejectsWhatIsNotAMatrixOfNumbers) {
  expect_error([] { embedding_std(Array::ones({1, 3})); }, "needs at least 2 rows, got shape [1, 3]");
  expect_error([] { embedding_std(Array::ones({3})); }, "needs 2 axes, got shape [3]");
  expect_error([] { rankme(Array::ones({0, 3})); }, "embeddings are empty");
  Array z = Array::ones({7, 3});
  z.mut<float>()[3 * 5 + 1] = std::numeric_limits<float>::quiet_NaN();
  expect_error([&] { embedding_std(z); }, "row 5 of the embeddings holds a NaN");
  expect_error([&] { rankme(z); }, "row 5 of the embeddings holds a NaN");
}

}  // namespace
}  // namespace akin::eval
