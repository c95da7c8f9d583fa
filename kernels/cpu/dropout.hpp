// Dropout masks.
#pragma once
#include <cstdint>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/philox.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../dropout_format.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// mask[i] = 0 with probability p, else 1 / (1 - p): a function of (seed, *number, i) alone, modulo 2^32.
template <class T>
void dropout_mask(Cpu, std::int64_t n, double p, std::uint64_t seed, const std::int64_t* number, T* mask) {
  const auto call = static_cast<std::uint32_t>(*number);
  const T kept = static_cast<T>(static_cast<compute_t<T>>(1 / (1 - p))), dropped{};
  parallel_for(n, dropout_block, [&](std::int64_t begin, std::int64_t end) {
    Draws draws(seed, {.index = static_cast<std::uint32_t>(begin / dropout_block),
                       .epoch = call >> 8,
                       .view = call & 255,
                       .stream = stream_of("dropout")});
    for (std::int64_t i = begin; i < end; ++i) mask[i] = draws.chance(p) ? dropped : kept;
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
