#include <akin/fn/shape.hpp>
#include <akin/losses/nt_xent.hpp>
#include <akin/methods/simclr.hpp>
#include <akin/ops/join.hpp>

#include "support/tiny_method.hpp"

namespace akin {
namespace {

TEST(SimClr, IsNtXentOfTheProjectionsOfOneConcatenatedBatch) {
  const auto views = test::two_noisy_views();
  const auto method = test::tiny_method("simclr", {0.5});
  const auto out = method->forward(views);
  const Tensor z = test::network_of(*method, "projector")(method->encoder()(Tensor(ops::concat(views, 0))));
  const Tensor a = slice(z, 0, 0, 32), b = slice(z, 0, 32, 64);
  expect_close(out.loss.item(), losses::nt_xent(a, b, {.temperature = 0.5}).item(), tol::f32);
  expect_close(out.embedding, ops::contiguous(a.value()), tol::f32);
}

TEST(SimClr, BatchStatisticsSpanBothViews) {
  const auto method = test::tiny_method("simclr");
  method->forward(test::two_noisy_views());
  for (const auto& buffer : method->encoder().named_buffers()) {
    if (!buffer.name.ends_with("num_batches_tracked")) continue;
    EXPECT_EQ(buffer.tensor.item(), 1) << "one batch of both views";
  }
}

TEST(SimClr, AHigherTemperatureFlattensTheLoss) {  // towards log(2N - 1)
  const double chance = std::log(2 * 32 - 1.0);
  const auto distance = [&](double temperature) {
    return std::abs(test::tiny_method("simclr", {temperature})->forward(test::two_noisy_views()).loss.item() - chance);
  };
  EXPECT_LT(distance(10), distance(0.5));
  EXPECT_LT(distance(10), 0.1);
}

}  // namespace
}  // namespace akin
