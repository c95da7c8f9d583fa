// Dropout masks. Twin: kernels/cpu/dropout.hpp.
//
// Philox gives four words at a time, so a thread makes four values. Which words these are, is the format of the mask:
// the same on both backends. The number of the call lies in device memory, so that a CUDA graph drops others every time.
#pragma once
#include <cmath>
#include <cstdint>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/philox.hpp"
#include "../dropout_format.hpp"
#include "pack.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// mask[i] = the upper 24 bits of its word < threshold ? 0 : kept
template <class T>
__global__ void dropout_mask_kernel(std::int64_t n, std::int64_t whole, std::uint32_t threshold, std::uint64_t seed,
                                    const std::int64_t* number, std::uint32_t stream, T kept, T* mask) {
  const auto call = static_cast<std::uint32_t>(*number);
  constexpr std::int64_t words = 4, draws = dropout_block / words;
  for (std::int64_t draw = first_item(); draw * words < n; draw += item_step()) {
    const PhiloxWords bits = philox(
        seed, {{static_cast<std::uint32_t>(draw % draws), static_cast<std::uint32_t>(draw / draws), call, stream}});
    Pack<T, words> values;
    for (int k = 0; k < words; ++k) values.values[k] = bits[k] >> 8 < threshold ? T{} : kept;
    if (draw < whole)
      reinterpret_cast<Pack<T, words>*>(mask)[draw] = values;
    else
      for (int k = 0; k < words; ++k)
        if (draw * words + k < n) mask[draw * words + k] = values.values[k];
  }
}

}  // namespace detail

/// mask[i] = 0 with probability p, else 1 / (1 - p): a function of (seed, *number, i) alone, modulo 2^32.
template <class T>
void dropout_mask(Cuda queue, std::int64_t n, double p, std::uint64_t seed, const std::int64_t* number, T* mask) {
  if (n <= 0) return;
  const T kept = static_cast<T>(static_cast<compute_t<T>>(1 / (1 - p)));
  const auto threshold = static_cast<std::uint32_t>(std::ceil(p * 0x1p24));  // u 2^-24 < p, without f64 on the device
  const std::int64_t whole = is_aligned_for<Pack<T, 4>>(mask) ? n / 4 : 0;
  launch("dropout_mask", queue, grid_over((n + 3) / 4), detail::dropout_mask_kernel<T>, n, whole, threshold, seed,
         number, stream_of("dropout"), kept, mask);
}

}  // namespace akin::inline AKIN_ABI::kernels
