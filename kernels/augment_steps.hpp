// Augmentation as data: what is done to one image is a short list of plain steps, drawn before any pixel is touched.
// Drawing and applying are thereby separate, and a batch with its plans is all that a backend needs to see.
#pragma once
#include <cstdint>
#include <type_traits>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels {

struct ImageSize {
  std::int64_t height = 0, width = 0, channels = 0;
  AKIN_HD std::int64_t pixels() const { return height * width; }
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// How a resize weighs its inputs. Both widen with the scale when shrinking (antialiasing).
enum class Filter : std::int32_t { bilinear, bicubic };

/// Takes the box at (top, left) and resizes it.
struct CropStep {
  std::int32_t top = 0, left = 0, height = 0, width = 0, out_height = 0, out_width = 0;
  Filter filter = Filter::bilinear;
};

/// What lies beyond the border of an image.
enum class Border : std::int32_t { fill, reflect };

/// Takes the window at (top, left) as it is. It may hang over the border; reflections must stay within one image.
struct WindowStep {
  std::int32_t top = 0, left = 0, height = 0, width = 0;
  Border border = Border::fill;
  float fill[3] = {0, 0, 0};
};

/// Mirrors left and right.
struct FlipStep {};

/// Turns about the centre, counter-clockwise as one looks at it; what turns in from outside is `fill`.
struct RotateStep {
  float degrees = 0;
  bool nearest = false;  ///< the nearest pixel instead of a mean of four
  float fill[3] = {0, 0, 0};
};

/// Overwrites the box at (top, left).
struct EraseStep {
  std::int32_t top = 0, left = 0, height = 0, width = 0;
  float value[3] = {0, 0, 0};
  std::uint32_t noise = 0;  ///< 0: by `value`; else by standard normal numbers of which this is the seed
};

/// Factors 1 and hue 0 change nothing. `order` holds 0 brightness, 1 contrast, 2 saturation, 3 hue.
struct JitterStep {
  float brightness = 1, contrast = 1, saturation = 1;
  float hue = 0;  ///< in turns, -0.5 ... 0.5
  std::uint8_t order[4] = {0, 1, 2, 3};
};

/// Every channel becomes the luma.
struct GrayStep {};

struct BlurStep {
  float sigma = 1;          ///< in pixels
  std::int32_t kernel = 3;  ///< odd; kernel / 2 < height, width
};

/// x >= threshold becomes 1 - x.
struct SolarizeStep {
  float threshold = 0.5f;
};

/// Spreads the 256 levels of every channel so that their histogram becomes flat.
struct EqualizeStep {};

/// (x - mean) / std, per channel.
struct NormalizeStep {
  float mean[3] = {0, 0, 0}, std[3] = {1, 1, 1};
};

/// One of the above.
struct AugmentStep {
  enum class Kind : std::int32_t {
    crop,
    window,
    flip,
    rotate,
    erase,
    jitter,
    gray,
    blur,
    solarize,
    equalize,
    normalize
  };

  AugmentStep() : kind(Kind::flip), flip{} {}
  AugmentStep(const CropStep& step) : kind(Kind::crop), crop(step) {}
  AugmentStep(const WindowStep& step) : kind(Kind::window), window(step) {}
  AugmentStep(const FlipStep& step) : kind(Kind::flip), flip(step) {}
  AugmentStep(const RotateStep& step) : kind(Kind::rotate), rotate(step) {}
  AugmentStep(const EraseStep& step) : kind(Kind::erase), erase(step) {}
  AugmentStep(const JitterStep& step) : kind(Kind::jitter), jitter(step) {}
  AugmentStep(const GrayStep& step) : kind(Kind::gray), gray(step) {}
  AugmentStep(const BlurStep& step) : kind(Kind::blur), blur(step) {}
  AugmentStep(const SolarizeStep& step) : kind(Kind::solarize), solarize(step) {}
  AugmentStep(const EqualizeStep& step) : kind(Kind::equalize), equalize(step) {}
  AugmentStep(const NormalizeStep& step) : kind(Kind::normalize), normalize(step) {}

  Kind kind;
  union {
    CropStep crop;
    WindowStep window;
    FlipStep flip;
    RotateStep rotate;
    EraseStep erase;
    JitterStep jitter;
    GrayStep gray;
    BlurStep blur;
    SolarizeStep solarize;
    EqualizeStep equalize;
    NormalizeStep normalize;
  };
};

/// apply(what the step holds), by its type.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable  // `apply` belongs to one side, and is called there
#endif
template <class Apply>
AKIN_HD void visit_step(const AugmentStep& step, Apply&& apply) {
  switch (step.kind) {
    case AugmentStep::Kind::crop:
      return apply(step.crop);
    case AugmentStep::Kind::window:
      return apply(step.window);
    case AugmentStep::Kind::flip:
      return apply(step.flip);
    case AugmentStep::Kind::rotate:
      return apply(step.rotate);
    case AugmentStep::Kind::erase:
      return apply(step.erase);
    case AugmentStep::Kind::jitter:
      return apply(step.jitter);
    case AugmentStep::Kind::gray:
      return apply(step.gray);
    case AugmentStep::Kind::blur:
      return apply(step.blur);
    case AugmentStep::Kind::solarize:
      return apply(step.solarize);
    case AugmentStep::Kind::equalize:
      return apply(step.equalize);
    case AugmentStep::Kind::normalize:
      return apply(step.normalize);
  }
}

inline constexpr int max_augment_steps = 12;

/// The steps of one image, in order. `size` follows the image through them: first the input's, at the end the result's.
struct AugmentPlan {
  ImageSize size;
  std::int32_t count = 0;
  AugmentStep steps[max_augment_steps];

  void add(const AugmentStep& step) {
    steps[count++] = step;
    if (step.kind == AugmentStep::Kind::crop) size = {step.crop.out_height, step.crop.out_width, size.channels};
    if (step.kind == AugmentStep::Kind::window) size = {step.window.height, step.window.width, size.channels};
  }
};
static_assert(std::is_trivially_copyable_v<AugmentPlan>, "plans are copied to devices byte by byte");

}  // namespace akin::inline AKIN_ABI::kernels
