// Order along rows: sort, argsort, the k largest, the largest and the smallest. Twin: kernels/cpu/sort.hpp.
//
// Rows are sorted as pairs of value and position, and a tie goes to the lower position: the order is unique, and that of
// the CPU. A row that fits shared memory is sorted there by one block, with a bitonic network (Batcher 1968), which
// exchanges the same pairs whatever the values are. Of a longer row blocks sort chunks, which are then merged two by two
// in global memory: every value finds its place by counting, with a binary search, how many of the other chunk come
// before it. For the k largest, no more than k values of a chunk take part.
#pragma once
#include <bit>
#include <utility>

#include "../order.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Values and positions of 8 bytes and 4: with this many, 48 KiB.
inline constexpr std::int64_t longest_sorted_chunk = 4096;

/// Values beside their positions in the row. 32 bits: a row of 2^32 values and what sorting it takes fit no GPU.
template <class C>
struct RankedArrays {
  C* value;
  std::uint32_t* position;

  __device__ Ranked<C> operator[](std::int64_t i) const { return {value[i], position[i]}; }
  __device__ void set(std::int64_t i, const Ranked<C>& r) const {
    value[i] = r.value;
    position[i] = static_cast<std::uint32_t>(r.index);
  }
};

/// Sorts `count` pairs in shared memory. Exchanges always put the first of a pair at the lower place, so those beyond
/// the end, which a network of a power of two needs, would never move and are left out.
template <class C>
__device__ void sort_in_shared(int count, bool descending, RankedArrays<C> a) {
  for (int size = 2; size / 2 < count; size *= 2)
    for (int distance = size / 2; distance > 0; distance /= 2) {
      for (int pair = static_cast<int>(threadIdx.x);; pair += static_cast<int>(blockDim.x)) {
        const int low = 2 * pair - (pair & (distance - 1));
        if (low >= count) break;
        // each merge starts with a comparison of mirror images
        const int high = distance == size / 2 ? low ^ (size - 1) : low + distance;
        if (high >= count) continue;
        const Ranked<C> x = a[low], y = a[high];
        if (sorts_before(descending, y, x)) a.set(low, y), a.set(high, x);
      }
      __syncthreads();
    }
}

/// Where sorted values go: to the results, of which a row has `keep`; null: not wanted ...
template <class T>
struct StoreResults {
  std::int64_t cols, keep;
  const T* x;
  T* values;
  std::int64_t* indices;

  __device__ void operator()(std::int64_t row, std::int64_t, std::int64_t j, const Ranked<compute_t<T>>& r) const {
    if (values) values[row * keep + j] = x[row * cols + r.index];  // the very bits, also of a NaN
    if (indices) indices[row * keep + j] = r.index;
  }
};
/// ... or to where their chunk begins.
template <class C>
struct StoreRun {
  std::int64_t cols;
  RankedArrays<C> to;

  __device__ void operator()(std::int64_t row, std::int64_t begin, std::int64_t j, const Ranked<C>& r) const {
    to.set(row * cols + begin + j, r);
  }
};

struct SortExtent {
  std::int64_t rows, cols, keep;  ///< the first `keep` of every row are wanted
  bool descending;
};

template <class T, class Store>
__global__ void sort_chunks_kernel(SortExtent e, std::int64_t chunk, const T* x, Store store) {
  using C = compute_t<T>;
  AKIN_DYNAMIC_SHARED(C, values);
  const RankedArrays<C> shared{values, reinterpret_cast<std::uint32_t*>(values + (chunk + 3) / 4 * 4)};
  const std::int64_t chunks = (e.cols + chunk - 1) / chunk;
  for (std::int64_t task = blockIdx.x; task < e.rows * chunks; task += gridDim.x) {
    const std::int64_t row = task / chunks, begin = task % chunks * chunk;
    const int count = static_cast<int>(e.cols - begin < chunk ? e.cols - begin : chunk);
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x))
      shared.set(i, {to_compute(x[row * e.cols + begin + i]), begin + i});
    __syncthreads();
    sort_in_shared(count, e.descending, shared);
    for (int i = static_cast<int>(threadIdx.x); i < count && i < e.keep; i += static_cast<int>(blockDim.x))
      store(row, begin, i, shared[i]);
    __syncthreads();
  }
}

/// Merges sorted runs, one at every multiple of `run`, with the next.
template <class C>
__global__ void merge_runs_kernel(SortExtent e, std::int64_t run, RankedArrays<C> from, RankedArrays<C> to) {
  const std::int64_t runs = (e.cols + run - 1) / run, longest = run < e.keep ? run : e.keep;
  const auto length = [&](std::int64_t r) {
    const std::int64_t left = e.cols - r * run;
    return left < longest ? (left > 0 ? left : 0) : longest;
  };
  for (std::int64_t item = first_item(); item < e.rows * runs * longest; item += item_step()) {
    const std::int64_t i = item % longest, mine = item / longest % runs, row = item / longest / runs * e.cols;
    if (i >= length(mine)) continue;
    const std::int64_t other = mine ^ 1, there = row + other * run;
    const Ranked<C> r = from[row + mine * run + i];
    std::int64_t low = 0, high = length(other);
    while (low < high) {
      const std::int64_t middle = (low + high) / 2;
      if (sorts_before(e.descending, from[there + middle], r))
        low = middle + 1;
      else
        high = middle;
    }
    if (i + low < e.keep) to.set(row + mine / 2 * 2 * run + i + low, r);
  }
}

