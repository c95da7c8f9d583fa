// One thread's share of a weight gradient.
#pragma once
#include <algorithm>
#include <vector>

#include "conv_taps.hpp"
#include "gemm_tile.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// How the work is cut.
struct WeightPlan {
  bool gathers = false;              ///< few channels: all taps of a pixel become the rows of one wide tap
  std::int64_t taps = 0, depth = 0;  ///< dw rows of one group = taps * depth
  std::int64_t panels = 0, blocks = 0, blocks_per_tap = 0;
  std::int64_t lanes = 1, parts = 1, images = 1, rows = 1;  ///< a chunk is `images` images, `rows` of their output rows
};

/// Sums the blocks [begin, end) of dw over the images of one lane.
template <class T>
class WeightTask {
 public:
  WeightTask(const ConvShape& s, const TapMap& map, const WeightPlan& plan, const T* x, const T* dy, T* partial)
      : s_(s), map_(map), plan_(plan), x_(x), dy_(dy), partial_(partial),
        panels_(plan.images * plan.rows * s.ow * plan.panels * tile_cols<T>),
        patches_(plan.gathers ? plan.images * plan.rows * s.ow * plan.depth : 0) {
    for (std::int64_t q = 0; q < s.kw; ++q) {
      ColumnRun run{0, s.ow, 0};
      while (run.begin < run.end && map.cols.of(run.begin)[q] < 0) ++run.begin;
      while (run.begin < run.end && map.cols.of(run.end - 1)[q] < 0) --run.end;
      if (run.begin < run.end) run.offset = map.cols.of(run.begin)[q];
      columns_.push_back(run);
    }
  }

  void run(std::int64_t block_begin, std::int64_t block_end, std::int64_t image_begin, std::int64_t image_end) {
    const std::int64_t per_group = plan_.taps * plan_.blocks_per_tap;
    started_ = false;
    for (std::int64_t n = image_begin; n < image_end; n += plan_.images)
      for (std::int64_t row = 0; row < s_.oh; row += plan_.rows) {
        image_ = n, images_ = std::min(plan_.images, image_end - n);
        row_ = row, rows_ = std::min(plan_.rows, s_.oh - row);
        across_images_ = images_ > s_.ow && !plan_.gathers;
        list_taps();
        for (std::int64_t b = block_begin; b < block_end;) {
          const std::int64_t group = b / per_group, stop = std::min(block_end, (group + 1) * per_group);
          pack_gradient(group);
          if (plan_.gathers) gather(group);
          for (std::int64_t panel = 0; panel < plan_.panels; ++panel) multiply(group, panel, b, stop);
          b = stop;
        }
        started_ = true;
      }
  }

 private:
  /// The output columns that one column tap reaches without padding; the first reads `offset` in its image row.
  struct ColumnRun {
    std::int64_t begin, end, offset;
  };

  /// Position of an output pixel in the chunk: the index that runs along a stretch is innermost.
  std::int64_t position(std::int64_t image, std::int64_t row, std::int64_t col) const {
    return across_images_ ? (row * s_.ow + col) * images_ + image : (image * rows_ + row) * s_.ow + col;
  }
  std::int64_t pixels() const { return images_ * rows_ * s_.ow; }

  /// Copies dy of the chunk to [panel, position, tile_cols].
  void pack_gradient(std::int64_t group) {
    for (std::int64_t i = 0; i < images_; ++i)
      for (std::int64_t row = 0; row < rows_; ++row) {
        const T* from = dy_ + ((image_ + i) * s_.oh + row_ + row) * s_.ow * s_.oc + group * map_.target_c;
        for (std::int64_t col = 0; col < s_.ow; ++col, from += s_.oc) pack_pixel(from, position(i, row, col));
      }
  }
  void pack_pixel(const T* from, std::int64_t at) {
    constexpr std::int64_t width = tile_cols<T>;
    for (std::int64_t j = 0; j < plan_.panels; ++j, from += width) {
      T* out = panels_.data() + (j * pixels() + at) * width;
      const std::int64_t used = std::min(width, map_.target_c - j * width);
      if (used == width)
        for (int v = 0; v < tile_vectors; ++v) store<T>(out + v * lanes<T>, load(from + v * lanes<T>));
      else
        std::fill(std::copy_n(from, used, out), out + width, T(0));
    }
  }

