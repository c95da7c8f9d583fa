// The sum over taps that is both the forward convolution and the gradient of its input.
#pragma once
#include <algorithm>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "conv_taps.hpp"
#include "gemm_tile.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// Weights as the micro-kernel streams them: [group][panel][tap][source channel][tile_cols], zeros beyond the last
/// target channel. weight(group, tap, source channel, target channel) reads one value.
template <class T, class Weight>
Scratch<T> pack_taps(const TapMap& map, Weight&& weight) {
  const std::int64_t width = tile_cols<T>, panels = (map.target_c + width - 1) / width, taps = map.taps();
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
          std::fill(panel + used, panel + width, T(0));
        }
    }
  });
  return packed;
}

struct Pixel {
  std::int64_t image, y, x;
};

/// Target pixels in blocks of tile_rows images: the same pixel of each image, then the next pixel. A tile of a full
/// block is one pixel of eight images, so its taps are all inside or all in the padding, and the latter cost nothing.
/// Fewer images give tiles of neighbouring pixels.
struct PixelBlock {
  std::int64_t first_image, images;

  Pixel at(const TapMap& map, std::int64_t i) const {
    const std::int64_t pixel = i / images;
    return {first_image + i % images, pixel / map.cols.targets,
            map.col_order[static_cast<std::size_t>(pixel % map.cols.targets)]};
  }
};

/// A run of target pixels that one thread computes: the lists are built once and serve every group and panel.
template <class T>
class TapChunk {
 public:
  static constexpr std::int64_t max_tiles = 16;

  TapChunk(const TapMap& map, const T* source, const T* zeros, const T* panels, T* target)
      : map_(map), source_(source), zeros_(zeros), panels_(panels), target_(target),
        gathers_(map.source_c < gather_below && map.taps() > 1),
        per_tile_(gathers_ ? 1 : map.taps()), stretches_(max_tiles * per_tile_),
        patches_(gathers_ ? max_tiles * tile_rows * map.taps() * map.source_c : 0) {}

  void run(const PixelBlock& block, std::int64_t begin, std::int64_t end) {
    tiles_ = (end - begin + tile_rows - 1) / tile_rows;
    for (std::int64_t t = 0; t < tiles_; ++t) {
      const std::int64_t first = begin + t * tile_rows;
      out_[t].rows = static_cast<int>(std::min<std::int64_t>(tile_rows, end - first));
      for (int i = 0; i < out_[t].rows; ++i) {
        const Pixel p = pixels_[t * tile_rows + i] = block.at(map_, first + i);
        out_[t].row[i] = target_ + map_.target_offset(p.image, p.y, p.x);
      }
      gathers_ ? list_patches(t) : list_taps(t);
    }
    for (std::int64_t group = 0; group < map_.groups; ++group) {
      if (gathers_) gather(group);
      multiply(group);
    }
  }

 private:
  void list_taps(std::int64_t tile) {
    Stretch<T>* list = &stretches_[tile * per_tile_];
    std::int64_t used = 0;
    for (std::int64_t r = 0, tap = 0; r < map_.rows.taps; ++r)
      for (std::int64_t q = 0; q < map_.cols.taps; ++q, ++tap) {
        bool any = false;
        for (int i = 0; i < out_[tile].rows; ++i) {
          const Pixel& p = pixels_[tile * tile_rows + i];
          const std::int64_t y = map_.rows.of(p.y)[r], x = map_.cols.of(p.x)[q];
          const bool inside = y >= 0 && x >= 0;
          list[used].a[i] = inside ? source_ + map_.source_offset(p.image, y, x) : zeros_;
          any |= inside;
        }
        list[used].b = panels_ + tap * map_.source_c * tile_cols<T>;
        list[used].length = map_.source_c;
        used += any;
      }
    count_[tile] = used;
  }

  void list_patches(std::int64_t tile) {
    const std::int64_t size = map_.taps() * map_.source_c;
    Stretch<T>& all = stretches_[tile];
    for (int i = 0; i < out_[tile].rows; ++i) all.a[i] = patches_.data() + (tile * tile_rows + i) * size;
    all.b = panels_;
    all.length = size;
    count_[tile] = 1;
  }

  void gather(std::int64_t group) {
    for (std::int64_t t = 0; t < tiles_; ++t)
      for (int i = 0; i < out_[t].rows; ++i) {
        const Pixel& p = pixels_[t * tile_rows + i];
        gather_patch(map_, source_ + group * map_.source_c, p.image, p.y, p.x, const_cast<T*>(stretches_[t].a[i]));
      }
  }

  void multiply(std::int64_t group) {
    const std::int64_t width = tile_cols<T>, panels = (map_.target_c + width - 1) / width;
    for (std::int64_t j = 0; j < panels; ++j)
      for (std::int64_t t = 0; t < tiles_; ++t) {
        out_[t].cols = std::min(width, map_.target_c - j * width);
        sum_tile(&stretches_[t * per_tile_], count_[t],
                 {.a = gathers_ ? 0 : group * map_.source_c,
                  .b = (group * panels + j) * map_.taps() * map_.source_c * width,
                  .c = group * map_.target_c + j * width},
                 out_[t]);
      }
  }

  const TapMap& map_;
  const T *source_, *zeros_, *panels_;
  T* target_;
  bool gathers_;
  std::int64_t per_tile_, tiles_ = 0;
  Scratch<Stretch<T>> stretches_;
  Scratch<T> patches_;
  Pixel pixels_[max_tiles * tile_rows];
  TileOut<T> out_[max_tiles];
  std::int64_t count_[max_tiles];
};

/// target[n, y, x, f] = sum over taps and source channels of source * weight; overwrites target.
template <class T>
void sum_over_taps(const TapMap& map, const T* source, const T* panels, T* target) {
  const std::int64_t pixels = map.rows.targets * map.cols.targets, run = TapChunk<T>::max_tiles * tile_rows;
  const std::int64_t blocks = (map.n + tile_rows - 1) / tile_rows, runs = (pixels * tile_rows + run - 1) / run;
  const std::vector<T> zeros(static_cast<std::size_t>(map.source_c * map.groups));
  parallel_for(blocks * runs, 1, [&](std::int64_t begin, std::int64_t end) {
    TapChunk<T> chunk(map, source, zeros.data(), panels, target);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i / runs * tile_rows;
      const PixelBlock block{first, std::min<std::int64_t>(tile_rows, map.n - first)};
      const std::int64_t from = i % runs * run, to = std::min(from + run, pixels * block.images);
      if (from < to) chunk.run(block, from, to);
    }
  });
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
