// One thread's share of a weight gradient.
#pragma once
#include <algorithm>
#include <vector>

#include "conv_taps.hpp"
#include "gemm_tile.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// How the work is cut.
struct WeightPlan {
  bool mixes_taps = false;           ///< few channels: the rows of a tile are different taps, not one tap's channels
  std::int64_t taps = 0, depth = 0;  ///< rows of dw in one group = taps * depth
  std::int64_t panels = 0, blocks = 0, blocks_per_tap = 0;
  std::int64_t lanes = 1, parts = 1, images = 1, rows = 1;  ///< a chunk is `images` images, `rows` of their output rows
};

/// Sums the blocks [begin, end) of dw over the images of one lane.
template <class T>
class WeightTask {
 public:
  WeightTask(const ConvShape& s, const TapMap& map, const WeightPlan& plan, const T* x, const T* dy, T* partial)
      : s_(s),
        map_(map),
        plan_(plan),
        x_(x),
        dy_(dy),
        partial_(partial),
        panels_(plan.images * plan.rows * s.ow * plan.panels * tile_cols<T>),
        pitch_((s.w + 2 * s.pad_w) * map.source_c),
        padded_(plan.mixes_taps ? plan.images * padded_rows(plan.rows) * pitch_ : 0) {
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
        across_images_ = images_ > s_.ow && !plan_.mixes_taps;
        list_all();
        aim_ahead(plan_.panels * (block_end - block_begin));
        for (std::int64_t b = block_begin; b < block_end;) {
          const std::int64_t group = b / per_group, stop = std::min(block_end, (group + 1) * per_group);
          pack_gradient(group);
          if (plan_.mixes_taps) pad_images(group);
          for (std::int64_t panel = 0; panel < plan_.panels; ++panel) multiply(group, panel, b, stop);
          b = stop;
        }
        started_ = true;
      }
  }

 private:
  static constexpr std::int64_t cache_line = 64 / sizeof(T);

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

  /// Copies the image rows under the chunk, of the channels of one group, with zeros for the padding.
  void pad_images(std::int64_t group) {
    for (std::int64_t i = 0; i < images_; ++i)
      for (std::int64_t r = 0; r < padded_rows(rows_); ++r) {
        T* out = padded_.data() + (i * padded_rows(rows_) + r) * pitch_;
        const std::int64_t h = row_ * s_.stride_h - s_.pad_h + r;
        std::fill_n(out, pitch_, T(0));
        if (h < 0 || h >= s_.h) continue;
        const T* from = x_ + (((image_ + i) * s_.h + h) * s_.w) * s_.c + group * map_.source_c;
        out += s_.pad_w * map_.source_c;
        for (std::int64_t w = 0; w < s_.w; ++w, from += s_.c, out += map_.source_c)
          for (std::int64_t c = 0; c < map_.source_c; ++c) out[c] = from[c];
      }
  }
  /// Image rows, padding included, under `rows` output rows.
  std::int64_t padded_rows(std::int64_t rows) const {
    return (rows - 1) * s_.stride_h + (s_.kh - 1) * s_.dilation_h + 1;
  }

  /// One list per tap, or per block of rows that are different taps.
  void list_all() {
    whole_.clear();
    rest_.clear();
    first_.clear();
    for (std::int64_t i = 0; i < (plan_.mixes_taps ? plan_.blocks_per_tap : plan_.taps); ++i) {
      first_.push_back(whole_.size());
      plan_.mixes_taps ? list_mixed(i) : list_pixels(i);
    }
    first_.push_back(whole_.size());
  }

  /// Every row of the block reads its own tap of the padded image; an output row is one stretch.
  void list_mixed(std::int64_t block) {
    const std::int64_t channels = map_.source_c;
    for (std::int64_t i = 0; i < images_; ++i)
      for (std::int64_t row = 0; row < rows_; ++row) {
        Stretch<T> stretch{{}, panels_.data() + position(i, row, 0) * tile_cols<T>, s_.ow};
        for (std::int64_t k = 0; k < tile_rows; ++k) {
          const std::int64_t at = std::min(block * tile_rows + k, plan_.depth - 1), tap = at / channels;
          const std::int64_t h = i * padded_rows(rows_) + row * s_.stride_h + tap / s_.kw * s_.dilation_h;
          stretch.a[k] = padded_.data() + h * pitch_ + tap % s_.kw * s_.dilation_w * channels + at % channels;
        }
        whole_.push_back(stretch);
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

  /// The image rows of the next chunk are fetched while this one is multiplied, some lines before each tile: the
  /// processor's own prefetcher does not see through strides and taps.
  void aim_ahead(std::int64_t tiles) {
    const std::int64_t row_size = s_.w * s_.c, end = s_.n * map_.source_image;
    const std::int64_t size = images_ > 1 ? images_ * map_.source_image : rows_ * s_.stride_h * row_size;
    const std::int64_t begin = image_ * map_.source_image + (images_ > 1 ? 0 : row_ * s_.stride_h * row_size) + size;
    ahead_ = x_ + std::min(begin, end);
    ahead_end_ = x_ + std::min(begin + size, end);
    ahead_lines_ = size / cache_line / tiles + 1;
  }
  void fetch_ahead() {
    for (std::int64_t i = 0; i < ahead_lines_ && ahead_end_ - ahead_ > cache_line; ++i, ahead_ += cache_line)
      __builtin_prefetch(ahead_, 0, 2);
  }

  void multiply(std::int64_t group, std::int64_t panel, std::int64_t block_begin, std::int64_t block_end) {
    TileShift shift{.a_step = s_.stride_w * s_.c, .b = panel * pixels() * tile_cols<T>, .c = panel * tile_cols<T>};
    if (across_images_) shift.a_step = map_.source_image;
    if (plan_.mixes_taps) shift.a_step = s_.stride_w * map_.source_c;
    TileOut<T> out;
    out.accumulate = started_;
    out.cols = std::min<std::int64_t>(tile_cols<T>, map_.target_c - shift.c);
    for (std::int64_t b = block_begin; b < block_end; ++b) {
      const std::int64_t tap = b / plan_.blocks_per_tap % plan_.taps, block = b % plan_.blocks_per_tap;
      const std::int64_t row = block * tile_rows;
      out.rows = static_cast<int>(std::min<std::int64_t>(tile_rows, plan_.depth - row));
      for (int i = 0; i < out.rows; ++i)
        out.row[i] = partial_ + ((group * plan_.taps + tap) * plan_.depth + row + i) * map_.target_c;
      if (!plan_.mixes_taps) shift.a = row + group * map_.source_c;
      const auto& list = plan_.mixes_taps || out.rows == tile_rows ? whole_ : rest_;
      const auto index = static_cast<std::size_t>(plan_.mixes_taps ? block : tap);
      fetch_ahead();
      sum_tile(list.data() + first_[index], static_cast<std::int64_t>(first_[index + 1] - first_[index]), shift, out);
    }
  }

  const ConvShape& s_;
  const TapMap& map_;
  const WeightPlan& plan_;
  const T *x_, *dy_;
  T* partial_;
  Scratch<T> panels_;  ///< dy of the chunk
  std::int64_t pitch_;
  Scratch<T> padded_;                     ///< image rows under the chunk
  std::vector<ColumnRun> columns_;        ///< of each column tap
  std::vector<Stretch<T>> whole_, rest_;  ///< of all taps
  std::vector<std::size_t> first_;        ///< where each tap's begin
  std::int64_t image_ = 0, images_ = 0, row_ = 0, rows_ = 0;
  const T *ahead_ = nullptr, *ahead_end_ = nullptr;
  std::int64_t ahead_lines_ = 0;
  bool across_images_ = false, started_ = false;
};

}  // namespace akin::inline AKIN_ABI::kernels::detail
