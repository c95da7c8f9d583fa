// Which random word decides on which value of a dropout mask: word i % dropout_block of the draws whose index is
// i / dropout_block. Both backends draw the same.
#pragma once
#include <cstdint>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Values of one block share a stream of draws; a constant of the format of the mask, not a matter of speed.
inline constexpr std::int64_t dropout_block = 4096;

}  // namespace akin::inline AKIN_ABI::kernels
