// The gradient of a convolution with respect to its weights.
//
// dw is a matrix of (group, tap, channel) rows and output-channel columns, summed over pixels. The images are cut into a
// few lanes, each with a partial sum of its own that is added at the end in lane order, and the rows into parts: both by
// shape, so the result has the same bits at any thread count. Within a lane, chunks of images small enough for the
// second-level cache are multiplied with every row of the part.
#pragma once
#include <algorithm>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "conv_taps.hpp"
#include "gemm_tile.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// How the work is cut.
struct WeightPlan {
  bool gathers = false;              ///< few channels: all taps of a pixel become the rows of one wide tap
  std::int64_t taps = 0, depth = 0;  ///< dw rows of one group = taps * depth
  std::int64_t panels = 0, blocks = 0, blocks_per_tap = 0;
  std::int64_t lanes = 1, parts = 1, images = 1, rows = 1;  ///< a chunk is `images` images, `rows` of their output rows
};

template <class T>
WeightPlan plan_weights(const ConvShape& s, const TapMap& map) {
  constexpr std::int64_t chunk_bytes = 384 << 10, partial_bytes = 8 << 20, lane_limit = 8, tasks = 16;
  const auto bytes = static_cast<std::int64_t>(sizeof(T));
  WeightPlan p;
  p.gathers = map.source_c < gather_below && map.taps() > 1;
  p.taps = p.gathers ? 1 : map.taps();
  p.depth = p.gathers ? map.taps() * map.source_c : map.source_c;
  p.panels = (map.target_c + tile_cols<T> - 1) / tile_cols<T>;
  p.blocks_per_tap = (p.depth + tile_rows - 1) / tile_rows;
  p.blocks = map.groups * p.taps * p.blocks_per_tap;
  const std::int64_t per_row = (s.h * s.w * s.c / std::max<std::int64_t>(1, s.oh) + s.ow * s.oc) * bytes;
  p.images = std::clamp<std::int64_t>(chunk_bytes / std::max<std::int64_t>(1, per_row * s.oh), 1, 32);
  p.rows = p.images > 1 ? s.oh : std::clamp<std::int64_t>(chunk_bytes / std::max<std::int64_t>(1, per_row), 1, s.oh);
  const std::int64_t partial = map.groups * p.taps * p.depth * map.target_c * bytes;
  p.lanes = std::clamp<std::int64_t>(partial_bytes / std::max<std::int64_t>(1, partial), 1, lane_limit);
  p.lanes = std::clamp<std::int64_t>((s.n + p.images - 1) / p.images, 1, p.lanes);
  p.parts = std::clamp<std::int64_t>(p.blocks / 8, 1, (tasks + p.lanes - 1) / p.lanes);
  return p;
}

/// Sums the blocks [begin, end) of dw over the images of one lane.
template <class T>
class WeightTask {
 public:
  WeightTask(const ConvShape& s, const TapMap& map, const WeightPlan& plan, const T* x, const T* dy, T* partial)
      : s_(s), map_(map), plan_(plan), x_(x), dy_(dy), partial_(partial),
        panels_(plan.images * plan.rows * s.ow * plan.panels * tile_cols<T>),
        patches_(plan.gathers ? plan.images * plan.rows * s.ow * plan.depth : 0) {}

  void run(std::int64_t block_begin, std::int64_t block_end, std::int64_t image_begin, std::int64_t image_end) {
    const std::int64_t per_group = plan_.taps * plan_.blocks_per_tap;
    started_ = false;
    for (std::int64_t n = image_begin; n < image_end; n += plan_.images)
      for (std::int64_t row = 0; row < s_.oh; row += plan_.rows) {
        image_ = n, images_ = std::min(plan_.images, image_end - n);
        row_ = row, rows_ = std::min(plan_.rows, s_.oh - row);
        across_images_ = images_ > s_.ow;
        for (std::int64_t b = block_begin; b < block_end;) {
          const std::int64_t group = b / per_group, stop = std::min(block_end, (group + 1) * per_group);
          pack_gradient(group);
          if (plan_.gathers) gather(group);
          multiply(group, b, stop);
          b = stop;
        }
        started_ = true;
      }
  }

