#include "kernels/cuda/linalg.hpp"

#include "kernels/cpu/linalg.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using kernels::Cpu;
using kernels::Cuda;
using Matrix = std::vector<double>;

std::size_t matrix_size(std::int64_t n) { return static_cast<std::size_t>(n * n); }

/// sum of +- x x^T, or of x x^T, over `rank` random vectors x: symmetric.
Matrix gram_matrix(std::int64_t n, std::int64_t rank, bool positive) {
  const Matrix x = Twins(static_cast<unsigned>(n)).numbers(n * rank);
  Matrix a(matrix_size(n));
  for (std::int64_t k = 0; k < rank; ++k)
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        a[static_cast<std::size_t>(i * n + j)] += (k % 2 && !positive ? -1 : 1) *
                                                  x[static_cast<std::size_t>(k * n + i)] *
                                                  x[static_cast<std::size_t>(k * n + j)];
  return a;
}

double largest_of(const Matrix& a) {
  double largest = 1;
  for (const double value : a) largest = std::max(largest, std::abs(value));
  return largest;
}
double largest_difference(const Matrix& a, const Matrix& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::isnan(a[i] - b[i]) ? INFINITY : std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(CudaSymmetricEigen, IsItsTwinAlsoForRankDeficientMatrices) {
  for (const std::int64_t n : {1, 2, 7, 33, 50})
    for (const std::int64_t rank : {n, (n + 1) / 2, std::int64_t{0}}) {
      SCOPED_TRACE(testing::Message() << n << ", rank " << rank);
      const Matrix a = gram_matrix(n, rank, false);
      Matrix copy = a, want(static_cast<std::size_t>(n));
      ASSERT_TRUE(kernels::symmetric_eigen(Cpu{}, n, copy.data(), want.data(), nullptr));
      const double size = std::max(largest_of(want), 1.0);
      const OnDevice<double> values(Matrix(static_cast<std::size_t>(n), NAN)), rows(Matrix(matrix_size(n), NAN)),
          on_device(a), again(a), alone(Matrix(static_cast<std::size_t>(n), NAN));
      ASSERT_TRUE(kernels::symmetric_eigen(Cuda{}, n, on_device.data(), values.data(), rows.data()));
      ASSERT_TRUE(kernels::symmetric_eigen(Cuda{}, n, again.data(), alone.data(), nullptr));
      const Matrix got = values.host(), v = rows.host();
      EXPECT_LT(largest_difference(got, want) / size, 1e-13);
      EXPECT_EQ(got, alone.host());
      double worst = 0, skew = 0;  // a v = value v, and v of length 1, perpendicular to the others
      for (std::int64_t r = 0; r < n; ++r)
        for (std::int64_t i = 0; i < n; ++i) {
          double product = 0, dot = 0;
          for (std::int64_t j = 0; j < n; ++j) {
            product += a[static_cast<std::size_t>(i * n + j)] * v[static_cast<std::size_t>(r * n + j)];
            dot += v[static_cast<std::size_t>(i * n + j)] * v[static_cast<std::size_t>(r * n + j)];
          }
          worst = std::max(
              worst, std::abs(product - got[static_cast<std::size_t>(r)] * v[static_cast<std::size_t>(r * n + i)]));
          skew = std::max(skew, std::abs(dot - (i == r ? 1 : 0)));
        }
      EXPECT_LT(worst / size, 1e-13);
      EXPECT_LT(skew, 1e-13);
    }
}

TEST(CudaSymmetricEigen, RefusesWhatIsNotFinite) {
  for (const double bad : {NAN, INFINITY, -INFINITY}) {
    Matrix a = gram_matrix(5, 5, false);
    a[7] = bad;
    const OnDevice<double> matrix(a), values(Matrix(5));
    EXPECT_FALSE(kernels::symmetric_eigen(Cuda{}, 5, matrix.data(), values.data(), nullptr));
  }
  EXPECT_TRUE(kernels::symmetric_eigen(Cuda{}, 0, nullptr, nullptr, nullptr));
}

TEST(CudaSymmetricEigen, ManyRotationsTakeManyBatches) {
  const std::int64_t n = 40, sweeps = 7500;
  Matrix z = Twins().numbers(n * n), want = z;
  const OnDevice<double> on_device(z);
  kernels::detail::RotationQueue turns("test", Cuda{}, n, on_device.data());
  std::vector<kernels::detail::GivensRotation> rotations;
  for (int r = 0; r < 32; ++r) rotations.push_back({std::cos(r), std::sin(r)});
  for (std::int64_t s = 0; s < sweeps; ++s) {
    const std::vector<kernels::detail::GivensRotation> some(rotations.begin() + s % 7, rotations.end());
    turns.add(s % 8, some);
    kernels::detail::rotate_rows(s % 8, n, some, want.data());
  }
  turns.flush();
  EXPECT_LT(largest_difference(on_device.host(), want), 1e-11);
}

const std::int64_t linalg_sizes[] = {1, 7, 31, 32, 33, 64, 100};

Matrix positive_matrix(std::int64_t n) {
  Matrix a = gram_matrix(n, n + 3, true);
  for (std::int64_t i = 0; i < n; ++i) a[static_cast<std::size_t>(i * (n + 1))] += 1;
  return a;
}

TEST(CudaCholesky, IsItsTwinAndReadsTheLowerTriangleOnly) {
  for (const std::int64_t n : linalg_sizes) {
    SCOPED_TRACE(n);
    Matrix a = positive_matrix(n);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = i + 1; j < n; ++j) a[static_cast<std::size_t>(i * n + j)] = NAN;
    const OnDevice<double> on_device(a);
    EXPECT_EQ(kernels::cholesky(Cuda{}, n, on_device.data()), -1);
    EXPECT_EQ(kernels::cholesky(Cpu{}, n, a.data()), -1);
    EXPECT_LT(largest_difference(on_device.host(), a) / largest_of(a), 1e-12);
  }
  EXPECT_EQ(kernels::cholesky(Cuda{}, 0, nullptr), -1);
}

