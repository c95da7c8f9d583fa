// Mean and standard deviation of a data set's pixels, per channel: what views are normalised by.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dataset.hpp"

namespace akin::inline AKIN_ABI::data {

/// One value per channel, of pixels in [0, 1].
struct ChannelStatistics {
  std::vector<double> mean;
  std::vector<double> std;  ///< at least 1e-3: a constant channel must not be divided by zero
};

/// Of the first `images` images, or of all if there are fewer: two thousand fix the third digit. Errors: no images.
AKIN_LAZY ChannelStatistics channel_statistics(const Dataset& dataset, std::int64_t images = 2000) {
  const std::int64_t channels = dataset.channels(), n = std::min(images, dataset.size());
  check(n > 0, "channel_statistics", "the data set ", dataset.name(), " has no images");
  std::vector<double> sum(static_cast<std::size_t>(channels)), squares = sum;
  std::vector<std::uint8_t> image(static_cast<std::size_t>(dataset.image_bytes()));
  for (std::int64_t i = 0; i < n; ++i) {
    dataset.read(i, image.data());
    for (std::size_t k = 0; k < image.size(); ++k) {
      const double x = image[k] / 255.0;
      sum[k % sum.size()] += x;
      squares[k % sum.size()] += x * x;  // values in [0, 1]: no cancellation to fear
    }
  }
  ChannelStatistics found;
  const double count = static_cast<double>(n * dataset.image_bytes() / channels);
  for (std::size_t c = 0; c < sum.size(); ++c) {
    const double mean = sum[c] / count, variance = squares[c] / count - mean * mean;
    found.mean.push_back(mean);
    found.std.push_back(std::sqrt(std::max(variance, 1e-6)));
  }
  return found;
}

}  // namespace akin::inline AKIN_ABI::data