 private:
  /// Position of an output pixel in the chunk: the index that runs along a stretch is innermost.
  std::int64_t position(std::int64_t image, std::int64_t row, std::int64_t col) const {
    return across_images_ ? (row * s_.ow + col) * images_ + image : (image * rows_ + row) * s_.ow + col;
  }
  std::int64_t pixels() const { return images_ * rows_ * s_.ow; }

  /// Calls f(image, row, col, position) for each output pixel of the chunk; image and row count from the chunk's start.
  template <class F>
  void for_each_pixel(F&& f) const {
    for (std::int64_t i = 0; i < images_; ++i)
      for (std::int64_t r = 0; r < rows_; ++r)
        for (std::int64_t c = 0; c < s_.ow; ++c) f(i, r, c, position(i, r, c));
  }

  void pack_gradient(std::int64_t group) {
    constexpr std::int64_t width = tile_cols<T>;
    for_each_pixel([&](std::int64_t i, std::int64_t r, std::int64_t c, std::int64_t at) {
      const T* from = dy_ + (((image_ + i) * s_.oh + row_ + r) * s_.ow + c) * s_.oc + group * map_.target_c;
      for (std::int64_t j = 0; j < plan_.panels; ++j) {
        T* out = panels_.data() + (j * pixels() + at) * width;
        const std::int64_t used = std::min(width, map_.target_c - j * width);
        if (used == width)
          std::copy_n(from + j * width, width, out);
        else
          std::fill(std::copy_n(from + j * width, used, out), out + width, T(0));
      }
    });
  }

  void gather(std::int64_t group) {
    for_each_pixel([&](std::int64_t i, std::int64_t r, std::int64_t c, std::int64_t at) {
      gather_patch(map_, x_ + group * map_.source_c, image_ + i, row_ + r, c, patches_.data() + at * plan_.depth);
    });
  }

  void add_stretch(const T* a, std::int64_t at, std::int64_t length) {
    Stretch<T> stretch{{}, panels_.data() + at * tile_cols<T>, length};
    for (int i = 0; i < tile_rows; ++i) stretch.a[i] = a + i;
    stretches_.push_back(stretch);
  }

  /// The pixels that one tap contributes: runs along the image index or along an output row, whichever is longer.
  /// Padding is not among them.
  void list_pixels(std::int64_t tap) {
    stretches_.clear();
    const std::int64_t r = tap / s_.kw, q = tap % s_.kw;
    std::int64_t begin = 0, end = s_.ow;
    while (begin < end && map_.cols.of(begin)[q] < 0) ++begin;
    while (end > begin && map_.cols.of(end - 1)[q] < 0) --end;
    for (std::int64_t row = 0; row < rows_; ++row) {
      const std::int64_t from = map_.rows.of(row_ + row)[r];
      if (from < 0) continue;
      if (across_images_)
        for (std::int64_t col = begin; col < end; ++col)
          add_stretch(x_ + map_.source_offset(image_, from, map_.cols.of(col)[q]), position(0, row, col), images_);
      else
        for (std::int64_t i = 0; begin < end && i < images_; ++i)
          add_stretch(x_ + map_.source_offset(image_ + i, from, map_.cols.of(begin)[q]), position(i, row, begin),
                      end - begin);
    }
  }

  void multiply(std::int64_t group, std::int64_t block_begin, std::int64_t block_end) {
    const std::int64_t image_step = s_.h * s_.w * s_.c, pixel_step = s_.stride_w * s_.c;
    TileShift shift{.a_step = plan_.gathers ? plan_.depth : across_images_ ? image_step : pixel_step};
    TileOut<T> out;
    out.accumulate = started_;
    for (std::int64_t b = block_begin, listed = -1; b < block_end; ++b) {
      const std::int64_t tap = b / plan_.blocks_per_tap % plan_.taps, first = b % plan_.blocks_per_tap * tile_rows;
      if (tap != listed) {
        plan_.gathers ? (stretches_.clear(), add_stretch(patches_.data(), 0, pixels())) : list_pixels(tap);
        listed = tap;
      }
      out.rows = static_cast<int>(std::min<std::int64_t>(tile_rows, plan_.depth - first));
      for (int i = 0; i < out.rows; ++i)
        out.row[i] = partial_ + ((group * plan_.taps + tap) * plan_.depth + first + i) * map_.target_c;
      shift.a = first + (plan_.gathers ? 0 : group * map_.source_c);
      for (std::int64_t j = 0; j < plan_.panels; ++j) {
        shift.b = j * pixels() * tile_cols<T>;
        shift.c = j * tile_cols<T>;
        out.cols = std::min<std::int64_t>(tile_cols<T>, map_.target_c - shift.c);
        sum_tile(stretches_.data(), static_cast<std::int64_t>(stretches_.size()), shift, out);
      }
    }
  }

