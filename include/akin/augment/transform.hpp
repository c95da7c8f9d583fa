// What all transforms share. A transform is a struct of options with
//   name                         of its stream of random numbers and of its error messages
//   validate(options)            an Error unless the options make sense
//   draw(options, size, draws)   the step to do to one image of that size, or nothing
// It never sees a pixel. The same options and the same draws give the same step, so what happens to a sample can be
// printed, tested and repeated on another device.
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "../core/error.hpp"
#include "../core/philox.hpp"
#include "../ops/kernels.hpp"

namespace akin::inline AKIN_ABI::augment {

using kernels::ImageSize;

inline constexpr std::int64_t max_side = 1 << 15;  ///< pixels

AKIN_LAZY void check_probability(std::string_view op, double probability) {
  check(probability >= 0 && probability <= 1, op, "probability must lie in [0, 1], got ", probability);
}

namespace detail {

AKIN_LAZY void check_crop(std::string_view op, const kernels::CropStep& step, const ImageSize& in) {
  const std::int64_t bottom = std::int64_t{step.top} + step.height, right = std::int64_t{step.left} + step.width;
  check(step.top >= 0 && step.left >= 0 && step.height >= 1 && step.width >= 1 && bottom <= in.height &&
            right <= in.width,
        op, "a crop of ", step.height, " x ", step.width, " pixels at (", step.top, ", ", step.left,
        ") does not lie in an image of ", in.height, " x ", in.width);
  check(std::min(step.out_height, step.out_width) >= 1 && std::max(step.out_height, step.out_width) <= max_side, op,
        "a crop must give 1 ... ", max_side, " pixels a side, got ", step.out_height, " x ", step.out_width);
}

AKIN_LAZY void check_blur(std::string_view op, const kernels::BlurStep& step, const ImageSize& in) {
  check(step.kernel >= 1 && step.kernel % 2 == 1 && step.sigma > 0, op,
        "a blur needs an odd kernel and a sigma > 0, got ", step.kernel, " and ", step.sigma);
  check(step.kernel / 2 < std::min(in.height, in.width), op, "kernel ", step.kernel, " is too large for images of ",
        in.height, " x ", in.width, "; use at most ", 2 * std::min(in.height, in.width) - 1);
}

/// Kernels trust their plans, and anyone may write a transform: what a step reads and writes must lie in its image.
AKIN_LAZY void check_step(std::string_view op, const kernels::AugmentStep& step, const ImageSize& in) {
  if (step.kind == kernels::AugmentStep::Kind::crop) check_crop(op, step.crop, in);
  if (step.kind == kernels::AugmentStep::Kind::blur) check_blur(op, step.blur, in);
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
  explicit TransformOf(Options o) : options(std::move(o)) {}
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
  Transform(Options options) : any_(std::make_shared<detail::TransformOf<Options>>(std::move(options))) {}

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
