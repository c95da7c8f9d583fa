#include <akin/fn/matmul.hpp>
#include <akin/fn/norm.hpp>
#include <akin/fn/reduce.hpp>

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

/// Residual blocks of a linear layer and a batch norm, each on top of the last. `alive` gets what each of them gives.
Tensor residual_chain(Tensor x, const Tensor& w, int blocks, std::vector<Tensor>& alive) {
  for (int i = 0; i < blocks; ++i) {
    x = train_norm(linear(x, w), {}, {}, true, x);
    alive.push_back(x);
  }
  return x;
}

TEST(BatchNorm, OutputsThatAreComputedAgainChangeNoBitOfAGradient) {
  const Tensor x(random_array({33, 7}, 1), true), w(random_array({7, 7}, 2), true);
  for (const int blocks : {1, 2, 3, 5, 9}) {
    Array want, want_w;
    for (const bool keep : {true, false}) {
      std::vector<Tensor> alive;
      const Tensor top = residual_chain(x, w, blocks, alive), loss = sum(square(linear(top, w)));
      if (!keep) alive.clear();
      x.zero_grad();
      w.zero_grad();
      loss.backward();
      if (keep) {
        want = x.grad(), want_w = w.grad();
      } else {
        expect_close(x.grad(), want, tol::exact, cat(blocks, " blocks, dx"));
        expect_close(w.grad(), want_w, tol::exact, cat(blocks, " blocks, dw"));
      }
    }
  }
}

TEST(BatchNorm, DoesNotKeepItsOutputForTheNextLayer) {
  const Tensor x(random_array({512, 257}, 1, DType::f32), true), w(random_array({7, 257}, 2, DType::f32), true);
  const std::size_t bytes = 512 * 257 * sizeof(float), before = memory_stats().in_use;
  const Tensor z = linear(train_norm(x, {}, {}, true), w);
  EXPECT_LT(memory_stats().in_use, before + bytes);
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
