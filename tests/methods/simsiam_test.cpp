#include <akin/fn/elementwise.hpp>
#include <akin/fn/norm.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/methods/simsiam.hpp>

#include "support/layers.hpp"
#include "support/noisy_views.hpp"
#include "support/tiny_method.hpp"

namespace akin {
namespace {

TEST(SimSiam, ThePredictorKeepsItsLearningRate) {
  const auto method = test::tiny_method("simsiam");
  for (const auto& group : method->parameter_groups(0))
    for (const auto& p : group.parameters) EXPECT_EQ(group.constant_lr, p.name.starts_with("predictor.")) << p.name;
}

/// The loss by its formula on the networks of a method; gradients stop at the targets if asked to.
Tensor by_formula(const methods::Method& method, const std::vector<Array>& views, bool stop) {
  const nn::Module projector = test::network_of(method, "projector"), predictor = test::network_of(method, "predictor");
  const Tensor za = projector(method.encoder()(Tensor(views[0]))), zb = projector(method.encoder()(Tensor(views[1])));
  const auto direction = [&](const Tensor& z, const Tensor& other) {
    return scale(mean(sum(l2_normalize(predictor(z)) * l2_normalize(stop ? other.detach() : other), 1)), -0.5);
  };
  return direction(za, zb) + direction(zb, za);
}

std::vector<Array> gradients_of(const methods::Method& method, const Tensor& loss) {
  std::vector<Array> gradients;
  for (const auto& network : method.networks()) network.module.zero_grad();
  loss.backward();
  for (const auto& network : method.networks())
    for (const Tensor& p : network.module.parameters()) gradients.push_back(ops::clone(p.grad()));
  return gradients;
}

TEST(SimSiam, PredictsTheOtherViewAndStopsTheGradientAtTheTarget) {
  const auto views = test::noisy_views(2);
  for (const bool stop : {true, false}) {
    const auto method = test::tiny_method("simsiam", {stop ? 1.0 : 0.0});
    const Tensor loss = method->forward(views).loss, want = by_formula(*method, views, stop),
                 other = by_formula(*method, views, !stop);
    expect_close(loss.item(), want.item(), tol::f32);
    const auto got = gradients_of(*method, loss), right = gradients_of(*method, want),
               wrong = gradients_of(*method, other);
    for (std::size_t i = 0; i < got.size(); ++i)
      expect_close(got[i], right[i], tol::reduce_f32, cat("stop ", stop, ", parameter ", i));
    EXPECT_FALSE(is_close(at(got[0], 0), at(wrong[0], 0), tol::reduce_f32)) << "the test must tell the two apart";
  }
}

TEST(SimSiam, ItsOwnViewWouldBeAnotherLoss) {
  const auto method = test::tiny_method("simsiam");
  const auto views = test::noisy_views(2);
  const auto own = [&](const Array& view) { return by_formula(*method, {view, view}, true).item(); };
  EXPECT_FALSE(is_close(method->forward(views).loss.item(), 0.5 * (own(views[0]) + own(views[1])), tol::reduce_f32));
}

TEST(SimSiam, EachViewIsABatchOfItsOwn) {
  const auto method = test::tiny_method("simsiam");
  method->forward(test::noisy_views(2));
  EXPECT_EQ(test::batches_seen(method->encoder()), (std::vector<std::int64_t>{2}));
  EXPECT_EQ(test::batches_seen(test::network_of(*method, "projector")), (std::vector<std::int64_t>{2, 2, 2}));
}

TEST(SimSiam, HeadsAreThoseOfTheReleasedCodeInTheDemosWidths) {
  const auto method = test::tiny_method("simsiam");
  EXPECT_EQ(test::layers_of(test::network_of(*method, "projector")),
            "Linear(16 -> 512, no bias)\nBatchNorm(512, relu)\nLinear(512 -> 512, no bias)\nBatchNorm(512, relu)\n"
            "Linear(512 -> 512, no bias)\nBatchNorm(512, plain)\n");
  EXPECT_EQ(test::layers_of(test::network_of(*method, "predictor")),
            "Linear(512 -> 128, no bias)\nBatchNorm(128, relu)\nLinear(128 -> 512)\n");
}

TEST(SimSiam, RefusesParametersOutOfRange) {
  for (const double bad : {0.5, -1.0, static_cast<double>(NAN)})
    expect_error([&] { test::tiny_method("simsiam", {bad}); }, cat("simsiam: stop_gradient must be 0 or 1, got ", bad));
  expect_error([] { methods::SimSiam(test::tiny_encoder(), {.features = 16, .bottleneck = 0}); },
               "simsiam: features, hidden, out and bottleneck must be > 0, got 16, 512, 512 and 0");
}

TEST(SimSiam, TheProjectorEndsInANormWithoutScale) {
  const auto method = test::tiny_method("simsiam");
  const Array z = ops::cast(method->forward(test::noisy_views(2, 257)).embedding, DType::f64);
  EXPECT_NEAR(at(ops::mean(z, 0), 0), 0, 1e-5);
  EXPECT_NEAR(at(ops::mean(ops::mul(z, z), 0), 0), 1, 1e-2);
}

}  // namespace
}  // namespace akin
