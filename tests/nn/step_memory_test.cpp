// What a training step asks of the system, and what it keeps between forward and backward.
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/models/convnet.hpp>
#include <akin/nn/models/resnet.hpp>

#include "support/tensors.hpp"
#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin::nn {
namespace {

void forward_and_backward(const Module& model, const Tensor& x) {
  const Tensor loss = mean(square(model(x)));
  model.zero_grad();
  loss.backward();
}

TEST(StepMemory, NothingIsAskedOfTheSystemAfterTheSecondStep) {
  const test::WithThreads scope(1);  // with more, how many kernels need working memory at the same time is chance
  const Module model = convnet({.channels = 3, .widths = {16, 24, 33}});
  const Tensor x(random_array({17, 33, 33, 3}, 1, DType::f32));  // activations above and below 1 MiB
  for (int step = 0; step < 2; ++step) forward_and_backward(model, x);
  const auto before = memory_stats().system_calls;
  for (int step = 0; step < 5; ++step) forward_and_backward(model, x);
  EXPECT_EQ(memory_stats().system_calls, before);
}

TEST(StepMemory, NothingIsLeftOfAStepButGradients) {
  const Module model = convnet({.channels = 3, .widths = {16, 24}});
  const Tensor x(random_array({7, 17, 17, 3}, 1, DType::f32));
  forward_and_backward(model, x);
  const auto before = memory_stats().in_use;
  forward_and_backward(model, x);
  EXPECT_EQ(memory_stats().in_use, before);
}

/// Global pooling that notes how much memory is in use when it is called.
struct NotingPool {
  std::shared_ptr<std::size_t> in_use;
  Tensor operator()(const Tensor& x) const {
    *in_use = memory_stats().in_use;
    return GlobalAveragePool{}(x);
  }
};

TEST(StepMemory, AResnetHoldsNoResultOfAStageThatIsOver) {
  Resnet net({.blocks = {1, 1, 1, 1}}, {.small_images = true});
  const auto in_use = std::make_shared<std::size_t>(0);
  net.avgpool = NotingPool{in_use};
  const Module model = net;
  model.eval();
  const Tensor x(random_array({2, 32, 32, 3}, 1, DType::f32));
  const auto before = memory_stats().in_use;
  const std::size_t of_first_stage = 2 * 32 * 32 * 64 * sizeof(float);
  no_grad([&] { return model(x); });
  EXPECT_LT(*in_use, before + of_first_stage);
}

}  // namespace
}  // namespace akin::nn
