#include <akin/fn/shape.hpp>
#include <akin/losses/nt_xent.hpp>
#include <akin/methods/simclr.hpp>
#include <akin/ops/join.hpp>

#include "support/layers.hpp"
#include "support/noisy_views.hpp"
#include "support/tiny_method.hpp"

namespace akin {
namespace {

TEST(SimClr, IsNtXentOfTheProjectionsOfOneConcatenatedBatch) {
  const auto views = test::noisy_views(2);
  const auto method = test::tiny_method("simclr", {0.5});
  const auto out = method->forward(views);
  const Tensor z = test::network_of(*method, "projector")(method->encoder()(Tensor(ops::concat(views, 0))));
  const Tensor a = slice(z, 0, 0, 32), b = slice(z, 0, 32, 64);
  expect_close(out.loss.item(), losses::nt_xent(a, b, {.temperature = 0.5}).item(), tol::f32);
  expect_close(out.embedding, ops::contiguous(a.value()), tol::f32);
}

TEST(SimClr, BatchStatisticsSpanBothViews) {
  const auto method = test::tiny_method("simclr");
  method->forward(test::noisy_views(2));
  EXPECT_EQ(test::batches_seen(method->encoder()), (std::vector<std::int64_t>{1})) << "one batch of both views";
}

TEST(SimClr, TheProjectorEndsInALinearLayerOrAsReleased) {
  const auto projector = [](nn::LastNorm last) {
    const methods::SimClr method(test::tiny_encoder(), {.features = 16, .hidden = 7, .out = 5, .last_norm = last});
    return test::layers_of(test::network_of(method, "projector"));
  };
  const std::string hidden = "Linear(16 -> 7, no bias)\nBatchNorm(7, relu)\n";
  EXPECT_EQ(projector(methods::SimClrOptions{}.last_norm), hidden + "Linear(7 -> 5)\n");
  EXPECT_EQ(projector(nn::LastNorm::batch_norm_scale), hidden + "Linear(7 -> 5, no bias)\nBatchNorm(5, no shift)\n");
  EXPECT_EQ(test::layers_of(test::network_of(*test::tiny_method("simclr"), "projector")),
            "Linear(16 -> 256, no bias)\nBatchNorm(256, relu)\nLinear(256 -> 128)\n");
}

TEST(SimClr, RefusesParametersOutOfRange) {
  for (const double bad : {0.0, -1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    expect_error([&] { test::tiny_method("simclr", {bad}); },
                 cat("simclr: temperature must be > 0 and finite, got ", bad));
  expect_error([] { methods::SimClr(test::tiny_encoder(), {.features = 0}); },
               "simclr: features, hidden and out must be > 0, got 0, 256 and 128");
}

TEST(SimClr, AHigherTemperatureFlattensTheLoss) {  // towards log(2N - 1)
  const double chance = std::log(2 * 32 - 1.0);
  const auto distance = [&](double temperature) {
    return std::abs(test::tiny_method("simclr", {temperature})->forward(test::noisy_views(2)).loss.item() - chance);
  };
  EXPECT_LT(distance(10), distance(0.5));
  EXPECT_LT(distance(10), 0.1);
}

}  // namespace
}  // namespace akin
