// Dropout.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/dropout.hpp"

namespace akin::inline AKIN_ABI {

/// Sets each value to 0 with probability p and scales the others by 1 / (1 - p). Srivastava et al. 2014.
/// seed, call  choose the mask: the same call drops the same values, at any thread count
/// Errors: p outside [0, 1).
AKIN_LAZY Tensor dropout(const Tensor& x, double p, std::uint64_t seed, std::uint32_t call) {
  const Array mask = ops::dropout_mask(x.value(), p, seed, call);
  return record("dropout", ops::mul(x.value(), mask), wrt(x, [mask](const Array& dy) { return ops::mul(dy, mask); }));
}

}  // namespace akin::inline AKIN_ABI
