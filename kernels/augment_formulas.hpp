// What augmentation computes for one pixel, one weight or one level: the same on both backends. Values are in [0, 1]
// until they are normalised; definitions are those of torchvision.transforms on float images.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "augment_steps.hpp"

namespace akin::inline AKIN_ABI::kernels {

// ---- colour ---------------------------------------------------------------------------------------------------------

/// NaN becomes 0.
AKIN_HD inline float clamp01(float x) {
  x = x > 0 ? x : 0;
  return x > 1 ? 1 : x;
}

/// Luma of ITU-R BT.601, with torchvision's rounded weights (they add up to 0.9999).
AKIN_HD inline float luma(float r, float g, float b) { return 0.2989f * r + 0.587f * g + 0.114f * b; }

struct Rgb {
  float red, green, blue;
};

/// One channel of an HSV colour: value - chroma * clamp(min(k, 4 - k), 0, 1), k = (offset + hue) mod 6,
/// with hue in sixths of a turn, 0 <= hue < 6, and offset 5, 3, 1 for red, green, blue.
AKIN_HD inline float from_hue(float offset, float hue, float value, float chroma) {
  float k = offset + hue;
  k = k >= 6 ? k - 6 : k;
  k = 4 - k < k ? 4 - k : k;
  return value - chroma * clamp01(k);
}

/// Turns the hue by `shift` sixths of a turn; value and saturation stay. Branches are selects, so that loops vectorise.
AKIN_HD inline Rgb turned_hue(float red, float green, float blue, float shift) {
  float high = red > green ? red : green, low = red < green ? red : green;
  high = high > blue ? high : blue;
  low = low < blue ? low : blue;
  const float chroma = high - low;
  const float inverse = 1 / (chroma > 0 ? chroma : 1);
  const float by_red = (green - blue) * inverse, by_green = 2 + (blue - red) * inverse;
  const float by_blue = 4 + (red - green) * inverse;
  float hue = shift + (high == red ? by_red : high == green ? by_green : by_blue);  // -4 ... 8
  hue = hue < 0 ? hue + 6 : hue;
  hue = hue >= 6 ? hue - 6 : hue;
  return {from_hue(5, hue, high, chroma), from_hue(3, hue, high, chroma), from_hue(1, hue, high, chroma)};
}

/// x in [0, 1] is of the level that is nearest to 255 x.
AKIN_HD inline std::int64_t level_of(float x) { return static_cast<std::int64_t>(255.0f * clamp01(x) + 0.5f); }

/// Where a level goes when the histogram of a channel is made flat, as PIL computes it: the pixels of levels below it
/// are counted in steps of 1/255 of those that are not of the brightest level present.
AKIN_HD inline float equalized_level(std::int64_t below, std::int64_t step) {
  const std::int64_t level = (below + step / 2) / step;
  return static_cast<float>(level < 255 ? level : 255) / 255.0f;
}

// ---- resize ---------------------------------------------------------------------------------------------------------

/// Straight lines between the pixels.
struct BilinearFilter {
  static constexpr double radius = 1;
  AKIN_HD double operator()(double x) const {
    x = 1 - std::abs(x);
    return x > 0 ? x : 0;
  }
};

/// Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2 as PIL has it: exact for
/// quadratics.
struct BicubicFilter {
  static constexpr double radius = 2;
  AKIN_HD double operator()(double x) const {
    x = std::abs(x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  }
};

/// The weights of a resize with half-pixel centres, the filter widened to the scale when shrinking: what PIL and
/// torchvision (antialias = True) do. Weights that fall outside the image are dropped and the others renormalised.
/// Sides are of 32 bits: with 64, a GPU's threads run out of registers.
template <class F>
struct ResizeWeights {
  F filter;
  std::int32_t in, out;
  double scale, stretch;

