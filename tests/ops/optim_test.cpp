#include <akin/ops/optim.hpp>

#include "support/test.hpp"

using namespace akin;

namespace {

Array scalar(double value, DType dtype = DType::f64) { return Array::full({1}, value, dtype); }

/// PyTorch's SGD written out for one number; returns p after the gradients g.
double sgd_by_hand(double p, const std::vector<double>& gradients, const ops::SgdStep& o) {
  double buffer = 0;
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    double g = gradients[t];
    if (o.weight_decay != 0) g = g + o.weight_decay * p;
    if (o.momentum != 0) {
      if (t == 0)
        buffer = g;
      else
        buffer = o.momentum * buffer + g;
      g = o.nesterov ? g + o.momentum * buffer : buffer;
    }
    p = p - o.lr * g;
  }
  return p;
}

/// PyTorch's Adam and AdamW written out for one number.
double adam_by_hand(double p, const std::vector<double>& gradients, const ops::AdamStep& o) {
  double m = 0, v = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const double t = static_cast<double>(i + 1);
    double g = gradients[i];
    if (o.decoupled)
      p = p * (1 - o.lr * o.weight_decay);
    else
      g = g + o.weight_decay * p;
    m = m + (g - m) * (1 - o.beta1);
    v = v * o.beta2 + g * g * (1 - o.beta2);
    const double step_size = o.lr / (1 - std::pow(o.beta1, t));
    const double denominator = std::sqrt(v) / std::sqrt(1 - std::pow(o.beta2, t)) + o.eps;
    p = p - step_size * (m / denominator);
  }
  return p;
}

const std::vector<double> gradients{0.5, -1.25, 3, 0.125};

}  // namespace

TEST(SgdStep, FollowsPyTorchForMomentumNesterovAndWeightDecay) {
  for (const ops::SgdStep o : {ops::SgdStep{.lr = 0.1}, ops::SgdStep{.lr = 0.1, .weight_decay = 0.01},
                               ops::SgdStep{.lr = 0.1, .momentum = 0.9},
                               ops::SgdStep{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true}}) {
    Array p = scalar(2), m = scalar(0);
    for (const double g : gradients) ops::sgd_step(p, scalar(g), m, o);
    expect_close(p.item(), sgd_by_hand(2, gradients, o), tol::f64);
  }
}

TEST(SgdStep, WithoutAStateIsPlainGradientDescent) {
  Array p = scalar(2);
  ops::apply_updates<ops::SgdStep>("sgd", {{{.lr = 0.1, .weight_decay = 0.5, .scale = 3}, &p, scalar(4)}});
  expect_close(p.item(), 2 - 0.1 * 3 * (4 + 0.5 * 2), tol::f64);
}

TEST(AdamStep, FollowsPyTorchForAdamAndAdamW) {
  for (const bool decoupled : {false, true}) {
    const ops::AdamStep o{.lr = 0.1, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.03, .decoupled = decoupled};
    Array p = scalar(2), m = scalar(0), v = scalar(0);
    for (std::size_t t = 0; t < gradients.size(); ++t)
      ops::adam_step(p, scalar(gradients[t]), m, v, o.at(static_cast<std::int64_t>(t) + 1));
    expect_close(p.item(), adam_by_hand(2, gradients, o), tol::f64);
  }
}

TEST(AdamStep, ItsFirstStepHasLengthLrWhateverTheGradient) {
  for (const double g : {1e-3, -7.0}) {
    Array p = scalar(1, DType::f32), m = scalar(0, DType::f32), v = scalar(0, DType::f32);
    ops::adam_step(p, scalar(g, DType::f32), m, v, ops::AdamStep{.lr = 0.01}.at(1));
    expect_close(p.item(), g > 0 ? 0.99 : 1.01, tol::reduce_f32);
  }
}

TEST(EmaStep, MovesTheTargetTowardsTheOnlineValue) {
  Array target = Array::from<float>({2}, {1, -1});
  ops::ema_step(target, Array::from<float>({2}, {3, 0}), 0.75);
  expect_close(target, Array::from<float>({2}, {1.5, -0.75}), tol::f32);
}

TEST(Updates, OfManyTensorsEqualThoseOfOneAtATime) {
  const std::int64_t sizes[] = {1, 7, 33, 100003, 0, 257};
  for (const DType dtype : {DType::f32, DType::f64}) {
    std::vector<Array> together, alone, m, m_alone, g;
    for (unsigned i = 0; i < 6; ++i) {
      g.push_back(random_array({sizes[i]}, i, dtype));
      for (auto* list : {&together, &alone}) list->push_back(random_array({sizes[i]}, i + 10, dtype));
      for (auto* list : {&m, &m_alone}) list->push_back(random_array({sizes[i]}, i + 20, dtype));
    }
    std::vector<ops::Update<ops::SgdStep>> updates;
    for (std::size_t i = 0; i < 6; ++i) {
      const ops::SgdStep step{.lr = 0.1 * static_cast<double>(i),
                              .momentum = 0.9};  // every tensor has options of its own
      updates.push_back({step, &together[i], g[i], &m[i]});
      ops::sgd_step(alone[i], g[i], m_alone[i], step);
    }
    ops::apply_updates("sgd", updates);
    for (std::size_t i = 0; i < 6; ++i) {
      expect_close(together[i], alone[i], tol::exact);
      expect_close(m[i], m_alone[i], tol::exact);
    }
  }
}

