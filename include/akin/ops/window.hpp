// Windows that slide along the axes of an image: what convolution and pooling share.
#pragma once
#include "../core/error.hpp"
#include "pair.hpp"

namespace akin::inline AKIN_ABI::ops::detail {

/// Throws unless both numbers lie in low ... 2^31 - 1: sums and products of larger ones could overflow.
AKIN_LAZY void check_window(std::string_view op, std::string_view what, Pair size, std::int64_t low) {
  constexpr std::int64_t limit = std::int64_t{1} << 31;
  check(size.h >= low && size.w >= low, op, what, " must be >= ", low, ", got ", size);
  check(size.h < limit && size.w < limit, op, what, " must be < 2^31, got ", size);
}

/// Positions of a window of `kernel` taps along one axis: floor((in + 2 pad - dilation (kernel - 1) - 1) / stride) + 1,
/// or 0 where it does not fit.
AKIN_LAZY std::int64_t window_positions(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                                        std::int64_t dilation = 1) {
  const std::int64_t room = in + 2 * pad - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace akin::inline AKIN_ABI::ops::detail
