// 3x3 convolutions of stride 1 by Winograd's F(4, 3): forward, and the gradient of the input, which is the forward
// convolution of dy with the taps in reverse order.
//
// Tiles of 4x4 outputs come in blocks of 32, so that the transformed patches of a block, [point][tile][channel], and
// their products stay in a cache between the three steps (0.6 MB at 64 channels); each thread takes whole blocks. The
// products are, for each of 36 points, a matrix product with transformed weights: gemm_tile.hpp's micro-kernel. A patch
// is read through 36 pointers, of which those into the padding lead to zeros: there is no padded copy.
#pragma once
#include <algorithm>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "conv_sum.hpp"
#include "fetch_ahead.hpp"
#include "winograd.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// The image that patches are cut from and the image that tiles are written to.
struct WinogradMap {
  std::int64_t n = 0, source_h = 0, source_w = 0, source_c = 0, target_h = 0, target_w = 0, target_c = 0;
  std::int64_t pad_h = 0, pad_w = 0;

  std::int64_t rows() const { return ceil_div(target_h, winograd::outputs); }
  std::int64_t cols() const { return ceil_div(target_w, winograd::outputs); }
  std::int64_t tiles() const { return n * rows() * cols(); }
};

inline WinogradMap winograd_forward(const ConvShape& s) {
  return {s.n, s.h, s.w, s.c, s.oh, s.ow, s.oc, s.pad_h, s.pad_w};
}
inline WinogradMap winograd_backward(const ConvShape& s) {
  return {s.n, s.oh, s.ow, s.oc, s.h, s.w, s.c, winograd::taps - 1 - s.pad_h, winograd::taps - 1 - s.pad_w};
}

/// What `automatic` means. Winograd pays from 32 channels on, where the products outweigh the transforms, and where at
/// least half of each tile lies inside the image; there it beats even products of bf16 pairs at twice the rate of f32. f64
/// is for gradient checks and references: it stays direct.
template <class T>
bool uses_winograd(const ConvShape& s) {
  if (s.algorithm != ConvAlgorithm::automatic) return s.algorithm == ConvAlgorithm::winograd;
  const WinogradMap map = winograd_forward(s);
  const std::int64_t covered = map.rows() * map.cols() * winograd::outputs * winograd::outputs;
  return sizeof(compute_t<T>) == 4 && fits_winograd(s) && s.c >= 32 && s.oc >= 32 && 2 * s.oh * s.ow >= covered;
}

/// One tile: its image, and the target pixel at its upper left.
struct WinogradTile {
  std::int64_t image, row, col;

  static WinogradTile of(const WinogradMap& map, std::int64_t index) {
    return {index / (map.rows() * map.cols()), index / map.cols() % map.rows() * winograd::outputs,
            index % map.cols() * winograd::outputs};
  }
  /// The inputs under the tile; `zeros` where they are padding.
  template <class T>
  void patch(const WinogradMap& map, const T* source, const T* zeros, const T* (&at)[winograd::points]) const {
    for (int i = 0; i < winograd::inputs; ++i)
      for (int j = 0; j < winograd::inputs; ++j) {
        const std::int64_t y = row - map.pad_h + i, x = col - map.pad_w + j;
        const bool inside = y >= 0 && y < map.source_h && x >= 0 && x < map.source_w;
        at[i * winograd::inputs + j] =
            inside ? source + ((image * map.source_h + y) * map.source_w + x) * map.source_c : zeros;
      }
  }
  /// The outputs of the tile; `elsewhere` where they lie beyond the border.
  template <class T>
  void outputs(const WinogradMap& map, T* target, T* elsewhere, T* (&at)[winograd::outputs * winograd::outputs]) const {
    for (int i = 0; i < winograd::outputs; ++i)
      for (int j = 0; j < winograd::outputs; ++j) {
        const std::int64_t y = row + i, x = col + j;
        at[i * winograd::outputs + j] = y < map.target_h && x < map.target_w
                                            ? target + ((image * map.target_h + y) * map.target_w + x) * map.target_c
                                            : elsewhere;
      }
  }
};