  AKIN_HD ResizeWeights(std::int64_t in, std::int64_t out)
      : filter(),
        in(static_cast<std::int32_t>(in)),
        out(static_cast<std::int32_t>(out)),
        scale(static_cast<double>(in) / static_cast<double>(out)),
        stretch(scale > 1 ? scale : 1) {}
  AKIN_HD double support() const { return F::radius * stretch; }
  /// The most inputs that an output can have.
  AKIN_HD std::int32_t count() const {
    const auto most = static_cast<std::int32_t>(std::ceil(2 * support()));
    return in < most ? in : most;
  }
  /// Those of output i, weights[t * out + i], where they are not 0. Returns the input to which t = 0 belongs.
  AKIN_HD std::int32_t fill(std::int32_t i, float* weights) const {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    auto begin = static_cast<std::int32_t>(std::floor(centre - support() + 0.5));
    begin = begin > 0 ? begin : 0;
    // No more than count taps: rounding of the two ends may let in one more, whose weight is 0 to the last digit.
    auto end = static_cast<std::int32_t>(std::floor(centre + support() + 0.5));
    end = end < begin + count() ? end : begin + count();
    end = end < in ? end : in;
    const auto weight = [&](std::int32_t x) { return filter((static_cast<double>(x) + 0.5 - centre) / stretch); };
    double total = 0;
    for (std::int32_t x = begin; x < end; ++x) total += weight(x);
    const std::int32_t first = begin < in - count() ? begin : in - count();  // the last taps must not pass the edge
    for (std::int32_t x = begin; x < end; ++x) weights[(x - first) * out + i] = static_cast<float>(weight(x) / total);
    return static_cast<std::int32_t>(first);
  }
};

// ---- geometry -------------------------------------------------------------------------------------------------------

/// ... 2 1 | 0 1 2 ... n-1 | n-2 n-3 ..., for -n < i < 2n - 1.
template <class I>
AKIN_HD I reflected(I i, I n) {
  if (i < 0) i = -i;
  return i < n ? i : 2 * n - 2 - i;
}

/// One value between four pixels, those outside being `fill`. (y, x) counts from the middle of the first pixel.
AKIN_HD inline float between_pixels(const float* plane, const ImageSize& size, double y, double x, float fill) {
  const double top = std::floor(y), left = std::floor(x);
  const auto pixel = [&](double row, double column) {
    const bool inside =
        row >= 0 && row < static_cast<double>(size.height) && column >= 0 && column < static_cast<double>(size.width);
    return inside ? plane[static_cast<std::int64_t>(row) * size.width + static_cast<std::int64_t>(column)] : fill;
  };
  const auto down = static_cast<float>(y - top), right = static_cast<float>(x - left);
  return (1 - down) * ((1 - right) * pixel(top, left) + right * pixel(top, left + 1)) +
         down * ((1 - right) * pixel(top + 1, left) + right * pixel(top + 1, left + 1));
}

/// Where the pixels of a turned image came from.
struct Rotation {
  double cosine, sine, middle_y, middle_x;
  bool nearest;

  AKIN_HD Rotation(const RotateStep& step, const ImageSize& size)
      : cosine(std::cos(turn(step))),
        sine(std::sin(turn(step))),
        middle_y(static_cast<double>(size.height - 1) / 2),
        middle_x(static_cast<double>(size.width - 1) / 2),
        nearest(step.nearest) {}
  AKIN_HD static double turn(const RotateStep& step) {
    return static_cast<double>(step.degrees) * (3.141592653589793 / 180);
  }
  AKIN_HD float value(const float* plane, const ImageSize& size, std::int64_t i, std::int64_t j, float fill) const {
    const double down = static_cast<double>(i) - middle_y, right = static_cast<double>(j) - middle_x;
    double y = sine * right + cosine * down + middle_y, x = cosine * right - sine * down + middle_x;
    if (nearest) y = std::nearbyint(y), x = std::nearbyint(x);
    return between_pixels(plane, size, y, x, fill);
  }
};

// ---- blur -----------------------------------------------------------------------------------------------------------

/// exp(-t^2 / 2 sigma^2) at t = i - kernel/2
AKIN_HD inline double blur_density(const BlurStep& step, int i) {
  const double t = (i - step.kernel / 2) / static_cast<double>(step.sigma);
  return std::exp(-0.5 * t * t);
}

}  // namespace akin::inline AKIN_ABI::kernels
