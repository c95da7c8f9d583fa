// Random crop of a padded image, without resizing.
#pragma once
#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// A window of size x size pixels at a random place of the image with `padding` more pixels on every side: with padding
/// 4, the augmentation that supervised learning uses on CIFAR (He et al., arXiv:1512.03385, section 4.2).
struct RandomCrop {
  std::int64_t size = 32;        ///< pixels, > 0
  std::int64_t padding = 4;      ///< pixels, >= 0
  Border border = Border::fill;  ///< reflect: without repeating the edge pixel
  Color fill = 0;
  static constexpr std::string_view name = "random_crop";
};

AKIN_LAZY void validate(const RandomCrop& o) {
  check(o.size >= 1 && o.size <= max_side, o.name, "size must lie in 1 ... ", max_side, " pixels, got ", o.size);
  check(o.padding >= 0 && o.padding <= max_side, o.name, "padding must lie in 0 ... ", max_side, " pixels, got ",
        o.padding);
  check_color(o.name, "fill", o.fill);
}

/// Errors: the padded image is smaller than the crop; a reflection that would need a second one.
AKIN_LAZY DrawnStep draw(const RandomCrop& o, const ImageSize& in, Draws draws) {
  const std::int64_t rows = in.height + 2 * o.padding - o.size, columns = in.width + 2 * o.padding - o.size;
  check(rows >= 0 && columns >= 0, o.name, "a crop of ", o.size, " pixels is larger than images of ", in.height, " x ",
        in.width, " with padding ", o.padding);
  check(o.border == Border::fill || (o.padding < in.height && o.padding < in.width), o.name, "padding ", o.padding,
        " is too large to reflect images of ", in.height, " x ", in.width);
  const auto offset = [&](std::int64_t room) {
    return static_cast<std::int32_t>(std::int64_t{draws.below(static_cast<std::uint32_t>(room + 1))} - o.padding);
  };
  kernels::WindowStep step;
  step.top = offset(rows);
  step.left = offset(columns);
  step.height = step.width = static_cast<std::int32_t>(o.size);
  step.border = o.border;
  copy_color(o.name, "fill", o.fill, in, step.fill);
  return step;
}

}  // namespace akin::inline AKIN_ABI::augment
