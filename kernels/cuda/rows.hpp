// Kernels of rows: who works on one, and how it is read. A short row gets a warp, which needs no barrier; a long one a
// block. Rows are read 16 bytes at a time where they are aligned, and more than once: after the first time they come
// from the caches.
#pragma once
#include "../../include/akin/core/bf16.hpp"
#include "pack.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Up to 32 values for each lane: with more, too few warps would have too much to do.
inline constexpr std::int64_t longest_row_of_a_warp = 1024;

struct WarpPerRow {
  static constexpr int threads = warp_size;
  template <class A, class Combine>
  __device__ static A reduce(A value, A, Combine combine) {
    return warp_reduce(value, combine);
  }
};
struct BlockPerRow {
  static constexpr int threads = block_threads;
  template <class A, class Combine>
  __device__ static A reduce(A value, A neutral, Combine combine) {
    return block_reduce(value, neutral, combine);
  }
};

// for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()): the rows of a group of threads.
template <class By>
__device__ std::int64_t first_row() {
  return first_item() / By::threads;
}
template <class By>
__device__ std::int64_t row_step() {
  return item_step() / By::threads;
}
/// The number of this thread among those of its row.
template <class By>
__device__ int member() {
  return static_cast<int>(threadIdx.x) % By::threads;
}

// ---- operands of a row ----------------------------------------------------------------------------------------------

/// An operand that may be missing: null stands for a constant.
template <class T>
struct OrConstant {
  const T* p;
  T constant;
};

namespace detail {

template <class T>
__device__ const T* address_of(const T* x) {
  return x;
}
template <class T>
__device__ const T* address_of(const OrConstant<T>& x) {
  return x.p;
}
template <int n, class T>
__device__ Pack<T, n> pack_at(const T* x, std::int64_t j, bool aligned) {
  if (aligned) return *reinterpret_cast<const Pack<T, n>*>(x + j);
  Pack<T, n> pack;
  for (int i = 0; i < n; ++i) pack.values[i] = x[j + i];
  return pack;
}
template <int n, class T>
__device__ Pack<T, n> pack_at(const OrConstant<T>& x, std::int64_t j, bool aligned) {
  if (x.p) return pack_at<n>(x.p, j, aligned);
  Pack<T, n> pack;
  for (T& value : pack.values) value = x.constant;
  return pack;
}
template <int n, class T>
__device__ void store_pack(T* y, std::int64_t j, bool aligned, const Pack<T, n>& pack) {
  if (aligned)
    *reinterpret_cast<Pack<T, n>*>(y + j) = pack;
  else
    for (int i = 0; i < n; ++i) y[j + i] = pack.values[i];
}

template <class T>
__device__ compute_t<T> to_compute(T value) {
  return static_cast<compute_t<T>>(value);
}

/// Calls visit(j, aligned, n neighbours of x from j on ...) for those of this thread.
template <class By, int n, class Visit, class... X>
__device__ void visit_packs(std::int64_t cols, bool aligned, Visit visit, const X&... x) {
  for (std::int64_t j = member<By>() * n; j < cols; j += By::threads * n)
    visit(j, aligned, pack_at<n>(x, j, aligned)...);
}
/// The same with n from the type T and the shape. Whether these operands and the one at `also` are aligned decides how
/// they are read, not who reads what: results must not depend on where an array lies.
template <class By, class T, class Visit, class... X>
__device__ void visit_row(std::int64_t cols, const T* also, Visit visit, const X&... x) {
  constexpr int n = pack_lanes<T>;
  const auto bits = (reinterpret_cast<std::uintptr_t>(address_of(x)) | ... | reinterpret_cast<std::uintptr_t>(also));
  if (cols % n == 0)
    visit_packs<By, n>(cols, bits % 16 == 0, visit, x...);
  else
    visit_packs<By, 1>(cols, true, visit, x...);
}

}  // namespace detail

// ---- what kernels do with a row -------------------------------------------------------------------------------------

/// start combined with term(x[j] ...) of every j, in every thread of the row. Values come in their compute type.
template <class By, class A, class Combine, class Term, class T, class... X>
__device__ A row_total(std::int64_t cols, A start, Combine combine, Term term, const T* x, const X&... more) {
  A total = start;
  const auto take = [&]<int n>(std::int64_t, bool, const Pack<T, n>& first, const auto&... packs) {
    for (int i = 0; i < n; ++i)
      total = combine(
          total, static_cast<A>(term(detail::to_compute(first.values[i]), detail::to_compute(packs.values[i])...)));
  };
  detail::visit_row<By>(cols, x, take, x, more...);
  return By::reduce(total, start, combine);
}
template <class By, class A, class Term, class T, class... X>
__device__ A row_sum(std::int64_t cols, Term term, const T* x, const X&... more) {
  return row_total<By>(cols, A(0), SumOf{}, term, x, more...);
}

/// y[j] = f(x[j] ...)
template <class By, class T, class F, class... X>
__device__ void fill_row(std::int64_t cols, T* y, F f, const T* x, const X&... more) {
  const auto write = [&]<int n>(std::int64_t j, bool aligned, const Pack<T, n>& first, const auto&... packs) {
    Pack<T, n> out;
    for (int i = 0; i < n; ++i)
      out.values[i] = static_cast<T>(f(detail::to_compute(first.values[i]), detail::to_compute(packs.values[i])...));
    detail::store_pack(y, j, aligned, out);
  };
  detail::visit_row<By>(cols, y, write, x, more...);
}

/// A launch for all rows: the first kernel where a warp is enough for a row, else the second.
template <class... P, class... A>
void launch_rows(std::string_view op, Cuda queue, std::int64_t rows, std::int64_t cols, void (*by_warp)(P...),
                 void (*by_block)(P...), A&&... args) {
  if (rows == 0) return;
  if (cols <= longest_row_of_a_warp)
    launch(op, queue, grid_over(rows * warp_size), by_warp, static_cast<A&&>(args)...);
  else
    launch(op, queue, grid_of_rows(rows), by_block, static_cast<A&&>(args)...);
}

}  // namespace akin::inline AKIN_ABI::kernels
