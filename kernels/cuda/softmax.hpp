// softmax, log-softmax and log-sum-exp of rows, and their gradients. Twin: kernels/cpu/softmax.hpp. Who works on a row:
// rows.hpp.
//
// As on the CPU, the maximum is subtracted first, -inf entries (masked logits) get probability 0, and a row of nothing
// but -inf has logsumexp -inf, softmax 0 and log-softmax -inf. A NaN makes its whole row NaN.
#pragma once
#include <cmath>
#include <limits>

#include "rows.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// The largest logit (0 if every entry is -inf) and sum exp(x - shift), in every thread of the row.
template <class C>
struct RowOfLogits {
  C shift, sum;
};

template <class By, class T>
__device__ RowOfLogits<compute_t<T>> row_of_logits(std::int64_t cols, const T* x) {
  using C = compute_t<T>;
  constexpr C lowest = -std::numeric_limits<C>::infinity();
  const C largest = row_total<By>(
      cols, lowest, MaxOf{}, [](C v) { return v; }, x);
  const C shift = largest == lowest ? C(0) : largest;
  return {shift, row_sum<By, C>(
                     cols, [=](C v) { return std::exp(v - shift); }, x)};
}

template <class By, class T>
__global__ void softmax_kernel(std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  using C = compute_t<T>;
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T* in = x + row * cols;
    const auto [shift, sum] = row_of_logits<By>(cols, in);
    const C scale = sum == 0 ? C(0) : 1 / sum;
    fill_row<By>(
        cols, y + row * cols, [shift = shift, scale](C v) { return std::exp(v - shift) * scale; }, in);
  }
}

template <class By, class T>
__global__ void softmax_backward_kernel(std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  using C = compute_t<T>;
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T *p = y + row * cols, *g = dy + row * cols;
    const C along = row_sum<By, C>(
        cols, [](C a, C b) { return a * b; }, p, g);
    fill_row<By>(
        cols, dx + row * cols, [=](C a, C b) { return a * (b - along); }, p, g);
  }
}

template <class By, class T>
__global__ void log_softmax_kernel(std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  using C = compute_t<T>;
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T* in = x + row * cols;
    const auto [shift, sum] = row_of_logits<By>(cols, in);
    const C log_sum = sum == 0 ? C(0) : std::log(sum);
    fill_row<By>(
        cols, y + row * cols, [shift = shift, log_sum](C v) { return (v - shift) - log_sum; }, in);
  }
}

template <class By, class T>
__global__ void log_softmax_backward_kernel(std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  using C = compute_t<T>;
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T *log_p = y + row * cols, *g = dy + row * cols;
    const C total = row_sum<By, C>(
        cols, [](C v) { return v; }, g);
    fill_row<By>(
        cols, dx + row * cols, [=](C a, C b) { return b - std::exp(a) * total; }, log_p, g);
  }
}

template <class By, class T>
__global__ void logsumexp_kernel(std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  using C = compute_t<T>;
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const auto [shift, sum] = row_of_logits<By>(cols, x + row * cols);
    if (member<By>() == 0) y[row] = static_cast<T>(static_cast<C>(shift + std::log(static_cast<double>(sum))));
  }
}

template <class By, class T>
__global__ void logsumexp_backward_kernel(std::int64_t rows, std::int64_t cols, const T* x, const T* y, const T* dy,
                                          T* dx) {
  using C = compute_t<T>;
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const C g = static_cast<C>(dy[row]), saved = static_cast<C>(y[row]);
    const C shift = saved == -std::numeric_limits<C>::infinity() ? C(0) : saved;
    fill_row<By>(
        cols, dx + row * cols, [=](C v) { return std::exp(v - shift) * g; }, x + row * cols);
  }
}

}  // namespace detail

/// y = exp(x - max) / sum exp(x - max)
template <class T>
void softmax(Cuda queue, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  launch_rows("softmax", queue, rows, cols, detail::softmax_kernel<WarpPerRow, T>,
              detail::softmax_kernel<BlockPerRow, T>, rows, cols, x, y);
}

/// dx = y (dy - y . dy)
template <class T>
void softmax_backward(Cuda queue, std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  launch_rows("softmax backward", queue, rows, cols, detail::softmax_backward_kernel<WarpPerRow, T>,
              detail::softmax_backward_kernel<BlockPerRow, T>, rows, cols, y, dy, dx);
}

/// y = (x - max) - log sum exp(x - max)
template <class T>
void log_softmax(Cuda queue, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  launch_rows("log_softmax", queue, rows, cols, detail::log_softmax_kernel<WarpPerRow, T>,
              detail::log_softmax_kernel<BlockPerRow, T>, rows, cols, x, y);
}

/// dx = dy - exp(y) sum dy
template <class T>
void log_softmax_backward(Cuda queue, std::int64_t rows, std::int64_t cols, const T* y, const T* dy, T* dx) {
  launch_rows("log_softmax backward", queue, rows, cols, detail::log_softmax_backward_kernel<WarpPerRow, T>,
              detail::log_softmax_backward_kernel<BlockPerRow, T>, rows, cols, y, dy, dx);
}

/// y[row] = log sum exp(x[row, :])
template <class T>
void logsumexp(Cuda queue, std::int64_t rows, std::int64_t cols, const T* x, T* y) {
  launch_rows("logsumexp", queue, rows, cols, detail::logsumexp_kernel<WarpPerRow, T>,
              detail::logsumexp_kernel<BlockPerRow, T>, rows, cols, x, y);
}

/// dx[row, :] = dy[row] exp(x - y[row]), which is dy softmax(x)
template <class T>
void logsumexp_backward(Cuda queue, std::int64_t rows, std::int64_t cols, const T* x, const T* y, const T* dy, T* dx) {
  launch_rows("logsumexp backward", queue, rows, cols, detail::logsumexp_backward_kernel<WarpPerRow, T>,
              detail::logsumexp_backward_kernel<BlockPerRow, T>, rows, cols, x, y, dy, dx);
}

}  // namespace akin::inline AKIN_ABI::kernels