TEST(Updates, ProductsAreThoseOfEveryTensor) {
  Array a = Array::from<float>({2}, {3, 4}), b = Array::ones({70001});
  const std::vector<ops::Update<ops::SgdStep>> updates{{{.lr = 1}, &a, Array::from<float>({2}, {1, 2})},
                                                       {{.lr = 1}, &b, Array::full({70001}, -2)}};
  expect_close(ops::update_products("lars", updates),
               Array::from<double>({2, 3}, {25, 5, 11, 70001, 4 * 70001, -140002}), tol::exact);
}

/// p after a step of length lr g behind a gate.
double behind_gate(double gate) {
  Array p = scalar(2), m = scalar(0);
  ops::apply_updates<ops::SgdStep>("sgd", {{{.lr = 0.1, .momentum = 0.9}, &p, scalar(4), &m}},
                                   Array::full({}, gate, DType::f64));
  EXPECT_EQ(m.item(), gate > 0 ? 4 * gate : 0);
  return p.item();
}

TEST(Updates, AGateScalesGradientsOrKeepsAllAsItWas) {
  expect_close(behind_gate(1), 2 - 0.1 * 4, tol::f64);
  expect_close(behind_gate(0.25), 2 - 0.1 * 1, tol::f64);
  for (const double closed : {0.0, -1.0, std::nan("")}) EXPECT_EQ(behind_gate(closed), 2);
}

TEST(Updates, AGateDoesNotScaleWhatIsNoGradient) {
  Array target = scalar(2);
  const ops::EmaStep step{0.75};
  ops::apply_updates<ops::EmaStep>("ema", {{step, &target, scalar(6)}}, Array::full({}, 0.5, DType::f64));
  expect_close(target.item(), 3, tol::f64);
}

TEST(Updates, TakeTheirRateFromAnArray) {
  Array p = scalar(2), target = scalar(2), online = scalar(6), rate = Array::full({}, 7, DType::f64);
  rate.set_item(0.25);
  ops::apply_updates<ops::SgdStep>("sgd", {{.step = {.lr = 9}, .value = &p, .input = scalar(4), .rate = &rate}});
  expect_close(p.item(), 2 - 0.25 * 4, tol::f64);
  ops::apply_updates<ops::EmaStep>("ema", {{.step = {}, .value = &target, .input = online, .rate = &rate}});
  expect_close(target.item(), 0.25 * 2 + 0.75 * 6, tol::f64);
  const Array single = Array::full({}, 1, DType::f32);
  expect_error(
      [&] {
        ops::apply_updates<ops::EmaStep>("ema", {{.step = {}, .value = &target, .input = online, .rate = &single}});
      },
      cat("ema: the rate must be f64 on ", default_device, ", where the values are; got f32"));
}

TEST(Updates, RefuseAGateThatIsNotOneDoubleBesideTheValues) {
  Array p = scalar(1);
  const auto step = [&](const Array& gate) { ops::apply_updates<ops::SgdStep>("sgd", {{{.lr = 1}, &p, p}}, gate); };
  expect_error([&] { step(scalar(1)); }, "sgd: the gate has shape [1], expected []");
  expect_error([&] { step(Array::full({}, 1, DType::f32)); },
               cat("sgd: the gate must be f64 on ", default_device, ", where the values are; got f32"));
}

TEST(AdamStep, CountsTheStepsThatAGateLetsItMake) {
  Array p = scalar(1), m = scalar(0), v = scalar(0), count = Array::zeros({}, DType::i64);
  const auto step = [&](double gate) {
    ops::apply_updates<ops::AdamStep>("adam", {{{.lr = 0.01}, &p, scalar(-3), &m, &v, &count}},
                                      Array::full({}, gate, DType::f64));
  };
  step(1);
  step(NAN);
  EXPECT_EQ(count.item(), 1);
  expect_close(p.item(), 1.01, tol::golden);  // the first step has length lr
  step(1);
  EXPECT_EQ(count.item(), 2);
  expect_close(p.item(), 1.02, tol::golden);
}

TEST(StepGateOp, IsWhatShortensTheGradientsOrNanWhereANumberIsNotFinite) {
  const auto gate = [](double squares, double loss, double max_norm) {
    return ops::step_gate(Array::full({}, squares, DType::f64), Array::full({}, loss, DType::f64), max_norm).item();
  };
  EXPECT_EQ(gate(16, 1, 2), 0.5);
  EXPECT_EQ(gate(16, 1, 4), 1);
  EXPECT_EQ(gate(1e300, 1, INFINITY), 1);
  for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    EXPECT_TRUE(std::isnan(gate(bad, 1, 2)));
    EXPECT_TRUE(std::isnan(gate(16, bad, 2)));
    EXPECT_TRUE(std::isnan(gate(16, -bad, INFINITY)));
  }
}

TEST(Updates, MakeHandlesTakenBeforeUnreadable) {
  Array p = scalar(1), m = scalar(0);
  const Array captured = p;
  ops::sgd_step(p, scalar(1), m, {.lr = 0.5});
  expect_error([&] { captured.item(); }, "changed in place");
  EXPECT_EQ(p.item(), 0.5);
}

TEST(Updates, AcceptATransposedGradientAndRefuseOtherShapes) {
  Array p = Array::zeros({2, 3}, DType::f64), m = Array::zeros({2, 3}, DType::f64);
  const Array g = random_array({3, 2});
  ops::sgd_step(p, g.transpose(), m, {.lr = 1});
  expect_close(at(p, 1), -at(g, 2), tol::exact);
  expect_error([&] { ops::sgd_step(p, g, m, {.lr = 1}); }, "sgd: the gradient has shape [3, 2], expected [2, 3]");
  Array half = Array::zeros({2}, DType::bf16);
  expect_error([&] { ops::ema_step(half, half, 0.9); }, "ema: values must be f32 or f64, got bf16");
}
