// Do the methods learn features that use their space, and does what must collapse collapse? Whole trainings, kept
// small.
#include <akin/augment/recipes.hpp>
#include <akin/data/synthetic.hpp>
#include <akin/eval/collapse.hpp>
#include <akin/methods/table.hpp>
#include <akin/train/trainer.hpp>

#include "support/test.hpp"

namespace akin::train {
namespace {

constexpr std::int64_t side = 12, pixels = side * side, hidden = 32, features = 16, out = 16;
const augment::Normalize normalize{{0.5}, {0.25}};

/// What is left of 192 pictures of shapes after training: projections and features in evaluation mode. In training
/// mode the batch norm at the end of SimSiam's projector blows the last differences up and hides a collapse.
struct Spread {
  double projection_std, projection_rank, encoder_rank;
};

nn::Module small_encoder() { return nn::Sequential(nn::Flatten{}, nn::mlp({.widths = {pixels, hidden, features}})); }

Spread train(methods::Method& method) {
  const auto drawn = data::synthetic({.size = side, .channels = 1, .count = 192});
  const auto pictures = data::in_memory("pictures", data::take(*drawn, data::first_indices(192)).images);
  data::Loader batches(pictures, {.batch_size = 48, .workers = 0},
                       augment::two_views(augment::demo({.size = side, .normalize = normalize})));
  Progress silent(stdout, {.quiet = true});
  Trainer(method, batches, {.epochs = 40, .lr = 0.5}).run(silent);
  const auto plain = [](const Array& images) { return augment::plain(normalize).apply(images); };
  const nn::Module projector = method.networks()[1].module;
  const Array h = eval::embed(method.encoder(), *pictures, plain).x;
  const Array z = eval::embed(nn::Sequential(method.encoder(), projector), *pictures, plain).x;
  return {eval::embedding_std(z), eval::rankme(z), eval::rankme(h)};
}

Spread train_simsiam(bool stop_gradient) {
  methods::SimSiam method(
      small_encoder(),
      {.features = features, .hidden = hidden, .out = out, .bottleneck = 8, .stop_gradient = stop_gradient});
  return train(method);
}

const double healthy_std = 1 / std::sqrt(static_cast<double>(out));

TEST(Collapse, WithoutStopGradientSimSiamFallsIntoOnePoint) {
  const Spread spread = train_simsiam(false);
  EXPECT_LT(spread.projection_std, 0.25 * healthy_std);
  EXPECT_LT(spread.projection_rank, 1.5);
}

TEST(Collapse, WithStopGradientSimSiamDoesNot) {
  const Spread spread = train_simsiam(true);
  EXPECT_GT(spread.projection_std, 0.5 * healthy_std);
  methods::SimClr contrastive(small_encoder(), {.features = features, .hidden = hidden, .out = out});
  const Spread with_negatives = train(contrastive);
  EXPECT_GT(with_negatives.encoder_rank, 3);  // else the comparison says nothing
  EXPECT_GT(spread.encoder_rank, 0.25 * with_negatives.encoder_rank);
  EXPECT_GT(spread.projection_rank, 0.25 * with_negatives.projection_rank);
}

TEST(Collapse, ByolDoesNotThoughItHasNoNegatives) {
  methods::Byol method(small_encoder(), {.features = features, .hidden = hidden, .out = out, .target_momentum = 0.9});
  const Spread spread = train(method);
  EXPECT_GT(spread.projection_std, 0.1 * healthy_std);
  EXPECT_GT(spread.projection_rank, 1.5);
  EXPECT_GT(spread.encoder_rank, 2);
}

}  // namespace
}  // namespace akin::train
