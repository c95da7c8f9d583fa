#include <akin/methods/simsiam.hpp>

#include "support/tiny_method.hpp"

namespace akin {
namespace {

TEST(SimSiam, ThePredictorKeepsItsLearningRate) {
  const auto method = test::tiny_method("simsiam");
  for (const auto& group : method->parameter_groups(0))
    for (const auto& p : group.parameters) EXPECT_EQ(group.constant_lr, p.name.starts_with("predictor.")) << p.name;
}

TEST(SimSiam, TheStopGradientChangesGradientsAndNotTheLoss) {
  const auto with = test::tiny_method("simsiam", {1}), without = test::tiny_method("simsiam", {0});
  const Tensor a = with->forward(test::two_noisy_views()).loss, b = without->forward(test::two_noisy_views()).loss;
  EXPECT_EQ(a.item(), b.item());
  a.backward();
  b.backward();
  const auto gradient = [](const methods::Method& method) { return at(method.encoder().parameters()[0].grad(), 0); };
  EXPECT_NE(gradient(*with), gradient(*without));
}

TEST(SimSiam, TheLossOfPerfectPredictionsWouldBeMinusOne) {
  const double loss = test::tiny_method("simsiam")->forward(test::two_noisy_views()).loss.item();
  EXPECT_GE(loss, -1);
  EXPECT_LE(loss, 1);
}

TEST(SimSiam, TheProjectorEndsInANormWithoutScale) {
  const auto method = test::tiny_method("simsiam");
  const Array z = ops::cast(method->forward(test::two_noisy_views(257)).embedding, DType::f64);
  EXPECT_NEAR(at(ops::mean(z, 0), 0), 0, 1e-5);
  EXPECT_NEAR(at(ops::mean(ops::mul(z, z), 0), 0), 1, 1e-2);
}

}  // namespace
}  // namespace akin