/// Neighbours in memory.
struct ElementSpan {
  std::int64_t begin, end;
};
/// What the tiles [begin, end) read of the source: whole rows of the images.
inline ElementSpan sources_of(const WinogradMap& map, std::int64_t begin, std::int64_t end) {
  if (begin >= end) return {0, 0};
  const auto first = WinogradTile::of(map, begin), last = WinogradTile::of(map, end - 1);
  const std::int64_t from = std::max<std::int64_t>(0, first.row - map.pad_h);
  const std::int64_t to = std::min(map.source_h, last.row - map.pad_h + winograd::inputs);
  const std::int64_t line = map.source_w * map.source_c;
  return {(first.image * map.source_h + from) * line, (last.image * map.source_h + to) * line};
}

/// Slices a multiple of 4 KiB apart would all fall into one set of the first-level cache: they are skewed by a line.
template <class T>
inline constexpr std::int64_t slice_skew = 64 / sizeof(T);

/// From one point's transformed weights to the next.
template <class T>
std::int64_t winograd_slice(const WinogradMap& map) {
  return ceil_div(map.target_c, tile_cols<T>) * map.source_c * tile_cols<T> + slice_skew<T>;
}

/// Panels of pack_taps, [panel][tap][channel][tile_cols], to [point][panel][channel][tile_cols].
template <class T>
Scratch<T> winograd_weights(const WinogradMap& map, const T* panels, bool reverse_taps) {
  constexpr std::int64_t width = tile_cols<T>;
  const std::int64_t count = ceil_div(map.target_c, width), panel = map.source_c * width;
  const std::int64_t slice = winograd_slice<T>(map);
  Scratch<T> weights(winograd::points * slice);
  T* const to = weights.data();
  constexpr int last = winograd::taps * winograd::taps - 1;
  parallel_for(count * map.source_c, 64, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      for (std::int64_t v = 0; v < width; v += lanes<T>) {
        const T* from =
            panels + i / map.source_c * winograd::taps * winograd::taps * panel + i % map.source_c * width + v;
        winograd::transform<T>(
            winograd::Weight{},
            [=](int p, int q) {
              const int tap = p * winograd::taps + q;
              return load(from + (reverse_taps ? last - tap : tap) * panel);
            },
            [=](int p, int q, const Vec<T>& u) { store(to + (p * winograd::inputs + q) * slice + i * width + v, u); });
      }
  });
  return weights;
}

/// A block of tiles on one thread. S is the type in memory, T that of the products.
template <class S, class T = compute_t<S>>
class WinogradBlock {
 public:
  static constexpr std::int64_t tiles = ceil_div(32, tile_rows) * tile_rows;  ///< 32, or 36 in rows of 6

  WinogradBlock(const WinogradMap& map, const S* source, const T* weights, S* target)
      : map_(map),
        source_(source),
        weights_(weights),
        target_(target),
        patch_size_(tiles * map.source_c + slice_skew<T>),
        product_size_(tiles * map.target_c + slice_skew<T>),
        patches_(winograd::points * patch_size_),
        products_(winograd::points * product_size_),
        zeros_(static_cast<std::size_t>(map.source_c)),
        elsewhere_(static_cast<std::size_t>(map.target_c)) {}

  /// The tiles [begin, end); this thread goes on until `last`.
  void run(std::int64_t begin, std::int64_t end, std::int64_t last) {
    for (std::int64_t t = begin; t < end; ++t) read(WinogradTile::of(map_, t), t - begin);
    const ElementSpan next = sources_of(map_, end, std::min(end + tiles, last));
    next_ =
        FetchAhead(source_ + next.begin, source_ + next.end, winograd::points * ceil_div(map_.target_c, tile_cols<T>));
    multiply(end - begin);
    for (std::int64_t t = begin; t < end; ++t) write(WinogradTile::of(map_, t), t - begin);
  }

