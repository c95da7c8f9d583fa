#include <akin/fn/norm.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

Tensor train_norm(const Tensor& x, const Tensor& w, const Tensor& b, bool relu = false, const Tensor& residual = {}) {
  return batch_norm(x, w, b, ops::batch_norm_stats(x.value()), {.training = true, .relu = relu}, residual);
}

TEST(BatchNorm, GradientsInTrainingAreRight) {  // scale and shift away from 1 and 0: those hide errors
  const Tensor w = smooth({5}, 2, 0.5, 1.5), b = smooth({5}, 3, 1, 0.3);
  for (const Shape& shape : {Shape{2, 5}, Shape{7, 5}, Shape{2, 3, 3, 5}})
    expect_right_gradient(
        [](const Tensor& x, const Tensor& weight, const Tensor& bias) { return train_norm(x, weight, bias); },
        {smooth(shape), w, b}, cat(shape));
}

TEST(BatchNorm, GradientsWithReluAndResidualAreRight) {
  expect_right_gradient(
      [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& r) { return train_norm(x, w, b, true, r); },
      {smooth({7, 3}), smooth({3}, 2, 0.5, 1.5), smooth({3}, 3), smooth({7, 3}, 4)});
}

TEST(BatchNorm, GradientsWithoutScaleAndShiftAreRight) {
  expect_right_gradient([](const Tensor& x) { return train_norm(x, {}, {}); }, {smooth({7, 3}, 1, 2, 100)});
}

TEST(BatchNorm, GradientsWithConstantStatisticsAreRight) {
  const ops::BatchNormStats running{
      random_array({3}, 5), ops::add_scalar(ops::map("square", kernels::Square{}, random_array({3}, 6)), 0.5), Array()};
  expect_right_gradient(
      [=](const Tensor& x, const Tensor& w, const Tensor& b) {
        return batch_norm(x, w, b, running, {.training = false, .relu = true});
      },
      {smooth({4, 3}), smooth({3}, 2, 0.5, 1.5), smooth({3}, 3)});
}

TEST(LayerNorm, GradientsAreRight) {
  for (const Shape& shape : {Shape{1, 4}, Shape{5, 7}, Shape{2, 3, 4}}) {
    const std::int64_t d = shape[shape.rank() - 1];
    expect_right_gradient([](const Tensor& x, const Tensor& w, const Tensor& b) { return layer_norm(x, w, b); },
                          {smooth(shape), smooth({d}, 2, 0.5, 1.5), smooth({d}, 3)}, cat(shape));
  }
  expect_right_gradient([](const Tensor& x) { return layer_norm(x); }, {smooth({3, 5}, 1, 1, 100)},
                        "large mean, no affine");
}

TEST(L2Normalize, GradientsAreRight) {
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 7}, Shape{2, 3, 4}})
    expect_right_gradient([](const Tensor& x) { return l2_normalize(x); }, {smooth(shape)}, cat(shape));
}

}  // namespace
}  // namespace akin