  const ConvShape& s_;
  const TapMap& map_;
  const WeightPlan& plan_;
  const T *x_, *dy_;
  T* partial_;
  Scratch<T> panels_, patches_;
  std::vector<Stretch<T>> stretches_;
  std::int64_t image_ = 0, images_ = 0, row_ = 0, rows_ = 0;
  bool across_images_ = false, started_ = false;
};

/// dw[group, o, row] = sum over lanes, in order, of partial[lane][group, row, o]; a row is (tap, channel).
template <class T>
void combine_lanes(const TapMap& map, std::int64_t lane_count, const T* partial, T* dw) {
  constexpr std::int64_t strip = 16;
  const std::int64_t rows = map.taps() * map.source_c, cols = map.target_c, strips = (rows + strip - 1) / strip;
  parallel_for(map.groups * strips, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<T> sum(static_cast<std::size_t>(strip * cols));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t group = i / strips, first = i % strips * strip, count = std::min(strip, rows - first);
      const T* from = partial + (group * rows + first) * cols;
      std::copy_n(from, count * cols, sum.data());
      for (std::int64_t lane = 1; lane < lane_count; ++lane) {
        from += map.groups * rows * cols;
        for (std::int64_t e = 0; e < count * cols; ++e) sum.data()[e] += from[e];
      }
      for (std::int64_t o = 0; o < cols; ++o)
        for (std::int64_t r = 0; r < count; ++r) dw[(group * cols + o) * rows + first + r] = sum.data()[r * cols + o];
    }
  });
}

}  // namespace detail

/// dw[o, tap, c] = sum over output pixels of dy[pixel, o] * x[the pixel under the tap, c]; overwrites dw.
template <class T>
void conv2d_backward_weights(Cpu, const ConvShape& s, const T* x, const T* dy, T* dw) {
  const std::int64_t size = s.oc * s.kh * s.kw * (s.c / s.groups);
  if (s.n * s.oh * s.ow == 0) {
    std::fill_n(dw, size, T(0));
    return;
  }
  const auto map = detail::forward_taps(s);
  const auto plan = detail::plan_weights<T>(s, map);
  const Scratch<T> partial(plan.lanes * size);
  parallel_for(plan.lanes * plan.parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t lane = task / plan.parts, part = task % plan.parts;
      detail::WeightTask<T>(s, map, plan, x, dy, partial.data() + lane * size)
          .run(part * plan.blocks / plan.parts, (part + 1) * plan.blocks / plan.parts, lane * s.n / plan.lanes,
               (lane + 1) * s.n / plan.lanes);
    }
  });
  detail::combine_lanes<T>(map, plan.lanes, partial.data(), dw);
}

inline void conv2d_backward_weights(Cpu cpu, const ConvShape& s, const bf16* x, const bf16* dy, bf16* dw) {
  const auto wide_x = widened(x, s.n * s.h * s.w * s.c), wide_dy = widened(dy, s.n * s.oh * s.ow * s.oc);
  const Scratch<float> wide_dw(s.oc * s.kh * s.kw * (s.c / s.groups));
  conv2d_backward_weights<float>(cpu, s, wide_x.data(), wide_dy.data(), wide_dw.data());
  narrow(wide_dw.data(), s.oc * s.kh * s.kw * (s.c / s.groups), dw);
}

}  // namespace akin::inline AKIN_ABI::kernels
