// Shared memory of the block that runs.
#pragma once
#include <cstddef>

namespace emulator {

inline constexpr std::size_t shared_limit = 227 << 10;  ///< of one block, on the largest GPUs

/// A new block begins: all arrays are forgotten, and what they held is seen as NaN or -1.
void clear_shared(std::size_t dynamic_bytes);

}  // namespace emulator
