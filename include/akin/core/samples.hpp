// Samples: raw images together with the coordinates from which every random draw about them is made.
#pragma once
#include <cstdint>
#include <vector>

#include "array.hpp"

namespace akin::inline AKIN_ABI {

/// A batch as a data set gives it. A transform's randomness depends on (seed, epoch, index, view) and on nothing else,
/// so the same sample gets the same crop on any thread, after any resume.
struct Samples {
  Array images;                        ///< [N, H, W, C] u8
  std::uint32_t epoch = 0;             ///< < 2^24
  std::vector<std::uint32_t> indices;  ///< N positions in the data set
};

}  // namespace akin::inline AKIN_ABI
