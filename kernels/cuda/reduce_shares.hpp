// How the middle axis of [outer, n, inner] is shared out among threads, for kernels that total it.
//
// Who works on an output follows from the shape alone, and so does the order of all additions:
//   few values                  a thread; neighbours have neighbouring outputs
//   a contiguous row (inner 1)  a warp, if the row is not long
//   else                        a block, as a tile of `width` outputs side by side and 256 / width threads for each: a
//                               warp reads neighbours, also where inner is small. Where that makes too few blocks to
//                               fill the GPU, n is cut into parts, and a second launch totals their totals.
// Totals are double, as on the CPU: memory is the limit.
#pragma once
#include "rows.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

struct ReduceExtent {
  std::int64_t outer, n, inner;

  AKIN_HD std::int64_t outputs() const { return outer * inner; }
};

/// What one thread takes in of output `out`: the values rank, rank + ranks, ... of `count`. Value k is at
/// from + k stride of the array, and is number first + k of all that count for this output.
struct ReduceShare {
  std::int64_t out, from, stride, first, count;
  int rank, ranks, apart;  ///< ranks are `apart` threads from each other
  bool stores;             ///< this thread stores the result
};

struct ByThread {
  template <class R>
  __device__ static double combine(const ReduceShare&, double total, R) {
    return total;
  }
};
struct ByWarp {
  template <class R>
  __device__ static double combine(const ReduceShare&, double total, R reducer) {
    return warp_reduce(total, reducer);
  }
};
struct ByTile {
  /// A tree over the threads of each output.
  template <class R>
  __device__ static double combine(const ReduceShare& share, double total, R reducer) {
    AKIN_SHARED(double, totals, block_threads);
    const int me = static_cast<int>(threadIdx.x), column = me % share.apart;
    int half = 1;
    while (half < share.ranks) half *= 2;
    totals[me] = total;
    __syncthreads();
    for (half /= 2; half > 0; half /= 2) {
      if (share.rank < half && share.rank + half < share.ranks)
        totals[me] = reducer(totals[me], totals[me + half * share.apart]);
      __syncthreads();
    }
    total = totals[column];
    __syncthreads();  // before the next call overwrites it
    return total;
  }
};

/// reducer(... term(at, number) ...) over all values of the output, in every thread that shares in it.
template <class By, class R, class Term>
__device__ double total_of(const ReduceShare& share, R reducer, Term term) {
  constexpr int chains = 4;  // loads in flight
  double chain[chains];
  for (double& total : chain) total = R::start;
  std::int64_t k = share.rank;
  const auto value = [&](std::int64_t k) { return term(share.from + k * share.stride, share.first + k); };
  for (; k + (chains - 1) * share.ranks < share.count; k += chains * share.ranks)
    for (int c = 0; c < chains; ++c) chain[c] = reducer(chain[c], value(k + c * share.ranks));
  for (; k < share.count; k += share.ranks) chain[0] = reducer(chain[0], value(k));
  return By::combine(share, reducer(reducer(chain[0], chain[1]), reducer(chain[2], chain[3])), reducer);
}

// ---- kernels: job.run<By>(share) for every output -------------------------------------------------------------------

template <class Job>
__global__ void reduce_by_thread_kernel(ReduceExtent e, Job job) {
  for (std::int64_t out = first_item(); out < e.outputs(); out += item_step())
    job.template run<ByThread>(
        ReduceShare{out, out / e.inner * e.n * e.inner + out % e.inner, e.inner, 0, e.n, 0, 1, 1, true});
}

template <class Job>
__global__ void reduce_by_warp_kernel(ReduceExtent e, Job job) {
  const int lane = member<WarpPerRow>();
  for (std::int64_t row = first_row<WarpPerRow>(); row < e.outer; row += row_step<WarpPerRow>())
    job.template run<ByWarp>(ReduceShare{row, row * e.n, 1, 0, e.n, lane, warp_size, 1, lane == 0});
}

/// The tiles of a grid: `strips` of `width` outputs, `parts` of up to `rows` values of each.
struct ReduceTiles {
  std::int64_t strips, parts, rows;
  int width;
};

template <class Job>
__global__ void reduce_by_tile_kernel(ReduceExtent e, ReduceTiles tiles, Job job) {
  const int ranks = block_threads / tiles.width;
  const int rank = static_cast<int>(threadIdx.x) / tiles.width, at = static_cast<int>(threadIdx.x) % tiles.width;
  for (std::int64_t tile = blockIdx.x; tile < e.outer * tiles.strips * tiles.parts; tile += gridDim.x) {
    const std::int64_t column = tile % tiles.strips * tiles.width + at, part = tile / tiles.strips % tiles.parts;
    const std::int64_t o = tile / tiles.strips / tiles.parts, first = part * tiles.rows;
    const bool works = rank < ranks && column < e.inner;
    const std::int64_t rows = tiles.rows < e.n - first ? tiles.rows : e.n - first;
    job.template run<ByTile>(ReduceShare{(o * tiles.parts + part) * e.inner + column,
                                         (o * e.n + first) * e.inner + column, e.inner, first, works ? rows : 0, rank,
                                         ranks, tiles.width, works && rank == 0});
  }
}

// ---- launches -------------------------------------------------------------------------------------------------------

/// Parts only where whole columns would not fill the GPU, and of at least 16 values for each thread.
AKIN_LAZY ReduceTiles tiles_of(const ReduceExtent& e) {
  constexpr std::int64_t widest = 128, grain = 16 * block_threads;
  const std::int64_t strips = (e.inner + widest - 1) / widest, width = (e.inner + strips - 1) / strips;
  const std::int64_t wanted =
      std::max<std::int64_t>(1, std::min(e.n * width / grain, most_blocks / (e.outer * strips)));
  const std::int64_t rows = std::max<std::int64_t>(1, (e.n + wanted - 1) / wanted);
  return {strips, std::max<std::int64_t>(1, (e.n + rows - 1) / rows), rows, static_cast<int>(width)};
}

template <class Job>
void launch_tiles(std::string_view op, Cuda queue, const ReduceExtent& e, const ReduceTiles& tiles, const Job& job) {
  const std::int64_t blocks = std::min(e.outer * tiles.strips * tiles.parts, 2 * most_blocks);
  launch(op, queue, Grid{dim3(static_cast<unsigned>(blocks)), dim3(block_threads)}, reduce_by_tile_kernel<Job>, e,
         tiles, job);
}

/// Runs the job on outputs that are not cut into parts.
template <class Job>
void launch_whole(std::string_view op, Cuda queue, const ReduceExtent& e, const Job& job) {
  if (e.outputs() == 0) return;
  constexpr std::int64_t few = 16;
  if (e.n <= few) return launch(op, queue, grid_over(e.outputs()), reduce_by_thread_kernel<Job>, e, job);
  if (e.inner == 1 && e.n <= longest_row_of_a_warp)
    return launch(op, queue, grid_over(e.outer * warp_size), reduce_by_warp_kernel<Job>, e, job);
  ReduceTiles tiles = tiles_of(e);
  tiles.parts = 1;
  tiles.rows = e.n;
  launch_tiles(op, queue, e, tiles, job);
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
