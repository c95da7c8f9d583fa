// reduce: out[o, i] = combine over k of x[o, k, i], for x seen as [outer, n, inner]; and the variance over k. Twin:
// kernels/cpu/reduce.hpp. Who works on what: reduce_shares.hpp.
#pragma once
#include "reduce_shares.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

template <class T>
struct DoublesOf {
  const T* x;
  __device__ double operator()(std::int64_t at, std::int64_t) const {
    return static_cast<double>(static_cast<compute_t<T>>(x[at]));
  }
};

/// Totals of values of From. Those of a part are finished over one value: as they are.
template <class R, class From, class To>
struct TotalsOf {
  const From* x;
  To* out;
  std::int64_t n;

  template <class By>
  __device__ void run(const ReduceShare& share) const {
    const double total = total_of<By>(share, R{}, DoublesOf<From>{x});
    if (share.stores) out[share.out] = static_cast<To>(static_cast<compute_t<To>>(R::finish(total, n)));
  }
};

/// Mean, and sum of squared deviations from it, of the values of a share.
struct AxisMoments {
  double mean, squares;
};
template <class By, class T>
__device__ AxisMoments moments_of(const ReduceShare& share, const T* x) {
  const DoublesOf<T> value{x};
  const double mean = MeanOf::finish(total_of<By>(share, SumOf{}, value), share.count);
  const auto squared = [=](std::int64_t at, std::int64_t number) {
    const double deviation = value(at, number) - mean;
    return deviation * deviation;
  };
  return {mean, total_of<By>(share, SumOf{}, squared)};
}

template <class T>
struct VarianceOf {
  const T* x;
  T* out;

  template <class By>
  __device__ void run(const ReduceShare& share) const {
    const double squares = moments_of<By>(share, x).squares;
    if (share.stores) out[share.out] = static_cast<T>(static_cast<compute_t<T>>(MeanOf::finish(squares, share.count)));
  }
};

template <class T>
struct MomentsOfParts {
  const T* x;
  double *mean, *squares;

  template <class By>
  __device__ void run(const ReduceShare& share) const {
    const auto [m, s] = moments_of<By>(share, x);
    if (share.stores) mean[share.out] = m, squares[share.out] = s;
  }
};

/// The variance of n values from the moments of parts of them, each of `rows` values or what is left: deviations within
/// a part, and of its mean from that of all.
template <class T>
struct VarianceOfParts {
  const double *mean, *squares;
  T* out;
  std::int64_t n, rows;

  __device__ double count(std::int64_t part) const {
    const std::int64_t left = n - part * rows;
    return static_cast<double>(left < rows ? left : rows);
  }
  template <class By>
  __device__ void run(const ReduceShare& share) const {
    const auto of_part = [this](std::int64_t at, std::int64_t part) { return count(part) * mean[at]; };
    const double of_all = MeanOf::finish(total_of<By>(share, SumOf{}, of_part), n);
    const auto deviations = [=, this](std::int64_t at, std::int64_t part) {
      const double apart = mean[at] - of_all;
      return squares[at] + count(part) * (apart * apart);
    };
    const double total = total_of<By>(share, SumOf{}, deviations);
    if (share.stores) out[share.out] = static_cast<T>(static_cast<compute_t<T>>(MeanOf::finish(total, n)));
  }
};

}  // namespace detail

/// out [outer, inner] = the values of x [outer, n, inner] along n, combined by R.
template <class R, class T>
void reduce(Cuda queue, R, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* out) {
  const detail::ReduceExtent extent{outer, n, inner};
  if (extent.outputs() == 0) return;
  const detail::ReduceTiles tiles = detail::tiles_of(extent);
  if (tiles.parts == 1) return detail::launch_whole("reduce", queue, extent, detail::TotalsOf<R, T, T>{x, out, n});
  const DeviceScratch<double> parts("reduce", queue, outer * tiles.parts * inner);
  detail::launch_tiles("reduce", queue, extent, tiles, detail::TotalsOf<R, T, double>{x, parts.data(), 1});
  detail::launch_whole("reduce", queue, {outer, tiles.parts, inner},
                       detail::TotalsOf<R, double, T>{parts.data(), out, n});
}

/// out[o, i] = mean over k of (x[o, k, i] - mean over k)^2. Two passes, the second from the caches: E[x^2] - E[x]^2
/// loses all digits when |mean| >> sigma.
template <class T>
void variance(Cuda queue, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* x, T* out) {
  const detail::ReduceExtent extent{outer, n, inner};
  if (extent.outputs() == 0) return;
  const detail::ReduceTiles tiles = detail::tiles_of(extent);
  if (tiles.parts == 1) return detail::launch_whole("variance", queue, extent, detail::VarianceOf<T>{x, out});
  const std::int64_t count = outer * tiles.parts * inner;
  const DeviceScratch<double> parts("variance", queue, 2 * count);
  double *const mean = parts.data(), *const squares = mean + count;
  detail::launch_tiles("variance", queue, extent, tiles, detail::MomentsOfParts<T>{x, mean, squares});
  detail::launch_whole("variance", queue, {outer, tiles.parts, inner},
                       detail::VarianceOfParts<T>{mean, squares, out, n, tiles.rows});
}

}  // namespace akin::inline AKIN_ABI::kernels
