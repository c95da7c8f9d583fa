// The sum over taps that is both the forward convolution and the gradient of its input.
#pragma once
#include <algorithm>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "conv_taps.hpp"
#include "gemm_tile.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// Weights as the micro-kernel streams them: [group][panel][tap][source channel][tile_cols], zeros beyond the last
/// target channel. weight(group, tap, source channel, target channel) reads one value.
template <class T, class Weight>
Scratch<T> pack_taps(const TapMap& map, Weight&& weight) {
  const std::int64_t width = tile_cols<T>, panels = ceil_div(map.target_c, width), taps = map.taps();
  const std::int64_t panel_size = taps * map.source_c * width;
  Scratch<T> packed(map.groups * panels * panel_size);
  T* const out = packed.data();
  parallel_for(map.groups * panels, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) {
      const std::int64_t first = p % panels * width, used = std::min(width, map.target_c - first);
      T* panel = out + p * panel_size;
      for (std::int64_t t = 0; t < taps; ++t)
        for (std::int64_t k = 0; k < map.source_c; ++k, panel += width) {
          for (std::int64_t q = 0; q < used; ++q) panel[q] = weight(p / panels, t, k, first + q);
          std::fill(panel + used, panel + width, T{});
        }
    }
  });
  return packed;
}

/// Target pixels in blocks of tile_rows images: the same pixel of each image, then the next pixel. A tile of a full
/// block is one pixel of all its images, so its taps are all inside or all in the padding, and the latter cost nothing.
/// Fewer images give tiles of neighbouring pixels.
struct PixelBlock {
  std::int64_t first_image, images;
};

/// Where the pixels of a tile read: of each its image, and its rows of the two axes.
template <class T>
struct TileReaders {
  const T* image[tile_rows];
  const std::int64_t *y[tile_rows], *x[tile_rows];

  /// Whether all see the same taps, at the same place of their images.
  bool alike() const {
    bool same = true;
    for (int i = 1; i < tile_rows; ++i) same &= y[i] == y[0] && x[i] == x[0];
    return same;
  }
};

/// A run of target pixels that one thread computes: the lists are built once and serve every group and panel. T is what
/// is multiplied, D the type in memory of the results: sums in bf16 are rounded while they are in the nearest cache.
template <class T, class D>
class TapChunk {
 public:
  static constexpr std::int64_t max_tiles = 16;
  /// Each slice adds to what the one before wrote. From a second-level cache of 1 MiB, as processors with AVX-512 have,
  /// whole panels stream fast enough; half of 512 KiB, shared by two threads, does not hold them.
  static constexpr std::int64_t slice_bytes = AKIN_SIMD_BYTES == 64 ? 640 << 10 : 40 << 10;

  TapChunk(const TapMap& map, const T* source, const T* zeros, const T* panels, D* target)
      : map_(map),
        source_(source),
        zeros_(zeros),
        panels_(panels),
        target_(target),
        slice_taps_(std::clamp<std::int64_t>(
            slice_bytes / std::max<std::int64_t>(1, map.source_c * tile_cols<T> * std::int64_t{sizeof(T)}), 1,
            map.taps())),
        slices_(ceil_div(map.taps(), slice_taps_)),
        stretches_(max_tiles * map.taps()),
        first_(max_tiles * (slices_ + 1)),
        sums_(rounds ? max_tiles * tile_rows * tile_cols<T> : 0) {}

  void run(const PixelBlock& block, std::int64_t begin, std::int64_t end) {
    tiles_ = ceil_div(end - begin, tile_rows);
    Cursor at{begin % block.images, begin / block.images / map_.cols.targets, begin / block.images % map_.cols.targets};
    for (std::int64_t t = 0; t < tiles_; ++t) {
      out_[t].rows = static_cast<int>(std::min<std::int64_t>(tile_rows, end - begin - t * tile_rows));
      for (int i = 0; i < tile_rows; ++i) {
        place(t, i, block.first_image + at.image, at);
        if (i < out_[t].rows - 1) at.advance(block.images, map_.cols.targets);  // beyond the edge: the last one again
      }
      at.advance(block.images, map_.cols.targets);
      list_taps(t);
    }
    for (std::int64_t group = 0; group < map_.groups; ++group) multiply(group);
  }

 private:
  using C = compute_t<T>;
  static constexpr bool rounds = !std::is_same_v<D, C>;

  /// A target pixel of a block; col counts in the order of visits.
  struct Cursor {
    std::int64_t image, row, col;

    void advance(std::int64_t images, std::int64_t cols) {
      if (++image < images) return;
      image = 0;
      if (++col < cols) return;
      col = 0;
      ++row;
    }
  };

  /// Row i of a tile is this pixel.
  void place(std::int64_t tile, int i, std::int64_t image, const Cursor& at) {
    const std::int64_t x = map_.col_order[static_cast<std::size_t>(at.col)];
    readers_[tile].image[i] = source_ + image * map_.source_image;
    readers_[tile].y[i] = map_.rows.of(at.row);
    readers_[tile].x[i] = map_.cols.of(x);
    targets_[tile][i] = target_ + map_.target_offset(image, at.row, x);
  }

