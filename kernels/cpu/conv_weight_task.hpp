// One thread's share of a weight gradient.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "conv_taps.hpp"
#include "conv_weight_pack.hpp"
#include "fetch_ahead.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// How the work is cut. The rows of dw are (tap, channel) pairs; a block is up to tile_rows channels of one tap, or, in
/// an image of few channels, up to tile_rows pairs of different taps.
struct WeightPlan {
  bool mixes_taps = false;
  std::int64_t taps = 0, depth = 0;     ///< rows of dw in one group = taps * depth; mixed, taps is 1
  std::int64_t panels = 0, blocks = 0;  ///< of columns and of rows, in one group
  std::int64_t lanes = 1, parts = 1;    ///< tasks: lanes of stacks, parts of the blocks of all groups
  std::int64_t stacks = 1, rows = 1;    ///< a chunk: `stacks` stacks, `rows` of their output rows
  std::int64_t terms = 0;               ///< of the sums, in a chunk
};

/// A stack is the images of one term: one, or two of bf16.
template <class T>
std::int64_t stack_count(const ConvShape& s) {
  return ceil_div(s.n, products_per_term<T>);
}

/// Some output rows of some stacks, and the input rows [source_begin, source_end) under them.
struct WeightChunk {
  std::int64_t stack, stacks, row, rows, source_begin, source_end;
};

/// Sums the blocks [begin, end) of dw over the stacks of one lane, chunk by chunk.
///
/// For each block, the pixels under a chunk are copied to a strip [entry][strip_pitch] that holds its tile_rows values
/// alone: read where they lie, pixels that are a power of two apart would fall into a few sets of the first-level
/// cache. A strip and a panel of gradients stay there while all taps are summed from them. Where taps are mixed, one
/// strip [output pixel][tap][channel] serves all blocks. T may be pairs of bf16; then taps are not mixed.
template <class T>
class WeightTask {
 public:
  using S = stored_t<T>;

  WeightTask(const ConvShape& s, const TapMap& map, const WeightPlan& plan, const S* x, const S* dy,
             compute_t<T>* partial)
      : s_(s),
        map_(map),
        row_taps_(forward_offsets(window_h(s), 1)),
        plan_(plan),
        x_(x),
        dy_(dy),
        partial_(partial),
        panels_(plan.terms * plan.panels * tile_cols<T>),
        pitch_(plan.mixes_taps ? plan.blocks * tile_rows : strip_pitch),
        strip_(pitch_ * (plan.mixes_taps ? plan.terms : plan.stacks * source_rows(s, plan.rows) * s.w)),
        terms_(static_cast<std::size_t>(plan.taps)) {}

  void run(std::int64_t block_begin, std::int64_t block_end, std::int64_t stack_begin, std::int64_t stack_end) {
    const std::int64_t products = (block_end - block_begin) * plan_.panels * plan_.taps;
    bool accumulate = false;
    for (WeightChunk next = chunk_at(stack_begin, 0, stack_end); next.stacks > 0; accumulate = true) {
      chunk_ = next;
      next = chunk_.row + plan_.rows < s_.oh ? chunk_at(chunk_.stack, chunk_.row + plan_.rows, stack_end)
                                             : chunk_at(chunk_.stack + plan_.stacks, 0, stack_end);
      fetch(next, products);
      list_terms();
      std::int64_t packed = -1;
      for (std::int64_t b = block_begin; b < block_end; ++b) {
        const std::int64_t group = b / plan_.blocks, block = b % plan_.blocks;
        if (std::exchange(packed, group) != group) {
          pack_gradient(group);
          if constexpr (std::is_same_v<S, T>)
            if (plan_.mixes_taps) pack_mixed(group);
        }
        if (!plan_.mixes_taps) pack_channels(group, block);
        for (std::int64_t panel = 0; panel < plan_.panels; ++panel) multiply(group, block, panel, accumulate);
      }
    }
  }

 private:
  static constexpr std::int64_t images = products_per_term<T>;  ///< of a stack