TEST(CudaCholesky, NamesTheFirstBadPivotAndLeavesItThere) {
  const std::int64_t n = 70;
  for (const std::int64_t row : {0, 5, 31, 32, 40, 69}) {
    Matrix a = positive_matrix(n);
    const auto diagonal = static_cast<std::size_t>(row * (n + 1));
    a[diagonal] = -1;
    if (row < 60) a[diagonal + 3 * (n + 1)] = -1;
    const OnDevice<double> on_device(a);
    EXPECT_EQ(kernels::cholesky(Cuda{}, n, on_device.data()), row);
    EXPECT_EQ(kernels::cholesky(Cpu{}, n, a.data()), row);
    EXPECT_NEAR(on_device.host()[diagonal] / a[diagonal], 1, 1e-10);
  }
  for (const std::size_t place : {std::size_t{0}, std::size_t{45 * 70 + 3}, std::size_t{45 * 71}}) {
    Matrix a = positive_matrix(n);
    a[place] = NAN;
    const OnDevice<double> on_device(a);
    EXPECT_EQ(kernels::cholesky(Cuda{}, n, on_device.data()), kernels::cholesky(Cpu{}, n, a.data()));
  }
}

TEST(CudaInverseLower, IsItsTwin) {
  for (const std::int64_t n : linalg_sizes) {
    SCOPED_TRACE(n);
    Matrix l = positive_matrix(n), want(matrix_size(n));
    ASSERT_EQ(kernels::cholesky(Cpu{}, n, l.data()), -1);
    const OnDevice<double> on_device(l), x(Matrix(matrix_size(n), NAN));
    kernels::inverse_lower(Cuda{}, n, on_device.data(), x.data());
    kernels::inverse_lower(Cpu{}, n, l.data(), want.data());
    EXPECT_LT(largest_difference(x.host(), want) / largest_of(want), 1e-12);
  }
  kernels::inverse_lower(Cuda{}, 0, nullptr, nullptr);
}

/// A zero on the diagonal, and a NaN below it, spoil the columns that they meet and no others.
TEST(CudaInverseLower, SpoilsTheSameValues) {
  const std::int64_t n = 70;
  for (const std::size_t place : {std::size_t{40 * 71}, std::size_t{50 * 70 + 37}, std::size_t{68 * 70 + 36}}) {
    Matrix l = positive_matrix(n), want(matrix_size(n));
    ASSERT_EQ(kernels::cholesky(Cpu{}, n, l.data()), -1);
    l[place] = place == 40 * 71 ? 0 : NAN;
    const OnDevice<double> on_device(l), x(Matrix(matrix_size(n), NAN));
    kernels::inverse_lower(Cuda{}, n, on_device.data(), x.data());
    kernels::inverse_lower(Cpu{}, n, l.data(), want.data());
    const Matrix got = x.host();
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(std::isfinite(got[i]), std::isfinite(want[i])) << i;
  }
}

}  // namespace
}  // namespace akin_test
