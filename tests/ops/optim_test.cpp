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
    Array p = scalar(2), m = scalar(NAN);  // the first step must not read the buffer
    for (std::size_t t = 0; t < gradients.size(); ++t) {
      ops::SgdStep step = o;
      step.first = t == 0;
      ops::sgd_step(p, scalar(gradients[t]), m, step);
    }
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
  const auto products = ops::update_products("lars", updates);
  EXPECT_EQ(products[0].value_value, 25);
  EXPECT_EQ(products[0].input_input, 5);
  EXPECT_EQ(products[0].value_input, 11);
  EXPECT_EQ(products[1].value_value, 70001);
  EXPECT_EQ(products[1].value_input, -140002);
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