  /// Where the terms of an output row begin.
  std::int64_t position(std::int64_t stack, std::int64_t row) const { return (stack * chunk_.rows + row) * s_.ow; }
  /// Image rows under `rows` output rows, at most.
  static std::int64_t source_rows(const ConvShape& s, std::int64_t rows) {
    return std::min(s.h, (rows - 1) * s.stride_h + (s.kh - 1) * s.dilation_h + 1);
  }
  /// Rows of a block that exist.
  int rows_of(std::int64_t block) const {
    return static_cast<int>(std::min<std::int64_t>(tile_rows, plan_.depth - block * tile_rows));
  }

  /// The chunk that begins at a row of a stack; empty where the lane ends.
  WeightChunk chunk_at(std::int64_t stack, std::int64_t row, std::int64_t stack_end) const {
    const std::int64_t stacks = std::min(plan_.stacks, stack_end - stack), rows = std::min(plan_.rows, s_.oh - row);
    const std::int64_t first = row * s_.stride_h - s_.pad_h;
    const std::int64_t last = first + (rows - 1) * s_.stride_h + (s_.kh - 1) * s_.dilation_h;
    const std::int64_t begin = std::clamp<std::int64_t>(first, 0, s_.h);
    return {stack, stacks, row, rows, begin, std::clamp<std::int64_t>(last + 1, begin, s_.h)};
  }

  /// Announces what the next chunk reads, as one run: from its first row to the last one of its last image.
  void fetch(const WeightChunk& next, std::int64_t products) {
    if (next.stacks <= 0) {
      next_x_ = next_dy_ = FetchAhead();
      return;
    }
    const std::int64_t first = next.stack * images, last = std::min((next.stack + next.stacks) * images, s_.n) - 1;
    const std::int64_t line = s_.w * s_.c, out_line = s_.ow * s_.oc;
    next_x_ = FetchAhead(x_ + (first * s_.h + next.source_begin) * line, x_ + (last * s_.h + next.source_end) * line,
                         products);
    next_dy_ = FetchAhead(dy_ + (first * s_.oh + next.row) * out_line,
                          dy_ + (last * s_.oh + next.row + next.rows) * out_line, products);
  }

  /// For each tap the terms that it contributes: padding is not among them. Mixed, the zeros are in the strip.
  void list_terms() {
    for (std::int64_t tap = 0; tap < plan_.taps; ++tap) {
      auto& terms = terms_[static_cast<std::size_t>(tap)];
      terms.resize(static_cast<std::size_t>(plan_.terms));
      OuterTerm* const end = plan_.mixes_taps ? list_all(terms.data()) : list_inside(tap, terms.data());
      terms.resize(static_cast<std::size_t>(end - terms.data()));
    }
  }
  OuterTerm* list_all(OuterTerm* next) const {
    for (std::int64_t at = 0; at < position(chunk_.stacks, 0); ++at) *next++ = {at * pitch_, at * tile_cols<T>};
    return next;
  }
  OuterTerm* list_inside(std::int64_t tap, OuterTerm* next) const {
    for (std::int64_t n = 0; n < chunk_.stacks; ++n)
      for (std::int64_t r = 0; r < chunk_.rows; ++r) {
        const std::int64_t h = row_taps_.of(chunk_.row + r)[tap / s_.kw];
        if (h < 0) continue;
        const std::int64_t line = (n * (chunk_.source_end - chunk_.source_begin) + h - chunk_.source_begin) * s_.w;
        std::int64_t entry = tap % s_.kw * s_.dilation_w - s_.pad_w;
        for (std::int64_t at = position(n, r); at < position(n, r + 1); ++at, entry += s_.stride_w)
          if (entry >= 0 && entry < s_.w) *next++ = {(line + entry) * strip_pitch, at * tile_cols<T>};
      }
    return next;
  }

  /// Element `at` of the images of a stack, `size` elements each; the second is null where there is no such image.
  std::pair<const S*, const S*> in_images(const S* all, std::int64_t size, std::int64_t stack, std::int64_t at) const {
    const std::int64_t image = stack * images;
    const S* const first = all + image * size + at;
    return {first, images > 1 && image + 1 < s_.n ? first + size : nullptr};
  }

