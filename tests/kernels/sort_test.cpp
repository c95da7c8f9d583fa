// top_k against its textbook twin.
#include <akin/ops/kernels.hpp>
#include <vector>

#include "support/test.hpp"

using namespace akin;
using kernels::Cpu;

TEST(TopKKernel, AgreesWithAFullStableSortAlsoWithTiesAndNaN) {
  const std::int64_t rows = 7, cols = 257;
  Array x = random_array({rows, cols}, 1, DType::f32, 2);
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.mut<float>()[i] = i % 50 == 7 ? NAN : std::round(at(x, i));  // many ties
  for (const std::int64_t k : {0, 1, 7, 33, 257}) {
    Array values = Array::empty({rows, k}), want = Array::empty({rows, k});
    std::vector<std::int64_t> indices(static_cast<std::size_t>(rows * k)), want_indices = indices;
    kernels::top_k(Cpu{}, rows, cols, k, x.data<float>(), values.mut<float>(), indices.data());
    kernels::top_k_naive(Cpu{}, rows, cols, k, x.data<float>(), want.mut<float>(), want_indices.data());
    expect_close(values, want, tol::exact);
    EXPECT_EQ(indices, want_indices) << k;
  }
}
