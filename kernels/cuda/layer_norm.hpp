// Normalisation of rows: layer norm (arXiv:1607.06450) and division by the Euclidean length. Twins:
// kernels/cpu/layer_norm.hpp and kernels/cpu/norm.hpp.
//
// Statistics are totalled in double, as on the CPU: a large mean costs no digits, squares of f32 values neither
// overflow nor vanish.
#pragma once
#include <cmath>

#include "../operands.hpp"
#include "reduce_shares.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

// ---- layer norm -----------------------------------------------------------------------------------------------------

template <class By, class T>
__global__ void layer_norm_kernel(std::int64_t rows, std::int64_t cols, LayerNormForward<T> f) {
  using C = compute_t<T>;
  const OrConstant<C> weight{f.weight, C(1)}, bias{f.bias, C(0)};
  const double n = static_cast<double>(cols);
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T* x = f.x + row * cols;
    const double mean = row_sum<By, double>(
                            cols, [](C v) { return v; }, x) /
                        n;
    const auto squared = [=](C v) {
      const double deviation = v - mean;
      return deviation * deviation;
    };
    const double var = row_sum<By, double>(cols, squared, x) / n;
    const C m = static_cast<C>(mean), rstd = static_cast<C>(1 / std::sqrt(var + f.eps));
    fill_row<By>(
        cols, f.y + row * cols, [=](C v, C w, C b) { return (v - m) * rstd * w + b; }, x, weight, bias);
    if (member<By>() == 0) f.mean[row] = m, f.rstd[row] = rstd;
  }
}

template <class By, class T>
__global__ void layer_norm_backward_kernel(std::int64_t rows, std::int64_t cols, LayerNormBackward<T> b) {
  using C = compute_t<T>;
  const OrConstant<C> weight{b.weight, C(1)};
  const double n = static_cast<double>(cols);
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T *dy = b.dy + row * cols, *x = b.x + row * cols;
    const C mean = b.mean[row], rstd = b.rstd[row];
    const C plain = static_cast<C>(row_sum<By, double>(
                                       cols, [](C g, C w) { return g * w; }, dy, weight) /
                                   n);
    const auto weighted_term = [=](C g, C v, C w) { return g * w * ((v - mean) * rstd); };
    const C weighted = static_cast<C>(row_sum<By, double>(cols, weighted_term, dy, x, weight) / n);
    const auto dx = [=](C g, C v, C w) { return rstd * (g * w - plain - (v - mean) * rstd * weighted); };
    fill_row<By>(cols, b.dx + row * cols, dx, dy, x, weight);
  }
}

/// sum dy xhat and sum dy over rows, or parts of the rows.
template <class T, class To>
struct LayerNormSums {
  LayerNormBackward<T> b;
  To *dweight, *dbias;

  template <class By>
  __device__ void run(const ReduceShare& share) const {
    using C = compute_t<T>;
    const auto plain = [this](std::int64_t at, std::int64_t) { return static_cast<double>(static_cast<C>(b.dy[at])); };
    const auto weighted = [this](std::int64_t at, std::int64_t row) {
      const C xhat = (static_cast<C>(b.x[at]) - b.mean[row]) * b.rstd[row];
      return static_cast<double>(static_cast<C>(b.dy[at]) * xhat);
    };
    const double of_weight = total_of<By>(share, SumOf{}, weighted), of_bias = total_of<By>(share, SumOf{}, plain);
    if (!share.stores) return;
    dweight[share.out] = static_cast<To>(of_weight);
    dbias[share.out] = static_cast<To>(of_bias);
  }
};
/// Totals of what LayerNormSums made of parts: outputs 0 ... cols - 1 are dweight, the others dbias.
template <class C>
struct LayerNormSumsOfParts {
  const double* parts;
  std::int64_t cols;
  C *dweight, *dbias;

  template <class By>
  __device__ void run(const ReduceShare& share) const {
    const double total = total_of<By>(share, SumOf{}, [this](std::int64_t at, std::int64_t) { return parts[at]; });
    if (share.stores) *(share.out < cols ? dweight + share.out : dbias + (share.out - cols)) = static_cast<C>(total);
  }
};

// ---- Euclidean length -----------------------------------------------------------------------------------------------