  /// Copies dy of the chunk to [panel][term][tile_cols].
  void pack_gradient(std::int64_t group) {
    constexpr std::int64_t width = tile_cols<T>;
    for (std::int64_t n = 0; n < chunk_.stacks; ++n) {
      for (std::int64_t j = 0; j < plan_.panels; ++j) {
        const std::int64_t at = chunk_.row * s_.ow * s_.oc + group * map_.target_c + j * width;
        const auto [first, second] = in_images(dy_, s_.oh * s_.ow * s_.oc, chunk_.stack + n, at);
        pack_pixels<width>(first, second, chunk_.rows * s_.ow, s_.oc, std::min(width, map_.target_c - j * width),
                           panels_.data() + (j * plan_.terms + position(n, 0)) * width);
      }
    }
  }

  /// The strip of a block of channels: every input row under the chunk. The next channels are copied too, unused, where
  /// tile_rows is less than strip_pitch: a full vector moves at once.
  void pack_channels(std::int64_t group, std::int64_t block) {
    const std::int64_t used = std::min(strip_pitch, map_.source_c - block * tile_rows);
    const std::int64_t pixels = (chunk_.source_end - chunk_.source_begin) * s_.w;
    const std::int64_t at = chunk_.source_begin * s_.w * s_.c + group * map_.source_c + block * tile_rows;
    for (std::int64_t n = 0; n < chunk_.stacks; ++n) {
      const auto [first, second] = in_images(x_, map_.source_image, chunk_.stack + n, at);
      pack_pixels<strip_pitch>(first, second, pixels, s_.c, used, strip_.data() + n * pixels * strip_pitch);
    }
  }

  /// The strip of all blocks: what each output pixel of the chunk sees.
  void pack_mixed(std::int64_t group) {
    T* out = strip_.data();
    for (std::int64_t n = 0; n < chunk_.stacks; ++n) {
      const S* image = x_ + (chunk_.stack + n) * map_.source_image + group * map_.source_c;
      for (std::int64_t r = 0; r < chunk_.rows; ++r)
        for (std::int64_t col = 0; col < s_.ow; ++col, out += pitch_)
          gather_taps(map_, image, map_.rows.of(chunk_.row + r), map_.cols.of(col), out);
    }
  }

  void multiply(std::int64_t group, std::int64_t block, std::int64_t panel, bool accumulate) {
    TileOut<compute_t<T>> out;
    out.accumulate = accumulate;
    out.rows = rows_of(block);
    out.cols = std::min<std::int64_t>(tile_cols<T>, map_.target_c - panel * tile_cols<T>);
    const T* strip = strip_.data() + (plan_.mixes_taps ? block * tile_rows : 0);
    const T* gradient = panels_.data() + panel * plan_.terms * tile_cols<T>;
    for (std::int64_t tap = 0; tap < plan_.taps; ++tap) {
      for (int i = 0; i < tile_rows; ++i) {
        const std::int64_t row =
            (group * plan_.taps + tap) * plan_.depth + block * tile_rows + std::min(i, out.rows - 1);
        out.row[i] = partial_ + row * map_.target_c + panel * tile_cols<T>;
      }
      next_x_.step(), next_dy_.step();
      const auto& terms = terms_[static_cast<std::size_t>(tap)];
      sum_outer(terms.data(), static_cast<std::int64_t>(terms.size()), strip, gradient, out);
    }
  }

  const ConvShape& s_;
  const TapMap& map_;
  const TapAxis row_taps_;  ///< in rows
  const WeightPlan& plan_;
  const S *x_, *dy_;
  compute_t<T>* partial_;
  Scratch<T> panels_;
  std::int64_t pitch_;  ///< values per entry of the strip
  Scratch<T> strip_;
  std::vector<std::vector<OuterTerm>> terms_;  ///< [tap]
  WeightChunk chunk_{};
  FetchAhead next_x_, next_dy_;
};

}  // namespace akin::inline AKIN_ABI::kernels::detail
