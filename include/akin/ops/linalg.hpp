// Eigenvalues, singular values, Cholesky factors.
//
// Computed in double, returned in the dtype of the input, f32 for bf16.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "matmul.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::ops {

namespace detail {

/// A fresh f64 copy of a square matrix, which the kernels may overwrite.
AKIN_LAZY Array square_copy(std::string_view op, const Array& a) {
  check_rank(op, "a matrix", a, 2);
  check(a.dim(0) == a.dim(1), op, "needs a square matrix, got shape ", a.shape());
  check(is_floating(a.dtype()), op, "needs floating-point values, got ", a.dtype());
  return a.dtype() == DType::f64 ? clone(a) : cast(a, DType::f64);
}

/// Copies the lower triangle over the upper one; on the host, as the eigenvalues are waited for anyway.
AKIN_LAZY void mirror_lower(Array& a) {
  const Device device = a.device();
  Array here = a.to(Device::cpu);
  a = Array();  // so that it is the only handle
  const std::int64_t n = here.dim(0);
  double* values = here.mut<double>();
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < i; ++j) values[j * n + i] = values[i * n + j];
  a = here.to(device);
}

/// Eigenvalues ascending in `values`; eigenvectors in the rows of `vectors`, unless it is undefined.
AKIN_LAZY void eigen_in_double(std::string_view op, Array& matrix, Array& values, Array& vectors) {
  double* rows = vectors.defined() ? vectors.mut<double>() : nullptr;
  const bool finite = on(matrix.device(), [&](auto queue) {
    return kernels::symmetric_eigen(queue, matrix.dim(0), matrix.mut<double>(), values.mut<double>(), rows);
  });
  check(finite, op, "the matrix of shape ", matrix.shape(), " contains NaN or infinity");
}

}  // namespace detail

struct SymmetricEigen {
  Array values;   ///< [n], ascending
  Array vectors;  ///< [n, n], column i belongs to values[i]; orthonormal
};

/// a = V diag(values) V^T for a symmetric a [n, n]; only its lower triangle is read.
AKIN_LAZY SymmetricEigen symmetric_eigen(const Array& a) {
  Array matrix = detail::square_copy("symmetric_eigen", a);
  detail::mirror_lower(matrix);
  Array values = Array::empty({a.dim(0)}, DType::f64, a.device()),
        rows = Array::empty(a.shape(), DType::f64, a.device());
  detail::eigen_in_double("symmetric_eigen", matrix, values, rows);
  const DType dtype = detail::compute_dtype(a.dtype());
  return {cast(values, dtype), cast(contiguous(rows.transpose()), dtype)};
}

/// The eigenvalues of a symmetric a [n, n], ascending: a third of the time of symmetric_eigen.
AKIN_LAZY Array symmetric_eigenvalues(const Array& a) {
  Array matrix = detail::square_copy("symmetric_eigenvalues", a), none;
  detail::mirror_lower(matrix);
  Array values = Array::empty({a.dim(0)}, DType::f64, a.device());
  detail::eigen_in_double("symmetric_eigenvalues", matrix, values, none);
  return cast(values, detail::compute_dtype(a.dtype()));
}

/// The min(rows, cols) singular values of x [rows, cols], descending, as roots of the eigenvalues of the smaller of
/// x^T x and x x^T. Squaring halves the digits: values below 1e-8 of the largest are rounding noise.
AKIN_LAZY Array singular_values(const Array& x) {
  check_rank("singular_values", "a matrix", x, 2);
  check(is_floating(x.dtype()), "singular_values", "needs floating-point values, got ", x.dtype());
  const Array tall = x.dim(0) < x.dim(1) ? x.transpose() : x;  // [m, n], m >= n
  const std::int64_t m = tall.dim(0), n = tall.dim(1);
  Array gram = Array::zeros({n, n}, DType::f64, x.device()), values = Array::empty({n}, DType::f64, x.device()), none;
  constexpr std::int64_t step = 4096;  // rows converted to double at a time
  for (std::int64_t begin = 0; begin < m; begin += step) {
    const Array part = cast(tall.slice(0, begin, std::min(m, begin + step)), DType::f64);
    accumulate(gram, matmul(part, part, {.transpose_a = true}));
  }
  detail::eigen_in_double("singular_values", gram, values, none);
  const Array squares = values.to(Device::cpu);
  Array out = Array::empty({n}, DType::f64);
  for (std::int64_t i = 0; i < n; ++i)
    out.mut<double>()[i] = std::sqrt(std::max(0.0, squares.data<double>()[n - 1 - i]));
  return cast(out, detail::compute_dtype(x.dtype())).to(x.device());
}

/// The lower triangular l with a = l l^T, for a symmetric positive definite a [n, n]; only its lower triangle is read.
/// Errors: a is not positive definite.
AKIN_LAZY Array cholesky(const Array& a) {
  Array l = detail::square_copy("cholesky", a);
  const std::int64_t n = a.dim(0),
                     bad = on(a.device(), [&](auto queue) { return kernels::cholesky(queue, n, l.mut<double>()); });
  if (bad >= 0)
    check(false, "cholesky", "the matrix of shape ", a.shape(), " is not positive definite: pivot ", bad, " is ",
          l.reshape({-1}).slice(0, bad * (n + 1), bad * (n + 1) + 1).item(), "; add a small multiple of eye()");
  return cast(l, detail::compute_dtype(a.dtype()));
}

/// The inverse of a lower triangular matrix [n, n]. Errors: a zero on the diagonal.
AKIN_LAZY Array inverse_lower(const Array& l) {
  Array in = detail::square_copy("inverse_lower", l);
  const std::int64_t n = l.dim(0);
  const Array here = in.to(Device::cpu);
  for (std::int64_t i = 0; i < n; ++i)
    check(here.data<double>()[i * (n + 1)] != 0, "inverse_lower", "the diagonal is 0 at row ", i);
  Array out = empty_like(in);
  on(l.device(), [&](auto queue) { kernels::inverse_lower(queue, n, in.data<double>(), out.mut<double>()); });
  return cast(out, detail::compute_dtype(l.dtype()));
}

}  // namespace akin::inline AKIN_ABI::ops