 private:
  void read(const WinogradTile& tile, std::int64_t t) {
    const S* at[winograd::points];
    tile.patch(map_, source_, zeros_.data(), at);
    T* const out = patches_.data() + t * map_.source_c;
    const std::int64_t slice = patch_size_;
    for_each_vector<T>(map_.source_c, [&](std::int64_t c, auto count) {
      winograd::transform<T>(
          winograd::Input{}, [&](int i, int j) { return load_some(at[i * winograd::inputs + j] + c, count); },
          [&](int i, int j, const Vec<T>& v) { store_some(out + (i * winograd::inputs + j) * slice + c, v, count); });
    });
  }

  void multiply(std::int64_t used) {
    constexpr std::int64_t width = tile_cols<T>;
    Stretch<T> rows[tiles / tile_rows];
    TileOut<T> out[tiles / tile_rows];
    const std::int64_t groups = ceil_div(used, tile_rows);
    for (std::int64_t g = 0; g < groups; ++g) {
      out[g].rows = static_cast<int>(std::min<std::int64_t>(tile_rows, used - g * tile_rows));
      rows[g].b = weights_;
      rows[g].length = map_.source_c;
      for (int i = 0; i < tile_rows; ++i) {
        const std::int64_t t = g * tile_rows + std::min(i, out[g].rows - 1);
        rows[g].a[i] = patches_.data() + t * map_.source_c;
        out[g].row[i] = products_.data() + t * map_.target_c;
      }
    }
    const std::int64_t panels = ceil_div(map_.target_c, width);
    for (std::int64_t point = 0; point < winograd::points; ++point)
      for (std::int64_t j = 0; j < panels; ++j) {
        next_.step();
        for (std::int64_t g = 0; g < groups; ++g) {
          out[g].cols = std::min(width, map_.target_c - j * width);
          sum_tile(&rows[g], 1,
                   {.a = point * patch_size_,
                    .b = point * winograd_slice<T>(map_) + j * map_.source_c * width,
                    .c = point * product_size_ + j * width},
                   out[g]);
        }
      }
  }

  void write(const WinogradTile& tile, std::int64_t t) {
    S* at[winograd::outputs * winograd::outputs];
    tile.outputs(map_, target_, elsewhere_.data(), at);
    const T* const in = products_.data() + t * map_.target_c;
    const std::int64_t slice = product_size_;
    for_each_vector<T>(map_.target_c, [&](std::int64_t c, auto count) {
      winograd::transform<T>(
          winograd::Output{},
          [&](int i, int j) { return load_some(in + (i * winograd::inputs + j) * slice + c, count); },
          [&](int i, int j, const Vec<T>& v) { store_some(at[i * winograd::outputs + j] + c, v, count); });
    });
  }

  const WinogradMap& map_;
  const S* source_;
  const T* weights_;
  S* target_;
  std::int64_t patch_size_, product_size_;
  Scratch<T> patches_, products_;
  std::vector<S> zeros_, elsewhere_;
  FetchAhead next_;
};

/// target = the convolution of source with the weights in the panels of pack_taps, overwriting target.
template <class S>
void winograd_convolution(const WinogradMap& map, const S* source, const compute_t<S>* panels, bool reverse_taps,
                          S* target) {
  const auto weights = winograd_weights(map, panels, reverse_taps);
  const std::int64_t blocks = ceil_div(map.tiles(), WinogradBlock<S>::tiles), tasks = 32;
  parallel_for(blocks, ceil_div(blocks, tasks), [&](std::int64_t begin, std::int64_t end) {
    WinogradBlock<S> block(map, source, weights.data(), target);
    const std::int64_t last = std::min(map.tiles(), end * block.tiles);
    for (std::int64_t t = begin * block.tiles; t < last; t += block.tiles)
      block.run(t, std::min(t + block.tiles, last), last);
  });
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
