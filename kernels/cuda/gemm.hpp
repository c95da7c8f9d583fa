// Matrix products of stored matrices, by cuBLAS (cublas.hpp) where it takes them, else by akin's kernels (product.hpp).
// Twin: kernels/cpu/gemm.hpp.
#pragma once
#include <initializer_list>

#include "../layout.hpp"
#include "cublas.hpp"
#include "product.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Where the operand of an item begins: every `step` elements, or as a table says that travels with the launch.
struct EvenOffsets {
  std::int64_t step = 0;
  __device__ std::int64_t of(std::int64_t item) const { return item * step; }
};
struct OffsetTable {
  static constexpr std::int64_t size = 128;  // two tables fit into the 4 KiB of a kernel's parameters
  std::int64_t offset[size];
  __device__ std::int64_t of(std::int64_t item) const { return offset[item]; }
};

/// A stored matrix: [rows, terms], or [terms, rows] if its neighbours are not along terms; lines `stride` apart.
template <class T, bool along_terms_, class Offsets>
struct MatrixOperand {
  using Element = T;
  static constexpr bool along_terms = along_terms_;
  using Row = std::int64_t;
  using Term = std::int64_t;

  const T* data;
  std::int64_t rows, terms, stride;
  Offsets offsets;
  bool chunks;

  __device__ MatrixOperand of(std::int64_t item) const {
    MatrixOperand one = *this;
    one.data += offsets.of(item);
    return one;
  }
  __device__ Row row(std::int64_t i) const { return i >= rows ? -1 : along_terms ? i * stride : i; }
  __device__ Term term(std::int64_t k) const { return k >= terms ? -1 : along_terms ? k : k * stride; }
  __device__ const T* find(Row row, Term term) const { return row < 0 || term < 0 ? nullptr : data + row + term; }
};

/// Chunks are whole where lines, their lengths and everything between them are multiples of 16 bytes.
template <class T>
bool in_chunks(const T* data, std::initializer_list<std::int64_t> counts) {
  bool whole = reinterpret_cast<std::uintptr_t>(data) % 16 == 0;
  for (const std::int64_t count : counts) whole = whole && count % pack_lanes<T> == 0;
  return whole;
}

template <bool along_terms, class T>
MatrixOperand<T, along_terms, EvenOffsets> matrix_operand(const T* data, std::int64_t rows, std::int64_t terms,
                                                          std::int64_t stride, std::int64_t step) {
  return {data, rows, terms, stride, {step}, in_chunks(data, {along_terms ? terms : rows, stride, step})};
}
template <bool along_terms, class T>
MatrixOperand<T, along_terms, OffsetTable> matrix_operand(const T* data, std::int64_t rows, std::int64_t terms,
                                                          std::int64_t stride, std::int64_t count,
                                                          const std::int64_t* offset) {
  MatrixOperand<T, along_terms, OffsetTable> operand{
      data, rows, terms, stride, {}, in_chunks(data, {along_terms ? terms : rows, stride})};
  for (std::int64_t i = 0; i < count; ++i) {
    operand.offsets.offset[i] = offset[i];
    operand.chunks = operand.chunks && offset[i] % pack_lanes<T> == 0;
  }
  return operand;
}

/// At most OffsetTable::size products.
template <bool transpose_a, bool transpose_b, class T>
void gemm_items(Cuda queue, const GemmShape& s, std::int64_t count, const T* a, const std::int64_t* a_offset,
                const T* b, const std::int64_t* b_offset, T* c) {
  multiply("gemm", queue, ProductShape{s.m, s.n, s.k, count},
           matrix_operand<!transpose_a>(a, s.m, s.k, s.lda, count, a_offset),
           matrix_operand<transpose_b>(b, s.n, s.k, s.ldb, count, b_offset), EvenRows<T>{c, s.ldc, s.m * s.ldc});
}

}  // namespace detail

/// `count` products of one shape: product i reads a + a_offset[i] and b + b_offset[i], and writes c + i * m * ldc. The
/// offsets are on the host.
template <class T>
void gemm_batch(Cuda queue, const GemmShape& s, std::int64_t count, const T* a, const std::int64_t* a_offset,
                const T* b, const std::int64_t* b_offset, T* c) {
#if defined(AKIN_WITH_CUBLAS)
  if (use_cuda_libraries() && detail::cublas_gemm_batch(queue, s, count, a, a_offset, b, b_offset, c)) return;
#endif
  const auto items = s.transpose_a
                         ? s.transpose_b ? detail::gemm_items<true, true, T> : detail::gemm_items<true, false, T>
                     : s.transpose_b ? detail::gemm_items<false, true, T>
                                     : detail::gemm_items<false, false, T>;
  for (std::int64_t i = 0; i < count; i += detail::OffsetTable::size)
    items(queue, s, std::min(count - i, detail::OffsetTable::size), a, a_offset + i, b, b_offset + i,
          c + i * s.m * s.ldc);
}

/// c = op(a) op(b), overwriting c; zero where k is.
template <class T>
void gemm(Cuda queue, const GemmShape& s, const T* a, const T* b, T* c) {
  constexpr std::int64_t first = 0;
  gemm_batch(queue, s, 1, a, &first, b, &first, c);
}

}  // namespace akin::inline AKIN_ABI::kernels
