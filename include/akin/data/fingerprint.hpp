// The fingerprint of a data set: tells, before a run goes on, that its pictures are still the same.
#pragma once
#include <string>
#include <vector>

#include "../core/parallel.hpp"
#include "../io/crc32c.hpp"
#include "dataset.hpp"

namespace akin::inline AKIN_ABI::data {

/// CRC-32C over sizes, labels and all pixels, in order. Reads every image once.
AKIN_LAZY std::string fingerprint(const Dataset& dataset) {
  std::vector<std::uint32_t> sums(static_cast<std::size_t>(dataset.size()));
  parallel_for(dataset.size(), 64, [&](std::int64_t begin, std::int64_t end) {
    std::string pixels(static_cast<std::size_t>(dataset.image_bytes()), '\0');
    for (std::int64_t i = begin; i < end; ++i) {
      dataset.read(i, reinterpret_cast<std::uint8_t*>(pixels.data()));
      sums[static_cast<std::size_t>(i)] = io::crc32c(cat(" ", dataset.label(i)), io::crc32c(pixels));
    }
  });
  const std::string_view bytes(reinterpret_cast<const char*>(sums.data()), sums.size() * sizeof(std::uint32_t));
  const std::string sizes = cat(dataset.height(), " ", dataset.width(), " ", dataset.channels());
  return io::crc_text(io::crc32c(sizes, io::crc32c(bytes)));
}

}  // namespace akin::inline AKIN_ABI::data
