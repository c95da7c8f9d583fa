// Dropout.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/dropout.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

AKIN_LAZY Tensor dropped(const Tensor& x, const Array& mask) {
  return record("dropout", ops::mul(x.value(), mask), wrt(x, [mask](const Array& dy) { return ops::mul(dy, mask); }));
}

}  // namespace detail

/// Sets each value to 0 with probability p and scales the others by 1 / (1 - p). Srivastava et al. 2014.
/// seed, call  choose the mask: the same call drops the same values, at any thread count
/// Errors: p outside [0, 1); a CUDA graph is being recorded.
AKIN_LAZY Tensor dropout(const Tensor& x, double p, std::uint64_t seed, std::uint32_t call) {
  return detail::dropped(x, ops::dropout_mask(x.value(), p, seed, call));
}
/// The same for call number `calls` [] i64, beside the values of x, which is counted up: also in every launch of a CUDA
/// graph. Errors: p outside [0, 1); `calls` is of another shape, dtype or device.
AKIN_LAZY Tensor dropout(const Tensor& x, double p, std::uint64_t seed, Array& calls) {
  return detail::dropped(x, ops::dropout_mask(x.value(), p, seed, calls));
}

}  // namespace akin::inline AKIN_ABI
