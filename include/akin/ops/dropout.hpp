// Dropout masks as Arrays.
#pragma once
#include "../core/array.hpp"
#include "../core/cuda_graph.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

/// 0 with probability p, else 1 / (1 - p), in the shape and dtype of x. A function of (seed, call) alone: the same call
/// drops the same values, at any thread count. Errors: p outside [0, 1); a CUDA graph is being recorded.
AKIN_LAZY Array dropout_mask(const Array& x, double p, std::uint64_t seed, std::uint32_t call) {
  check(p >= 0 && p < 1, "dropout", "p must lie in [0, 1), got ", p);
  check(!is_recording_graph(), "dropout",
        "a CUDA graph would drop the same values in every step: train without --cuda-graph");
  Array mask = empty_like(x);
  on_float(x.dtype(), "dropout", [&]<class T>() {
    T* values = mask.mut<T>();
    on(x.device(), [&](auto queue) { kernels::dropout_mask(queue, mask.size(), p, seed, call, values); });
  });
  return mask;
}

}  // namespace akin::inline AKIN_ABI::ops
