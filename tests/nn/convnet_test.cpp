#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/models/convnet.hpp>

#include "support/gradients.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

TEST(Convnet, GivesOneFeaturePerLastChannel) {
  const nn::Module model = nn::convnet({.channels = 3, .widths = {4, 7}});
  for (const std::int64_t size : {1, 7, 33})
    EXPECT_EQ(model(random_tensor({3, size, size, 3})).shape(), (Shape{3, 7})) << size;
}

TEST(Convnet, HasTheNumberOfWeightsThatItsDescriptionSays) {
  EXPECT_EQ(nn::convnet().parameter_count(), 388'320);
  const std::int64_t convolutions = 9 * (3 * 4 + 4 * 7), norms = 2 * (4 + 7);
  EXPECT_EQ(nn::convnet({.channels = 3, .widths = {4, 7}}).parameter_count(), convolutions + norms);
}

TEST(Convnet, HalvesTheImageInAllStagesButTheFirst) {
  const nn::Module model = nn::convnet({.widths = {4, 5, 6}});
  Tensor x = random_tensor({2, 28, 28, 1});
  std::vector<std::int64_t> sizes;
  for (const auto& child : model.as<nn::Sequential>().children) {
    x = child(x);
    if (x.rank() == 4) sizes.push_back(x.dim(1));
  }
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{28, 28, 14, 14, 7, 7}));  // convolution and norm of each stage
}

TEST(Convnet, EveryParameterGetsAGradient) {
  const nn::Module model = nn::convnet({.widths = {4, 7}});
  sum(square(model(random_tensor({3, 7, 7, 1})))).backward();
  for (const auto& p : model.named_parameters()) {
    ASSERT_TRUE(p.tensor.has_grad()) << p.name;
    EXPECT_GT(ops::sum(ops::mul(p.tensor.grad(), p.tensor.grad())).item(), 0) << p.name;
  }
}

TEST(Convnet, TheSameSeedGivesTheSameNetwork) {
  const Tensor x = random_tensor({3, 7, 7, 1});
  const auto out = [&](std::uint64_t seed) { return nn::convnet({.widths = {4, 7}, .seed = seed})(x).value(); };
  expect_close(out(1), out(1), tol::exact);
  EXPECT_NE(at(out(1), 0), at(out(2), 0));
}

TEST(Convnet, NeedsAWidth) {
  expect_error([] { nn::convnet({.widths = {}}); }, "convnet: needs at least one width");
}

}  // namespace
}  // namespace akin
