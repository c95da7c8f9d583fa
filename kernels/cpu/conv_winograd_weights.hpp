// The gradient of a 3x3 convolution's weights by Winograd's F(4, 3).
//
// For each of 36 points it is a matrix product over tiles, of transformed patches of x and transformed tiles of dy. A
// chunk of tiles is transformed by all threads, then the points are shared out among them: each sum belongs to one
// task, so there are no partial sums, and the result has the same bits at any thread count.
#pragma once
#include "conv_winograd.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// S is the type in memory, T that of the sums.
template <class S, class T = compute_t<S>>
class WinogradWeights {
 public:
  /// `map` is that of the forward pass: source x, target y.
  explicit WinogradWeights(const WinogradMap& map)
      : map_(map),
        chunk_(chunk_of(map)),
        panels_(ceil_div(map.source_c, tile_cols<T>)),
        row_(map.target_c + slice_skew<T>),
        gradients_size_(chunk_ * row_ + slice_skew<T>),
        patches_size_(chunk_ * panels_ * tile_cols<T> + slice_skew<T>),
        gradients_(winograd::points * gradients_size_),
        patches_(winograd::points * patches_size_),
        sums_(winograd::points * map.target_c * panels_ * tile_cols<T>),
        zeros_(static_cast<std::size_t>(std::max(map.source_c, map.target_c))) {
    for (std::int64_t t = 0; t < chunk_; ++t) terms_.push_back({t * row_, t * tile_cols<T>});
  }

  void run(const S* x, const S* dy, S* dw) {
    constexpr std::int64_t panel_group = 8;  // 8 panels of 256 tiles fit into the second-level cache
    const std::int64_t groups = ceil_div(panels_, panel_group);
    for (std::int64_t first = 0; first < map_.tiles(); first += chunk_) {
      const std::int64_t count = std::min(chunk_, map_.tiles() - first);
      parallel_for(count, 8, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = begin; t < end; ++t) {
          const auto tile = WinogradTile::of(map_, first + t);
          read_patch(tile, x, t);
          read_gradient(tile, dy, t);
        }
      });
      parallel_for(winograd::points * groups, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
          multiply(i / groups, i % groups * panel_group, std::min(panels_, (i % groups + 1) * panel_group), count,
                   first > 0);
      });
    }
    finish(dw);
  }

 private:
  /// 4 MiB of transformed tiles, but enough tiles to make up for reading and writing the sums once per chunk.
  static std::int64_t chunk_of(const WinogradMap& map) {
    const auto per_tile = static_cast<std::int64_t>(winograd::points * sizeof(T)) * (map.source_c + map.target_c);
    return std::clamp<std::int64_t>((4 << 20) / per_tile, 96, 256);
  }

  /// [point][panel][tile][tile_cols], zeros beyond the last channel.
  void read_patch(const WinogradTile& tile, const S* x, std::int64_t t) const {
    const S* at[winograd::points];
    tile.patch(map_, x, zeros_.data(), at);
    T* const out = patches_.data() + t * tile_cols<T>;
    for_each_vector<T>(map_.source_c, [&](std::int64_t c, auto count) {
      T* const to = out + c / tile_cols<T> * chunk_ * tile_cols<T> + c % tile_cols<T>;
      winograd::transform<T>(
          winograd::Input{}, [&](int i, int j) { return load_some(at[i * winograd::inputs + j] + c, count); },
          [&](int i, int j, const Vec<T>& v) { store(to + (i * winograd::inputs + j) * patches_size_, v); });
    });
    for (std::int64_t c = (map_.source_c + lanes<T> - 1) / lanes<T> * lanes<T>; c < panels_ * tile_cols<T>;
         c += lanes<T>)  // a second vector that no channel reaches
      for (int point = 0; point < winograd::points; ++point)
        store(out + point * patches_size_ + c / tile_cols<T> * chunk_ * tile_cols<T> + c % tile_cols<T>, Vec<T>{});
  }

  /// [point][tile][channel]
  void read_gradient(const WinogradTile& tile, const S* dy, std::int64_t t) const {
    const S* at[winograd::outputs * winograd::outputs];
    tile.outputs(map_, dy, zeros_.data(), at);
    T* const out = gradients_.data() + t * row_;
    for_each_vector<T>(map_.target_c, [&](std::int64_t c, auto count) {
      winograd::transform<T>(
          winograd::OutputGradient{}, [&](int i, int j) { return load_some(at[i * winograd::outputs + j] + c, count); },
          [&](int i, int j, const Vec<T>& v) { store(out + (i * winograd::inputs + j) * gradients_size_ + c, v); });
    });
  }

  void multiply(std::int64_t point, std::int64_t panel_begin, std::int64_t panel_end, std::int64_t count,
                bool accumulate) const {
    const std::int64_t cols = panels_ * tile_cols<T>;
    TileOut<T> out;
    out.accumulate = accumulate;
    for (std::int64_t o = 0; o < map_.target_c; o += tile_rows) {
      out.rows = static_cast<int>(std::min<std::int64_t>(tile_rows, map_.target_c - o));
      for (std::int64_t j = panel_begin; j < panel_end; ++j) {
        for (int i = 0; i < tile_rows; ++i)
          out.row[i] = sums_.data() + (point * map_.target_c + o + std::min(i, out.rows - 1)) * cols + j * tile_cols<T>;
        sum_outer(terms_.data(), count, gradients_.data() + point * gradients_size_ + o,
                  patches_.data() + point * patches_size_ + j * chunk_ * tile_cols<T>, out);
      }
    }
  }

  void finish(S* dw) const {
    const std::int64_t cols = panels_ * tile_cols<T>;
    parallel_for(map_.target_c, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = begin; o < end; ++o)
        for_each_vector<T>(map_.source_c, [&](std::int64_t c, auto count) {
          winograd::transform<T>(
              winograd::WeightGradient{},
              [&](int i, int j) {
                return load(sums_.data() + ((i * winograd::inputs + j) * map_.target_c + o) * cols + c);
              },
              [&](int i, int j, const Vec<T>& v) {
                store_some(dw + ((o * winograd::taps + i) * winograd::taps + j) * map_.source_c + c, v, count);
              });
        });
    });
  }

  const WinogradMap map_;
  std::int64_t chunk_, panels_, row_, gradients_size_, patches_size_;
  Scratch<T> gradients_, patches_, sums_;
  std::vector<S> zeros_;
  std::vector<OuterTerm> terms_;
};

}  // namespace akin::inline AKIN_ABI::kernels::detail
