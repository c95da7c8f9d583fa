#include <akin/fn/reduce.hpp>
#include <akin/methods/byol.hpp>

#include "support/layers.hpp"
#include "support/noisy_views.hpp"
#include "support/tiny_method.hpp"

namespace akin {
namespace {

/// Mean over rows of 2 - 2 cos(p, t), in double.
double prediction_error(const Tensor& p, const Tensor& t) {
  double total = 0;
  const std::int64_t rows = p.dim(0), cols = p.dim(1);
  for (std::int64_t i = 0; i < rows; ++i) {
    double pt = 0, pp = 0, tt = 0;
    for (std::int64_t j = i * cols; j < (i + 1) * cols; ++j) {
      pt += at(p.value(), j) * at(t.value(), j);
      pp += at(p.value(), j) * at(p.value(), j);
      tt += at(t.value(), j) * at(t.value(), j);
    }
    total += 2 - 2 * pt / std::sqrt(pp * tt);
  }
  return total / static_cast<double>(rows);
}

/// The networks of a method, captured by name. In training mode outputs depend on the batch alone, so they can be
/// computed again after forward().
struct ByolNetworks {
  nn::Module encoder, projector, predictor, target_encoder, target_projector;
  explicit ByolNetworks(const methods::Method& m)
      : encoder(test::network_of(m, "encoder")),
        projector(test::network_of(m, "projector")),
        predictor(test::network_of(m, "predictor")),
        target_encoder(test::network_of(m, "target_encoder")),
        target_projector(test::network_of(m, "target_projector")) {}
  Tensor prediction(const Array& view) const { return predictor(projector(encoder(Tensor(view)))); }
  Tensor target(const Array& view) const { return target_projector(target_encoder(Tensor(view))); }
};

TEST(Byol, PredictsWhatTheTargetSaysOfTheOtherView) {
  const auto method = test::tiny_method("byol");
  const auto views = test::noisy_views(2);
  const ByolNetworks net(*method);
  const double loss = method->forward(views).loss.item();
  const Tensor pa = net.prediction(views[0]), pb = net.prediction(views[1]), ta = net.target(views[0]),
               tb = net.target(views[1]);
  expect_close(loss, prediction_error(pa, tb) + prediction_error(pb, ta), tol::reduce_f32);
  const double own_views = prediction_error(pa, ta) + prediction_error(pb, tb);
  EXPECT_FALSE(is_close(loss, own_views, tol::reduce_f32)) << "views of this test must tell the two apart";
}

TEST(Byol, TheEmbeddingIsTheProjectionOfTheFirstView) {
  const auto method = test::tiny_method("byol");
  const auto views = test::noisy_views(2);
  const Array embedding = method->forward(views).embedding;
  expect_close(embedding, test::network_of(*method, "projector")(method->encoder()(Tensor(views[0]))).value(),
               tol::f32);
}

TEST(Byol, TheTargetStartsElsewhere) {
  const auto method = test::tiny_method("byol");
  const ByolNetworks net(*method);
  EXPECT_NE(at(net.encoder.parameters()[0].value(), 0), at(net.target_encoder.parameters()[0].value(), 0));
  EXPECT_NE(at(net.projector.parameters()[0].value(), 0), at(net.target_projector.parameters()[0].value(), 0));
}

TEST(Byol, RefusesToMoveItsTargetByAMomentumThatNobodyComputed) {
  const auto method = test::tiny_method("byol");
  expect_error([&] { method->end_step({}); }, "byol: end_step() without begin_step()");
}

/// Every parameter of the target moved by exactly that momentum; every other value stayed.
void expect_average(const nn::Module& online, const nn::Module& target, double progress, methods::Method& method) {
  const nn::Module before = target.clone(), online_before = online.clone();
  method.begin_step(progress);
  method.end_step({});
  const double m = 1 - (1 - 0.9) * (std::cos(3.141592653589793 * progress) + 1) / 2;
  for (std::size_t i = 0; i < target.parameters().size(); ++i) {
    const Array old = ops::cast(before.parameters()[i].value(), DType::f64),
                now = ops::cast(online.parameters()[i].value(), DType::f64);
    expect_close(target.parameters()[i].value(),
                 ops::cast(ops::add(ops::scale(old, m), ops::scale(now, 1 - m)), DType::f32), tol::f32,
                 target.named_parameters()[i].name);
    expect_close(online.parameters()[i].value(), online_before.parameters()[i].value(), tol::exact);
  }
  for (std::size_t i = 0; i < target.named_buffers().size(); ++i)
    expect_close(target.named_buffers()[i].tensor.value(), before.named_buffers()[i].tensor.value(), tol::exact);
}

TEST(Byol, TheTargetFollowsWithAMomentumThatRisesAlongACosine) {
  for (const double progress : {0.0, 0.25, 0.5, 0.9, 1.0}) {
    SCOPED_TRACE(progress);
    const auto method = test::tiny_method("byol", {0.9});
    method->forward(test::noisy_views(2));  // other running statistics on both sides
    const ByolNetworks net(*method);
    expect_average(net.encoder, net.target_encoder, progress, *method);
    const auto again = test::tiny_method("byol", {0.9});
    const ByolNetworks others(*again);
    expect_average(others.projector, others.target_projector, progress, *again);
  }
}

TEST(Byol, TheLossIsSymmetricInTheViewsAndBounded) {
  const auto views = test::noisy_views(2);
  const double loss = test::tiny_method("byol")->forward(views).loss.item();
  EXPECT_GT(loss, 0);
  EXPECT_LT(loss, 8);
  expect_close(test::tiny_method("byol")->forward({views[1], views[0]}).loss.item(), loss, tol::f32);
}

TEST(Byol, RunningStatisticsFollowTheFirstViewThenTheSecond) {
  const auto method = test::tiny_method("byol");
  const auto views = test::noisy_views(2);
  method->forward(views);
  for (const std::string name : {"encoder", "projector", "predictor", "target_encoder", "target_projector"})
    EXPECT_EQ(test::batches_seen(test::network_of(*method, name)), (std::vector<std::int64_t>{2}))
        << name << ": one batch per view";
  for (const std::string name : {"encoder", "target_encoder"}) {
    const auto children = test::network_of(*method, name).as<nn::Sequential>().children;
    const auto batch_mean = [&](const Array& view) {
      return ops::mean(children[1](children[0](Tensor(view))).value(), 0);
    };
    const Array want = ops::add(ops::scale(batch_mean(views[0]), 0.9 * 0.1), ops::scale(batch_mean(views[1]), 0.1));
    expect_close(children[2].as<nn::BatchNorm>().running_mean.value(), want, tol::f32, name);
  }
}

TEST(Byol, HeadsAreThoseOfTheReleasedCode) {  // the last layer has no bias
  const auto method = test::tiny_method("byol");
  const auto head = [](int in) {
    return cat("Linear(", in, " -> 512, no bias)\nBatchNorm(512, relu)\nLinear(512 -> 128, no bias)\n");
  };
  EXPECT_EQ(test::layers_of(test::network_of(*method, "projector")), head(16));
  EXPECT_EQ(test::layers_of(test::network_of(*method, "predictor")), head(128));
  EXPECT_EQ(test::layers_of(test::network_of(*method, "target_projector")), head(16));
}

TEST(Byol, RefusesParametersOutOfRange) {
  for (const double bad : {-0.1, 1.5, static_cast<double>(NAN)})
    expect_error([&] { test::tiny_method("byol", {bad}); }, cat("byol: target_momentum must lie in [0, 1], got ", bad));
  expect_error([] { methods::Byol(test::tiny_encoder(), {.features = 16, .out = 0}); },
               "byol: features, hidden and out must be > 0, got 16, 512 and 0");
}

}  // namespace
}  // namespace akin
