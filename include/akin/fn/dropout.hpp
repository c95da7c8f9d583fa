// Dropout.
#pragma once
#include "../autograd/record.hpp"
#include "../core/philox.hpp"

namespace akin::inline AKIN_ABI {

/// Sets each value to 0 with the given probability and scales the others by 1 / (1 - p). Srivastava et al. 2014.
/// The mask is a pure function of (seed, call): the same call drops the same values, at any thread count.
/// Errors: p outside [0, 1).
AKIN_LAZY Tensor dropout(const Tensor& x, double p, std::uint64_t seed, std::uint32_t call) {
  check(p >= 0 && p < 1, "dropout", "p must lie in [0, 1), got ", p);
  Array mask = Array::empty(x.shape(), x.dtype());
  on_float(x.dtype(), "dropout", [&]<class T>() {
    T* keep = mask.mut<T>();
    const T zero{}, kept = static_cast<T>(static_cast<compute_t<T>>(1 / (1 - p)));
    parallel_for(mask.size(), 4096, [&](std::int64_t begin, std::int64_t end) {
      Draws draws(seed, {.index = static_cast<std::uint32_t>(begin / 4096), .epoch = call >> 8, .view = call & 255,
                         .stream = stream_of("dropout")});
      for (std::int64_t i = begin; i < end; ++i) keep[i] = draws.chance(p) ? zero : kept;
    });
  });
  return record("dropout", ops::mul(x.value(), mask), wrt(x, [mask](const Array& dy) { return ops::mul(dy, mask); }));
}

}  // namespace akin::inline AKIN_ABI
