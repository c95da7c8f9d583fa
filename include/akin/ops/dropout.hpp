// Dropout masks as Arrays.
#pragma once
#include "../core/array.hpp"
#include "../core/cuda_graph.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

namespace detail {

AKIN_LAZY Array dropout_mask_of(const Array& x, double p, std::uint64_t seed, const Array& call) {
  check(p >= 0 && p < 1, "dropout", "p must lie in [0, 1), got ", p);
  check_shape("dropout", "the number of the call", call, {});
  check(call.device() == x.device(), "dropout", "the number of the call is on ", call.device(), ", the values on ",
        x.device(), "; bring both to one device");
  Array mask = empty_like(x);
  on_float(x.dtype(), "dropout", [&]<class T>() {
    T* const values = mask.mut<T>();
    const auto* const number = call.data<std::int64_t>();
    on(x.device(), [&](auto queue) { kernels::dropout_mask(queue, mask.size(), p, seed, number, values); });
  });
  return mask;
}

}  // namespace detail

/// 0 with probability p, else 1 / (1 - p), in the shape and dtype of x. A function of (seed, call) alone: the same call
/// drops the same values, at any thread count. Errors: p outside [0, 1); a CUDA graph is being recorded.
AKIN_LAZY Array dropout_mask(const Array& x, double p, std::uint64_t seed, std::uint32_t call) {
  check(
      !is_recording_graph(), "dropout",
      "a CUDA graph would drop the same values every time: give the number of the call as an Array beside the values");
  return detail::dropout_mask_of(x, p, seed, Array::from<std::int64_t>({}, {call}).to(x.device()));
}
/// The same for call number `calls` [] i64, beside x, which is counted up: also in every launch of a CUDA graph.
/// Errors: p outside [0, 1); `calls` is of another shape, dtype or device.
AKIN_LAZY Array dropout_mask(const Array& x, double p, std::uint64_t seed, Array& calls) {
  const Array mask = detail::dropout_mask_of(x, p, seed, calls);
  auto* const count = calls.mut<std::int64_t>();
  on(calls.device(), [&](auto queue) { kernels::map(queue, 1, count, kernels::AddScalar{1}, count); });
  return mask;
}

}  // namespace akin::inline AKIN_ABI::ops
