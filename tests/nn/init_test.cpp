#include <akin/nn/init.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};
Moments moments(const Array& a) {
  Moments m;
  const auto n = static_cast<double>(a.size());
  for (std::int64_t i = 0; i < a.size(); ++i)
    m.mean += at(a, i) / n, m.largest = std::max(m.largest, std::abs(at(a, i)));
  for (std::int64_t i = 0; i < a.size(); ++i) m.deviation += (at(a, i) - m.mean) * (at(a, i) - m.mean) / n;
  m.deviation = std::sqrt(m.deviation);
  return m;
}

// Bounds below are five standard errors of 15,120 draws.
TEST(Init, PytorchIsUniformWithinOneOverTheRootOfTheFanIn) {
  const Tensor weight(Array::empty({60, 3, 3, 28})), bias(Array::empty({60}));
  nn::init_weights(nn::Init::pytorch, weight, bias, {7, "conv1"});
  const double bound = 1 / std::sqrt(28 * 9.0);
  const Moments w = moments(weight.value());
  EXPECT_LE(w.largest, bound);
  EXPECT_GT(w.largest, 0.99 * bound);
  EXPECT_NEAR(w.mean, 0, 5 * bound / std::sqrt(3.0 * 15120));
  EXPECT_NEAR(w.deviation, bound / std::sqrt(3.0), 0.02 * bound);
  EXPECT_LE(moments(bias.value()).largest, bound);
  EXPECT_GT(moments(bias.value()).largest, 0.5 * bound);
}

TEST(Init, KaimingIsNormalWithTwoOverTheFanOut) {
  const Tensor weight(Array::empty({60, 3, 3, 28})), bias(Array::ones({60}));
  nn::init_weights(nn::Init::kaiming_normal, weight, bias, {7, "conv1"});
  const double deviation = std::sqrt(2 / (60 * 9.0));
  const Moments w = moments(weight.value());
  EXPECT_NEAR(w.mean, 0, 5 * deviation / std::sqrt(15120.0));
  EXPECT_NEAR(w.deviation, deviation, 5 * deviation / std::sqrt(2 * 15120.0));
  EXPECT_GT(w.largest, 3 * deviation) << "a normal distribution has tails";
  EXPECT_EQ(moments(bias.value()).largest, 0);
}

TEST(Init, IsAFunctionOfSeedAndNameAlone) {
  const auto drawn = [](std::uint64_t seed, const std::string& path) {
    const Tensor weight(Array::empty({7, 33}));
    nn::init_weights(nn::Init::pytorch, weight, {}, {seed, path});
    return weight.value();
  };
  const auto equal = [](const Array& a, const Array& b) {
    for (std::int64_t i = 0; i < a.size(); ++i)
      if (at(a, i) != at(b, i)) return false;
    return true;
  };
  EXPECT_TRUE(equal(drawn(1, "layer1.0"), drawn(1, "layer1.0")));
  EXPECT_FALSE(equal(drawn(1, "layer1.0"), drawn(2, "layer1.0")));
  EXPECT_FALSE(equal(drawn(1, "layer1.0"), drawn(1, "layer1.1")));
}

TEST(Init, ValuesAreConsecutiveDrawsHoweverManyThreadsDrawThem) {
  const nn::InitContext context{7, "conv1"};
  const Tensor normal(Array::empty({3, 9001})), uniform(Array::empty({3, 9001}));
  nn::init_normal(normal, 0.5, context.draws("weight"));
  nn::init_uniform(uniform, 0.25, context.draws("weight"));
  Draws n = context.draws("weight"), u = n;
  for (std::int64_t i = 0; i < normal.size(); ++i) {
    ASSERT_EQ(at(normal.value(), i), static_cast<float>(0.5 * n.normal())) << i;
    ASSERT_EQ(at(uniform.value(), i), static_cast<float>(u.uniform(-0.25, 0.25))) << i;
  }
}

TEST(Init, AModuleGetsTheSameValuesWhateverWasBuiltBefore) {
  const auto build = [] {
    return nn::Module(nn::Sequential(nn::Linear({.in = 7, .out = 3}), nn::Linear({.in = 3, .out = 2})));
  };
  const nn::Module first = build();
  const nn::Module second = build();
  first.initialize(5);
  second.initialize(5);
  const auto a = first.parameters(), b = second.parameters();
  for (std::size_t i = 0; i < a.size(); ++i) expect_close(a[i].value(), b[i].value(), tol::exact);
}

}  // namespace
}  // namespace akin
