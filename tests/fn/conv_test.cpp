#include <akin/fn/conv.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(Conv2d, GradientsAreRight) {
  struct Case {
    Shape x, w;
    Conv2dOptions options;
  };
  const std::vector<Case> cases = {
      {{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
      {{2, 5, 7, 3}, {4, 3, 3, 3}, {.padding = 1}},
      {{2, 7, 5, 2}, {3, 3, 2, 2}, {.stride = {2, 1}, .padding = {1, 0}}},
      {{1, 9, 9, 2}, {2, 3, 3, 2}, {.stride = 2, .padding = 2, .dilation = 2}},
      {{2, 4, 4, 6}, {4, 3, 3, 3}, {.padding = 1, .groups = 2}},
      {{1, 6, 6, 3}, {3, 3, 3, 1}, {.stride = 3, .padding = 1, .groups = 3}},
  };
  for (const auto& c : cases)
    expect_right_gradient([&](const Tensor& x, const Tensor& w) { return conv2d(x, w, c.options); },
                          {smooth(c.x), smooth(c.w, 2)}, cat(c.x, " ", c.w));
}

TEST(Conv2d, ErrorsNameBothShapes) {
  const Tensor x(Array::zeros({1, 4, 4, 3})), w(Array::zeros({2, 3, 3, 4}));
  expect_error([&] { conv2d(x, w); },
               "conv2d: image [1, 4, 4, 3] with groups = 1 needs a weight [out, kh, kw, 3], got [2, 3, 3, 4]");
}

}  // namespace
}  // namespace akin