  void list_taps(std::int64_t tile) {
    const std::int64_t row_taps = map_.rows.taps, col_taps = map_.cols.taps, channels = map_.source_c;
    const TileReaders<T>& readers = readers_[tile];
    const bool alike = readers.alike();
    Stretch<T>* next = &stretches_[tile * map_.taps()];
    Stretch<T>** first = &first_[tile * (slices_ + 1)];
    std::int64_t left = 0;  // taps until the next slice
    const T* b = panels_;
    for (std::int64_t r = 0; r < row_taps; ++r)
      for (std::int64_t q = 0; q < col_taps; ++q, --left, b += channels * tile_cols<T>) {
        if (left == 0) *first++ = next, left = slice_taps_;
        if (!(alike ? point_alike(readers, r, q, *next) : point_each(readers, r, q, *next))) continue;
        next->b = b;
        next->length = channels;
        ++next;
      }
    *first = next;
  }

  /// Points a stretch to what one tap reads; false if it reads nothing but padding.
  bool point_alike(const TileReaders<T>& readers, std::int64_t r, std::int64_t q, Stretch<T>& stretch) const {
    const std::int64_t y = readers.y[0][r], x = readers.x[0][q];
    if (y < 0 || x < 0) return false;
    for (int i = 0; i < tile_rows; ++i) stretch.a[i] = readers.image[i] + (y + x);
    return true;
  }
  bool point_each(const TileReaders<T>& readers, std::int64_t r, std::int64_t q, Stretch<T>& stretch) const {
    bool any = false;
    for (int i = 0; i < tile_rows; ++i) {
      const std::int64_t y = readers.y[i][r], x = readers.x[i][q];
      const bool inside = y >= 0 && x >= 0;
      stretch.a[i] = inside ? readers.image[i] + (y + x) : zeros_;
      any |= inside;
    }
    return any;
  }

  /// Where a tile is summed, and the lines that it is written to on their way while it is.
  void aim(std::int64_t tile, std::int64_t shift, std::int64_t cols) {
    TileOut<C>& out = out_[tile];
    out.cols = cols;
    for (int i = 0; i < tile_rows; ++i) {
      D* const target = targets_[tile][i] + shift;
      if constexpr (rounds)
        out.row[i] = sums_.data() + (tile * tile_rows + i) * tile_cols<T>;
      else
        out.row[i] = target;
      for (std::size_t byte = 0; byte < tile_cols<T> * sizeof(D); byte += 64)
        __builtin_prefetch(reinterpret_cast<const char*>(target) + byte, 1);
    }
  }

  /// A slice of the weights, a few taps of one panel, stays in the nearest caches while all tiles pass over it.
  void multiply(std::int64_t group) {
    const std::int64_t width = tile_cols<T>, panels = ceil_div(map_.target_c, width);
    for (std::int64_t j = 0; j < panels; ++j) {
      const std::int64_t shift = group * map_.target_c + j * width, cols = std::min(width, map_.target_c - j * width);
      for (std::int64_t slice = 0; slice < slices_; ++slice)
        for (std::int64_t t = 0; t < tiles_; ++t) {
          const Stretch<T>* const* first = &first_[t * (slices_ + 1) + slice];
          if (slice > 0 && first[0] == first[1]) continue;
          if (slice == 0) aim(t, shift, cols);
          out_[t].accumulate = slice > 0;
          sum_tile(first[0], first[1] - first[0],
                   {.a = group * map_.source_c, .b = (group * panels + j) * map_.taps() * map_.source_c * width},
                   out_[t]);
        }
      if constexpr (rounds)
        for (std::int64_t t = 0; t < tiles_; ++t)
          for (int i = 0; i < out_[t].rows; ++i) convert_run(out_[t].row[i], cols, targets_[t][i] + shift);
    }
  }

  const TapMap& map_;
  const T *source_, *zeros_, *panels_;
  D* target_;
  std::int64_t tiles_ = 0;
  std::int64_t slice_taps_, slices_;
  Scratch<Stretch<T>> stretches_;  ///< [tile][tap], without the taps that a tile skips
  Scratch<Stretch<T>*> first_;     ///< [tile][slice]: where its stretches begin; the next one is where they end
  TileReaders<T> readers_[max_tiles];
  Scratch<C> sums_;  ///< of a panel, where they are rounded
  D* targets_[max_tiles][tile_rows];
  TileOut<C> out_[max_tiles];
};

/// target[n, y, x, f] = sum over taps and source channels of source * weight; overwrites target. Channels may come as
/// pairs of bf16.
template <class T, class D>
void sum_over_taps(const TapMap& map, const T* source, const T* panels, D* target) {
  const std::int64_t pixels = map.rows.targets * map.cols.targets, run = TapChunk<T, D>::max_tiles * tile_rows;
  const std::int64_t blocks = ceil_div(map.n, tile_rows), runs = ceil_div(pixels * tile_rows, run);
  const std::vector<T> zeros(static_cast<std::size_t>(map.source_c * map.groups));
  parallel_for(blocks * runs, 1, [&](std::int64_t begin, std::int64_t end) {
    TapChunk<T, D> chunk(map, source, zeros.data(), panels, target);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i / runs * tile_rows;
      const PixelBlock block{first, std::min<std::int64_t>(tile_rows, map.n - first)};
      const std::int64_t from = i % runs * run, to = std::min(from + run, pixels * block.images);
      if (from < to) chunk.run(block, from, to);
    }
  });
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