  /// Copies what the taps of each pixel of the chunk read: [pixels, taps * channels], zeros for padding.
  void gather(std::int64_t group) {
    std::fill_n(patches_.data(), pixels() * plan_.depth, T(0));
    for (std::int64_t i = 0; i < images_; ++i)
      for (std::int64_t row = 0; row < rows_; ++row)
        for (std::int64_t tap = 0; tap < map_.taps(); ++tap) {
          const std::int64_t from = map_.rows.of(row_ + row)[tap / s_.kw];
          if (from < 0) continue;
          const T* const image = x_ + (image_ + i) * map_.source_image + group * map_.source_c;
          T* const patches = patches_.data() + position(i, row, 0) * plan_.depth + tap * map_.source_c;
          gather_row(columns_[static_cast<std::size_t>(tap % s_.kw)], image + from, patches);
        }
  }
  void gather_row(const ColumnRun& run, const T* row, T* patches) const {
    const std::int64_t step = s_.stride_w * s_.c, depth = plan_.depth, count = run.end - run.begin;
    for (std::int64_t c = 0; c < map_.source_c; ++c) {
      const T* from = row + run.offset + c;
      T* to = patches + run.begin * depth + c;
      for (std::int64_t j = 0; j < count; ++j) to[j * depth] = from[j * step];
    }
  }

  /// Adds a run of pixels for whole blocks of rows, and for the last block, which may have fewer.
  void add_stretch(const T* a, std::int64_t at, std::int64_t length) {
    const std::int64_t rest = plan_.depth % tile_rows;
    Stretch<T> stretch{{}, panels_.data() + at * tile_cols<T>, length};
    for (std::int64_t i = 0; i < tile_rows; ++i) stretch.a[i] = a + i;
    whole_.push_back(stretch);
    for (std::int64_t i = rest; rest && i < tile_rows; ++i) stretch.a[i] = a + rest - 1;
    if (rest) rest_.push_back(stretch);
  }

  void list_taps() {
    whole_.clear();
    rest_.clear();
    first_.clear();
    for (std::int64_t tap = 0; tap < plan_.taps; ++tap) {
      first_.push_back(whole_.size());
      plan_.gathers ? add_stretch(patches_.data(), 0, pixels()) : list_pixels(tap);
    }
    first_.push_back(whole_.size());
  }

  /// The pixels that one tap contributes: runs along the image index or along an output row, whichever is longer.
  /// Padding is not among them.
  void list_pixels(std::int64_t tap) {
    const ColumnRun& run = columns_[static_cast<std::size_t>(tap % s_.kw)];
    for (std::int64_t row = 0; row < rows_; ++row) {
      const std::int64_t from = map_.rows.of(row_ + row)[tap / s_.kw];
      if (from < 0 || run.begin == run.end) continue;
      const T* first = x_ + image_ * map_.source_image + from + run.offset;
      if (across_images_)
        for (std::int64_t col = run.begin; col < run.end; ++col, first += s_.stride_w * s_.c)
          add_stretch(first, position(0, row, col), images_);
      else
        for (std::int64_t i = 0; i < images_; ++i, first += map_.source_image)
          add_stretch(first, position(i, row, run.begin), run.end - run.begin);
    }
  }

  void multiply(std::int64_t group, std::int64_t panel, std::int64_t block_begin, std::int64_t block_end) {
    const std::int64_t pixel_step = across_images_ ? map_.source_image : s_.stride_w * s_.c;
    TileShift shift{.a_step = plan_.gathers ? plan_.depth : pixel_step,
                    .b = panel * pixels() * tile_cols<T>,
                    .c = panel * tile_cols<T>};
    TileOut<T> out;
    out.accumulate = started_;
    out.cols = std::min<std::int64_t>(tile_cols<T>, map_.target_c - shift.c);
    for (std::int64_t b = block_begin; b < block_end; ++b) {
      const std::int64_t tap = b / plan_.blocks_per_tap % plan_.taps, row = b % plan_.blocks_per_tap * tile_rows;
      out.rows = static_cast<int>(std::min<std::int64_t>(tile_rows, plan_.depth - row));
      for (int i = 0; i < out.rows; ++i)
        out.row[i] = partial_ + ((group * plan_.taps + tap) * plan_.depth + row + i) * map_.target_c;
      shift.a = row + (plan_.gathers ? 0 : group * map_.source_c);
      const std::size_t begin = first_[static_cast<std::size_t>(tap)], end = first_[static_cast<std::size_t>(tap) + 1];
      const auto& list = out.rows == tile_rows ? whole_ : rest_;
      sum_tile(list.data() + begin, static_cast<std::int64_t>(end - begin), shift, out);
    }
  }

  const ConvShape& s_;
  const TapMap& map_;
  const WeightPlan& plan_;
  const T *x_, *dy_;
  T* partial_;
  Scratch<T> panels_, patches_;
  std::vector<ColumnRun> columns_;        ///< of each column tap
  std::vector<Stretch<T>> whole_, rest_;  ///< of all taps
  std::vector<std::size_t> first_;        ///< where each tap's begin
  std::int64_t image_ = 0, images_ = 0, row_ = 0, rows_ = 0;
  bool across_images_ = false, started_ = false;
};

}  // namespace akin::inline AKIN_ABI::kernels::detail
