// Householder + QR against Jacobi.
#include <akin/ops/kernels.hpp>
#include <vector>

#include "support/test.hpp"
#include "support/threads.hpp"

using namespace akin;
using kernels::Cpu;

namespace {

/// A random symmetric matrix of the given rank, [n, n].
std::vector<double> symmetric(std::int64_t n, std::int64_t rank) {
  const Array x = random_array({rank, n}, static_cast<unsigned>(n));
  std::vector<double> a(static_cast<std::size_t>(n * n));
  for (std::int64_t k = 0; k < rank; ++k)
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        a[static_cast<std::size_t>(i * n + j)] += (k % 2 ? 1 : -1) * at(x, k * n + i) * at(x, k * n + j);
  return a;
}

}  // namespace

TEST(SymmetricEigenKernel, AgreesWithJacobisMethodAlsoForRankDeficientMatrices) {
  for (const std::int64_t n : {1, 2, 7, 33, 45})
    for (const std::int64_t rank : {n, (n + 1) / 2, std::int64_t{0}}) {
      const auto a = symmetric(n, rank);
      std::vector<double> copy = a, values(static_cast<std::size_t>(n)), want = values, vectors = a, ignored = a;
      ASSERT_TRUE(kernels::symmetric_eigen(Cpu{}, n, copy.data(), values.data(), vectors.data()));
      copy = a;
      kernels::symmetric_eigen_naive(Cpu{}, n, copy.data(), want.data(), ignored.data());
      const double size = std::max({1.0, std::abs(want.front()), std::abs(want.back())});
      for (std::size_t i = 0; i < values.size(); ++i)
        expect_close(values[i] / size, want[i] / size, tol::f64, cat(n, " ", rank));
      for (std::int64_t r = 0; r < n; ++r)  // a v = value v
        for (std::int64_t i = 0; i < n; ++i) {
          double product = 0;
          for (std::int64_t j = 0; j < n; ++j)
            product += a[static_cast<std::size_t>(i * n + j)] * vectors[static_cast<std::size_t>(r * n + j)];
          const double value = values[static_cast<std::size_t>(r)] * vectors[static_cast<std::size_t>(r * n + i)];
          expect_close(product / size, value / size, tol::f64, cat("vector ", r, " of ", n));
        }
    }
}

TEST(SymmetricEigenKernel, GivesTheSameBitsAtAnyThreadCount) {
  const std::int64_t n = 150;
  const auto a = symmetric(n, 20);
  std::vector<double> vectors[2];
  for (const int count : {1, 3}) {
    const test::WithThreads scope(count);
    std::vector<double> copy = a, values(static_cast<std::size_t>(n));
    vectors[count == 1] = a;
    kernels::symmetric_eigen(Cpu{}, n, copy.data(), values.data(), vectors[count == 1].data());
  }
  EXPECT_EQ(vectors[0], vectors[1]);
}
