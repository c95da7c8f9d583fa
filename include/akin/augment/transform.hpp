// What all transforms share. A transform is a struct of options with
//   name                         of its stream of random numbers and of its error messages
//   validate(options)            an Error unless the options make sense
//   draw(options, size, draws)   the step to do to one image of that size, or nothing: a DrawnStep
// It never sees a pixel. The same options and the same draws give the same step, so what happens to a sample can be
// printed, tested and repeated on another device.
#pragma once
#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "../core/error.hpp"
#include "../core/philox.hpp"
#include "../ops/kernels.hpp"

namespace akin::inline AKIN_ABI::augment {

using kernels::Border;
using kernels::Filter;
using kernels::ImageSize;

inline constexpr std::int64_t max_side = 1 << 15;  ///< pixels

/// A step, or none. GCC takes 10 ms to find out how a std::optional is made of each kind of step.
class DrawnStep {
 public:
  DrawnStep() = default;
  template <class Step>
  DrawnStep(const Step& step) : step_(step), drawn_(true) {}

  explicit operator bool() const { return drawn_; }
  const kernels::AugmentStep& operator*() const { return step_; }
  const kernels::AugmentStep* operator->() const { return &step_; }

 private:
  kernels::AugmentStep step_;
  bool drawn_ = false;
};

AKIN_LAZY void check_probability(std::string_view op, double probability) {
  check(probability >= 0 && probability <= 1, op, "probability must lie in [0, 1], got ", probability);
}

/// What a transform writes where it has no pixels: one value for all channels, or one for each.
struct Color {
  double red = 0, green = 0, blue = 0;

  Color(double gray = 0) : Color(gray, gray, gray) {}
  Color(double r, double g, double b) : red(r), green(g), blue(b) {}
};

AKIN_LAZY void check_color(std::string_view op, std::string_view what, const Color& color) {
  for (const double value : {color.red, color.green, color.blue})
    check(std::abs(value) < 1e6, op, what, " must be finite, got ", value);
}

/// Errors: a colour for images of one channel.
AKIN_LAZY void copy_color(std::string_view op, std::string_view what, const Color& color, const ImageSize& in,
                          float* out) {
  check(in.channels == 3 || (color.red == color.green && color.green == color.blue), op, what,
        " has one value for each of three channels, but images have ", in.channels, " channel(s)");
  out[0] = static_cast<float>(color.red);
  out[1] = static_cast<float>(color.green);
  out[2] = static_cast<float>(color.blue);
}

namespace detail {

AKIN_LAZY void check_box(std::string_view op, std::string_view what, const ImageSize& in, std::int64_t top,
                         std::int64_t left, std::int64_t height, std::int64_t width) {
  check(top >= 0 && left >= 0 && height >= 1 && width >= 1 && top + height <= in.height && left + width <= in.width, op,
        what, " of ", height, " x ", width, " pixels at (", top, ", ", left, ") does not lie in an image of ",
        in.height, " x ", in.width);
}

AKIN_LAZY void check_crop(std::string_view op, const kernels::CropStep& step, const ImageSize& in) {
  check_box(op, "a crop", in, step.top, step.left, step.height, step.width);
  check(std::min(step.out_height, step.out_width) >= 1 && std::max(step.out_height, step.out_width) <= max_side, op,
        "a crop must give 1 ... ", max_side, " pixels a side, got ", step.out_height, " x ", step.out_width);
}

AKIN_LAZY void check_blur(std::string_view op, const kernels::BlurStep& step, const ImageSize& in) {
  check(step.kernel >= 1 && step.kernel % 2 == 1 && step.sigma > 0, op,
        "a blur needs an odd kernel and a sigma > 0, got ", step.kernel, " and ", step.sigma);
  check(step.kernel / 2 < std::min(in.height, in.width), op, "kernel ", step.kernel, " is too large for images of ",
        in.height, " x ", in.width, "; use at most ", 2 * std::min(in.height, in.width) - 1);
}

AKIN_LAZY void check_window(std::string_view op, const kernels::WindowStep& step, const ImageSize& in) {
  check(std::min(step.height, step.width) >= 1 && std::max(step.height, step.width) <= max_side, op,
        "a window must have 1 ... ", max_side, " pixels a side, got ", step.height, " x ", step.width);
  const std::int64_t bottom = std::int64_t{step.top} + step.height, right = std::int64_t{step.left} + step.width;
  const bool one_reflection =
      step.top > -in.height && step.left > -in.width && bottom < 2 * in.height && right < 2 * in.width;
  check(step.border == Border::fill || one_reflection, op, "a window of ", step.height, " x ", step.width,
        " pixels at (", step.top, ", ", step.left, ") reaches further than one reflection of an image of ", in.height,
        " x ", in.width);
}

/// Kernels trust their plans, and anyone may write a transform: what a step reads and writes must lie in its image.
AKIN_LAZY void check_step(std::string_view op, const kernels::AugmentStep& step, const ImageSize& in) {
  using Kind = kernels::AugmentStep::Kind;
  if (step.kind == Kind::crop) check_crop(op, step.crop, in);
  if (step.kind == Kind::window) check_window(op, step.window, in);
  if (step.kind == Kind::blur) check_blur(op, step.blur, in);
  if (step.kind == Kind::erase)
    check_box(op, "an erased box", in, step.erase.top, step.erase.left, step.erase.height, step.erase.width);
  if (step.kind == Kind::rotate)
    check(std::abs(step.rotate.degrees) < 1e6f, op, "a rotation must be finite, got ", step.rotate.degrees, " degrees");
}

struct AnyTransform {
  virtual ~AnyTransform() = default;
  virtual std::string_view name() const = 0;
  virtual void check_options() const = 0;
  virtual void add_step(kernels::AugmentPlan& plan, const Draws& draws) const = 0;
};

template <class Options>
struct TransformOf final : AnyTransform {
  Options options;
  explicit TransformOf(const Options& o) : options(o) {}
  std::string_view name() const override { return options.name; }
  void check_options() const override { validate(options); }
  void add_step(kernels::AugmentPlan& plan, const Draws& draws) const override {
    const auto drawn = draw(options, plan.size, draws);
    if (!drawn) return;
    const kernels::AugmentStep step = *drawn;
    check_step(options.name, step, plan.size);
    plan.add(step);
  }
};

}  // namespace detail

/// Any struct of options as described above, with its type erased.
class Transform {
 public:
  template <class Options>
  requires requires(const Options& options, Draws draws) { draw(options, ImageSize{}, draws); }
  Transform(const Options& options) : any_(std::make_shared<detail::TransformOf<Options>>(options)) {}

  /// The options, or nullptr if this is another transform.
  template <class Options>
  const Options* as() const {
    const auto* found = dynamic_cast<const detail::TransformOf<Options>*>(any_.get());
    return found ? &found->options : nullptr;
  }
  const detail::AnyTransform* operator->() const { return any_.get(); }

 private:
  std::shared_ptr<const detail::AnyTransform> any_;
};

}  // namespace akin::inline AKIN_ABI::augment