template <class T>
__global__ void store_results_kernel(SortExtent e, RankedArrays<compute_t<T>> sorted, StoreResults<T> store) {
  for (std::int64_t item = first_item(); item < e.rows * e.keep; item += item_step())
    store(item / e.keep, 0, item % e.keep, sorted[item / e.keep * e.cols + item % e.keep]);
}

template <class T, class Store>
void launch_sort_chunks(std::string_view op, Cuda queue, const SortExtent& e, std::int64_t chunk, const T* x,
                        const Store& store) {
  const std::int64_t chunks = (e.cols + chunk - 1) / chunk, room = (chunk + 3) / 4 * 4;
  const auto pairs = std::bit_ceil(static_cast<unsigned>(chunk)) / 2;
  Grid grid = grid_of_rows(e.rows * chunks, std::clamp(static_cast<int>(pairs), warp_size, 512));
  grid.shared_bytes = static_cast<std::size_t>(room) * (sizeof(compute_t<T>) + sizeof(std::uint32_t));
  launch(op, queue, grid, sort_chunks_kernel<T, Store>, e, chunk, x, store);
}

template <class T>
void sort_rows(std::string_view op, Cuda queue, const SortExtent& e, const T* x, T* values, std::int64_t* indices) {
  using C = compute_t<T>;
  if (e.rows * e.keep == 0) return;
  const StoreResults<T> results{e.cols, e.keep, x, values, indices};
  if (e.cols <= longest_sorted_chunk) return launch_sort_chunks(op, queue, e, e.cols, x, results);
  const std::int64_t count = e.rows * e.cols;
  const DeviceScratch<C> keys(op, queue, 2 * count);
  const DeviceScratch<std::uint32_t> positions(op, queue, 2 * count);
  RankedArrays<C> from{keys.data(), positions.data()}, to{keys.data() + count, positions.data() + count};
  launch_sort_chunks(op, queue, e, longest_sorted_chunk, x, StoreRun<C>{e.cols, from});
  for (std::int64_t run = longest_sorted_chunk; run < e.cols; run *= 2) {
    const std::int64_t items = e.rows * ((e.cols + run - 1) / run) * std::min(run, e.keep);
    launch(op, queue, grid_over(items), merge_runs_kernel<C>, e, run, from, to);
    std::swap(from, to);
  }
  launch(op, queue, grid_over(e.rows * e.keep), store_results_kernel<T>, e, from, results);
}

// ---- one of a row ---------------------------------------------------------------------------------------------------

template <class C>
__device__ Ranked<C> from_lane_xor(const Ranked<C>& r, int distance) {
  return {kernels::from_lane_xor(r.value, distance), kernels::from_lane_xor(r.index, distance)};
}

struct FirstOf {
  bool descending;
  template <class C>
  __device__ Ranked<C> operator()(const Ranked<C>& a, const Ranked<C>& b) const {
    return sorts_before(descending, b, a) ? b : a;
  }
};

template <class By, class T>
__global__ void arg_extreme_kernel(std::int64_t rows, std::int64_t cols, bool largest, const T* x,
                                   std::int64_t* indices) {
  using C = compute_t<T>;
  const FirstOf first{largest};
  for (std::int64_t row = first_row<By>(); row < rows; row += row_step<By>()) {
    const T* in = x + row * cols;
    const Ranked<C> start{cols > 0 ? to_compute(in[0]) : C(0), 0};
    Ranked<C> best = start;
    for (std::int64_t j = member<By>(); j < cols; j += By::threads) best = first(best, Ranked<C>{to_compute(in[j]), j});
    best = By::reduce(best, start, first);
    if (member<By>() == 0) indices[row] = best.index;
  }
}

}  // namespace detail

/// indices[row, :]: positions of the values in ascending (or descending) order, stable.
template <class T>
void argsort(Cuda queue, std::int64_t rows, std::int64_t cols, bool descending, const T* x, std::int64_t* indices) {
  detail::sort_rows<T>("argsort", queue, {rows, cols, cols, descending}, x, nullptr, indices);
}

/// y[row, :] = the values of the row in ascending (or descending) order.
template <class T>
void sort(Cuda queue, std::int64_t rows, std::int64_t cols, bool descending, const T* x, T* y) {
  detail::sort_rows<T>("sort", queue, {rows, cols, cols, descending}, x, y, nullptr);
}

/// The k largest values of every row and their positions, largest first; at a tie the lower index wins.
template <class T>
void top_k(Cuda queue, std::int64_t rows, std::int64_t cols, std::int64_t k, const T* x, T* values,
           std::int64_t* indices) {
  detail::sort_rows<T>("top_k", queue, {rows, cols, k, true}, x, values, indices);
}

/// Position of the largest (or smallest) value of every row; the first of equals wins.
template <class T>
void arg_extreme(Cuda queue, std::int64_t rows, std::int64_t cols, bool largest, const T* x, std::int64_t* indices) {
  launch_rows(largest ? "argmax" : "argmin", queue, rows, cols, detail::arg_extreme_kernel<WarpPerRow, T>,
              detail::arg_extreme_kernel<BlockPerRow, T>, rows, cols, largest, x, indices);
}

}  // namespace akin::inline AKIN_ABI::kernels
