#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/linear.hpp>
#include <akin/ops/elementwise.hpp>

#include "support/gradients.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

TEST(LinearLayer, StartsAsTorchDoes) {  // uniform with bound 1/sqrt(in): standard deviation bound/sqrt(3)
  const nn::Linear layer({.in = 400, .out = 300});
  const Array w = ops::cast(layer.weight.value(), DType::f64);
  const double bound = 1 / std::sqrt(400.0);
  double largest = 0, squares = 0;
  for (std::int64_t i = 0; i < w.size(); ++i)
    largest = std::max(largest, std::abs(at(w, i))), squares += at(w, i) * at(w, i);
  EXPECT_LE(largest, bound);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(w.size())), bound / std::sqrt(3.0), 0.01 * bound);
}

TEST(LinearLayer, RejectsEmptySizes) {
  expect_error([] { nn::Linear({.in = 0, .out = 3}); }, "Linear: in and out must be > 0, got in = 0, out = 3");
}

TEST(LinearLayer, IsAProductPlusABias) {
  const nn::Linear layer({.in = 7, .out = 3});
  const Tensor x = random_tensor({33, 7});
  const Array y = layer(x).value();
  ASSERT_EQ(y.shape(), (Shape{33, 3}));
  for (std::int64_t i = 0; i < 33; ++i)
    for (std::int64_t o = 0; o < 3; ++o) {
      double want = at(layer.bias.value(), o);
      for (std::int64_t k = 0; k < 7; ++k) want += at(x.value(), i * 7 + k) * at(layer.weight.value(), o * 7 + k);
      expect_close(at(y, i * 3 + o), want, tol::f32);
    }
}

TEST(LinearLayer, NamesItsParametersAndItself) {
  const nn::Module with = nn::Linear({.in = 7, .out = 3}), without = nn::Linear({.in = 7, .out = 3, .bias = false});
  EXPECT_EQ(with.describe(), "Linear(7 -> 3)");
  EXPECT_EQ(without.describe(), "Linear(7 -> 3, no bias)");
  ASSERT_EQ(with.named_parameters().size(), 2u);
  EXPECT_EQ(with.named_parameters()[1].name, "bias");
  ASSERT_EQ(without.named_parameters().size(), 1u);
  EXPECT_EQ(without.named_parameters()[0].name, "weight");
}

TEST(LinearLayer, GivesEveryParameterAGradient) {
  const nn::Module layer = nn::Linear({.in = 7, .out = 3});
  sum(square(layer(random_tensor({5, 7})))).backward();
  for (const auto& p : layer.parameters()) EXPECT_TRUE(p.has_grad());
}

}  // namespace
}  // namespace akin