template <class By, class T>
__global__ void l2_normalize_kernel(std::int64_t rows, std::int64_t cols, double eps, const T* x, T* y,
                                    compute_t<T>* norm) {
  using C = compute_t<T>;
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T* in = x + row * cols;
    const auto squared = [](C v) { return static_cast<double>(v) * v; };
    const double root = std::sqrt(row_sum<By, double>(cols, squared, in)), length = root < eps ? eps : root;
    fill_row<By>(
        cols, y + row * cols, [=](C v) { return static_cast<C>(v / length); }, in);
    if (member<By>() == 0) norm[row] = static_cast<C>(length);
  }
}

template <class By, class T>
__global__ void l2_normalize_backward_kernel(std::int64_t rows, std::int64_t cols, double eps, const T* y, const T* dy,
                                             const compute_t<T>* norm, T* dx) {
  using C = compute_t<T>;
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T *a = y + row * cols, *g = dy + row * cols;
    const C sum = static_cast<C>(row_sum<By, double>(
        cols, [](C p, C q) { return p * q; }, a, g));
    const C along = norm[row] <= static_cast<C>(eps) ? C(0) : sum, scale = C(1) / norm[row];
    fill_row<By>(
        cols, dx + row * cols, [=](C p, C q) { return (q - p * along) * scale; }, a, g);
  }
}

}  // namespace detail

/// Two passes for the statistics: E[x^2] - E[x]^2 loses all digits when |mean| >> sigma.
template <class T>
void layer_norm(Cuda queue, std::int64_t rows, std::int64_t cols, const LayerNormForward<T>& f) {
  launch_rows("layer_norm", queue, rows, cols, detail::layer_norm_kernel<WarpPerRow, T>,
              detail::layer_norm_kernel<BlockPerRow, T>, rows, cols, f);
}

/// With g = dy weight and xhat = (x - mean) rstd:  dx = rstd (g - mean(g) - xhat mean(g xhat)) along each row,
/// dweight = sum dy xhat, dbias = sum dy over rows: parts of the rows in parallel, added up in order.
template <class T>
void layer_norm_backward(Cuda queue, std::int64_t rows, std::int64_t cols, const LayerNormBackward<T>& b) {
  using C = compute_t<T>;
  constexpr const char* op = "layer_norm backward";
  if (cols == 0) return;
  launch_rows(op, queue, rows, cols, detail::layer_norm_backward_kernel<WarpPerRow, T>,
              detail::layer_norm_backward_kernel<BlockPerRow, T>, rows, cols, b);
  const detail::ReduceExtent extent{1, rows, cols};
  const detail::ReduceTiles tiles = detail::tiles_of(extent);
  if (tiles.parts == 1)
    return detail::launch_whole(op, queue, extent, detail::LayerNormSums<T, C>{b, b.dweight, b.dbias});
  const DeviceScratch<double> parts(op, queue, 2 * tiles.parts * cols);
  detail::launch_tiles(op, queue, extent, tiles,
                       detail::LayerNormSums<T, double>{b, parts.data(), parts.data() + tiles.parts * cols});
  detail::launch_whole(op, queue, {2, tiles.parts, cols},
                       detail::LayerNormSumsOfParts<C>{parts.data(), cols, b.dweight, b.dbias});
}

/// y = x / max(|x|, eps) along each row; norm = max(|x|, eps).
template <class T>
void l2_normalize(Cuda queue, std::int64_t rows, std::int64_t cols, double eps, const T* x, T* y, compute_t<T>* norm) {
  launch_rows("l2_normalize", queue, rows, cols, detail::l2_normalize_kernel<WarpPerRow, T>,
              detail::l2_normalize_kernel<BlockPerRow, T>, rows, cols, eps, x, y, norm);
}

/// dx = (dy - y (y . dy)) / |x|; rows shorter than eps were divided by a constant: dx = dy / eps.
template <class T>
void l2_normalize_backward(Cuda queue, std::int64_t rows, std::int64_t cols, double eps, const T* y, const T* dy,
                           const compute_t<T>* norm, T* dx) {
  launch_rows("l2_normalize backward", queue, rows, cols, detail::l2_normalize_backward_kernel<WarpPerRow, T>,
              detail::l2_normalize_backward_kernel<BlockPerRow, T>, rows, cols, eps, y, dy, norm, dx);
}

}  // namespace akin::inline AKIN_ABI::kernels
