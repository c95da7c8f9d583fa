// Matrices [rows, channels] that are worked on channel by channel: which thread takes what, and totals over the rows.
//
// A thread keeps its channels, 16 bytes of a row where the channels fill whole packs, for all of its rows: what belongs
// to a channel is loaded once. The rows are cut into chunks, for enough blocks to fill a GPU. Totals take two kernels:
// each block leaves one part per channel, and merge_chunks_kernel merges the parts. The order of all this depends on the
// shape alone: operands that are not aligned are read otherwise, but not added otherwise.
#pragma once
#include <type_traits>

#include "pack.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// How blocks lie over a matrix: `lanes` threads side by side, `row_threads` below each other.
struct ChannelTiles {
  std::int64_t rows, channels, chunk_rows;
  int lanes, row_threads;
  Grid grid;
};

/// `width`: how many channels a thread takes. `layers`: how many blocks each chunk gets, as blockIdx.z.
AKIN_LAZY ChannelTiles channel_tiles_of(std::int64_t rows, std::int64_t channels, std::int64_t width,
                                        std::int64_t layers = 1) {
  constexpr std::int64_t widest = 32, wanted_blocks = most_blocks / 2, rows_of_thread = 8;
  const std::int64_t groups = channels / width, tiles = (groups + widest - 1) / widest,
                     lanes = (groups + tiles - 1) / tiles;
  const std::int64_t row_threads = block_threads / lanes,
                     most = std::max<std::int64_t>(1, wanted_blocks / (tiles * layers));
  const std::int64_t chunk = std::max((rows + most - 1) / most, rows_of_thread * row_threads);
  const std::int64_t chunks = std::max<std::int64_t>(1, (rows + chunk - 1) / chunk);
  return {rows,
          channels,
          chunk,
          static_cast<int>(lanes),
          static_cast<int>(row_threads),
          {dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(chunks), static_cast<unsigned>(layers)),
           dim3(block_threads)}};
}
template <class T>
ChannelTiles channel_tiles(std::int64_t rows, std::int64_t channels) {
  return channel_tiles_of(rows, channels, channels % pack_lanes<T> == 0 ? pack_lanes<T> : 1);
}

namespace detail {

/// Calls f(width, aligned), both as types: the pack of channels of one thread, and whether it is read at once.
template <class T, class F, class... P>
void with_channel_packs(const ChannelTiles& tiles, F f, const P*... operands) {
  const bool aligned = (... && (reinterpret_cast<std::uintptr_t>(operands) % 16 == 0));
  using Packed = std::integral_constant<int, pack_lanes<T>>;
  if (tiles.channels % pack_lanes<T> != 0)
    f(std::integral_constant<int, 1>{}, std::true_type{});
  else if (aligned)
    f(Packed{}, std::true_type{});
  else
    f(Packed{}, std::false_type{});
}

template <int width, bool aligned, class T>
__device__ Pack<T, width> load_channels(const T* from) {
  if constexpr (aligned) {
    return *reinterpret_cast<const Pack<T, width>*>(from);
  } else {
    Pack<T, width> pack;
    AKIN_DEVICE_UNROLL
    for (int v = 0; v < width; ++v) pack.values[v] = from[v];
    return pack;
  }
}
template <bool aligned, int width, class T>
__device__ void store_channels(T* to, const Pack<T, width>& pack) {
  if constexpr (aligned)
    *reinterpret_cast<Pack<T, width>*>(to) = pack;
  else
    for (int v = 0; v < width; ++v) to[v] = pack.values[v];
}

/// One value of each of a thread's channels; the constant where there is no operand.
template <int width, class C>
struct OfChannels {
  C values[width];
  __device__ OfChannels(const C* operand, std::int64_t channel, C constant) {
    for (int v = 0; v < width; ++v) values[v] = operand ? operand[channel + v] : constant;
  }
  __device__ C operator[](int v) const { return values[v]; }
};

/// The first channel and the rows of this thread: row, row + step, ... below end.
struct ChannelPlace {
  std::int64_t channel, begin, row, end;
  int row_thread, step;
  bool has_work;

  /// Calls f(count, row) for every `most` rows at once, then for single ones; count is a type.
  template <int most, class F>
  __device__ void for_rows(F f) const {
    std::int64_t r = row;
    for (; r + (most - 1) * step < end; r += most * step) f(std::integral_constant<int, most>{}, r);
    for (; r < end; r += step) f(std::integral_constant<int, 1>{}, r);
  }
};

template <int width>
__device__ ChannelPlace channel_place(const ChannelTiles& tiles) {
  const int lane = static_cast<int>(threadIdx.x) % tiles.lanes,
            row_thread = static_cast<int>(threadIdx.x) / tiles.lanes;
  ChannelPlace at;
  at.channel = (static_cast<std::int64_t>(blockIdx.x) * tiles.lanes + lane) * width;
  at.begin = blockIdx.y * tiles.chunk_rows;
  at.end = at.begin + tiles.chunk_rows < tiles.rows ? at.begin + tiles.chunk_rows : tiles.rows;
  at.row = at.begin + row_thread;
  at.row_thread = row_thread;
  at.step = tiles.row_threads;
  at.has_work = row_thread < tiles.row_threads && at.channel < tiles.channels;
  return at;
}

/// parts [rows, width] in shared memory: parts[i] becomes the total of column i. All threads of the block must call it;
/// it begins and ends with a barrier.
template <class Part>
__device__ void merge_rows(int rows, int width, Part* parts) {
  __syncthreads();
  while (rows > 1) {
    const int half = (rows + 1) / 2;
    for (int i = static_cast<int>(threadIdx.x); i < (rows - half) * width; i += static_cast<int>(blockDim.x))
      parts[i] = merged(parts[i], parts[i + half * width]);
    rows = half;
    __syncthreads();
  }
}

inline constexpr int merge_lanes = 32, merge_threads = 1024;

/// finish(channel, total of parts[chunk, channel] over the chunks).
template <class Part, class Finish>
__global__ void __launch_bounds__(merge_threads)
    merge_chunks_kernel(std::int64_t chunks, std::int64_t channels, const Part* parts, Finish finish) {
  AKIN_SHARED(Part, totals, merge_threads);
  constexpr int slices = merge_threads / merge_lanes;
  const int lane = threadIdx.x % merge_lanes, slice = threadIdx.x / merge_lanes;
  const std::int64_t channel = static_cast<std::int64_t>(blockIdx.x) * merge_lanes + lane;
  Part total{};
  if (channel < channels)
    for (std::int64_t k = slice; k < chunks; k += slices) total = merged(total, parts[k * channels + channel]);
  totals[threadIdx.x] = total;
  merge_rows(slices, merge_lanes, totals);
  if (slice == 0 && channel < channels) finish(channel, totals[lane]);
}

template <class Part, class Finish>
void merge_chunks(std::string_view op, Cuda queue, const ChannelTiles& tiles, const Part* parts, const Finish& finish) {
  const auto blocks = static_cast<unsigned>((tiles.channels + merge_lanes - 1) / merge_lanes);
  const std::int64_t chunks = tiles.rows > 0 ? tiles.grid.blocks.y : 0;
  launch(op, queue, {dim3(blocks), dim3(merge_threads)}, merge_chunks_kernel<Part, Finish>, chunks, tiles.channels,
         parts, finish);
}

}  // namespace detail

}  // namespace akin::inline AKIN_ABI::kernels
