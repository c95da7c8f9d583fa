#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/models/heads.hpp>

#include "support/gradients.hpp"
#include "support/layers.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

using Widths = std::vector<std::int64_t>;
using test::layers_of;

TEST(Mlp, EndsAsItsLastNormSays) {
  const std::string hidden = "Linear(7 -> 5, no bias)\nBatchNorm(5, relu)\n";
  const Widths widths = {7, 5, 3};
  EXPECT_EQ(layers_of(nn::mlp({.widths = widths})), hidden + "Linear(5 -> 3)\n");
  EXPECT_EQ(layers_of(nn::mlp({.widths = widths, .last_bias = false})), hidden + "Linear(5 -> 3, no bias)\n");
  EXPECT_EQ(layers_of(nn::mlp({.widths = widths, .last_norm = nn::LastNorm::batch_norm})),
            hidden + "Linear(5 -> 3, no bias)\nBatchNorm(3)\n");
  EXPECT_EQ(layers_of(nn::mlp({.widths = widths, .last_norm = nn::LastNorm::batch_norm_scale})),
            hidden + "Linear(5 -> 3, no bias)\nBatchNorm(3, no shift)\n");
  EXPECT_EQ(layers_of(nn::mlp({.widths = widths, .last_norm = nn::LastNorm::batch_norm_plain})),
            hidden + "Linear(5 -> 3, no bias)\nBatchNorm(3, plain)\n");
}

TEST(Mlp, WithoutHiddenNormsHasBiasesAndPlainRelus) {
  EXPECT_EQ(layers_of(nn::mlp({.widths = Widths{7, 5, 3}, .hidden_norm = false})),
            "Linear(7 -> 5)\nRelu\nLinear(5 -> 3)\n");
  EXPECT_EQ(layers_of(nn::mlp({.widths = Widths{7, 3}})), "Linear(7 -> 3)\n");
}

TEST(Mlp, EveryParameterGetsAGradient) {
  for (const auto last :
       {nn::LastNorm::none, nn::LastNorm::batch_norm, nn::LastNorm::batch_norm_scale, nn::LastNorm::batch_norm_plain}) {
    const nn::Module head = nn::mlp({.widths = {7, 33, 5, 3}, .last_norm = last});
    const Tensor y = head(random_tensor({9, 7}));
    EXPECT_EQ(y.shape(), (Shape{9, 3}));
    sum(y * random_tensor({9, 3}, 2)).backward();  // a plain sum would not reach through a norm
    for (const auto& p : head.named_parameters()) {
      ASSERT_TRUE(p.tensor.has_grad()) << p.name;
      EXPECT_GT(ops::sum(ops::mul(p.tensor.grad(), p.tensor.grad())).item(), 0) << p.name;
    }
  }
}

TEST(Mlp, APlainNormLeavesFeaturesOfMeanZeroAndVarianceOne) {
  const nn::Module head = nn::mlp({.widths = {7, 3}, .last_norm = nn::LastNorm::batch_norm_plain});
  const Array y = ops::cast(head(random_tensor({257, 7})).value(), DType::f64);
  for (int j = 0; j < 3; ++j) {
    EXPECT_NEAR(at(ops::mean(y, 0), j), 0, 1e-5);
    EXPECT_NEAR(at(ops::mean(ops::mul(y, y), 0), j), 1, 1e-3);
  }
}

TEST(Mlp, NeedsTwoWidths) {
  expect_error([] { nn::mlp({.widths = Widths{7}}); }, "mlp: needs at least {in, out}, got 1 widths");
}

}  // namespace
}  // namespace akin
