// What all transforms share. A transform is a struct of options with
//   name                         of its stream of random numbers and of its error messages
//   validate(options)            an Error unless the options make sense
//   draw(options, size, draws)   the step to do to one image of that size, or nothing
// It never sees a pixel. The same options and the same draws give the same step, so what happens to a sample can be
// printed, tested and repeated on another device.
#pragma once
#include <optional>
#include <string_view>

#include "../core/error.hpp"
#include "../core/philox.hpp"
#include "../ops/kernels.hpp"

namespace akin::inline AKIN_ABI::augment {

using kernels::ImageSize;

AKIN_LAZY void check_probability(std::string_view op, double probability) {
  check(probability >= 0 && probability <= 1, op, "probability must lie in [0, 1], got ", probability);
}

}  // namespace akin::inline AKIN_ABI::augment
