#include <akin/data/synthetic.hpp>
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/models/autoencoder.hpp>
#include <akin/nn/models/resnet.hpp>
#include <akin/optim/adam.hpp>

#include "support/sanitized.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

nn::Module small_encoder(std::int64_t channels = 1) { return nn::convnet({.channels = channels, .widths = {4, 6}}); }

TEST(Decoder, DoublesFromAtMostSevenPixelsToTheExactSize) {
  const auto sizes = [](ops::Pair size) {
    std::string text;
    for (int times = nn::detail::halvings(size); times >= 0; --times) text += cat(nn::detail::halved(size, times), " ");
    return text;
  };
  EXPECT_EQ(sizes(28), "7 14 28 ");
  EXPECT_EQ(sizes(32), "4 8 16 32 ");
  EXPECT_EQ(sizes(37), "5 10 19 37 ");
  EXPECT_EQ(sizes(64), "4 8 16 32 64 ");
  EXPECT_EQ(sizes(224), "7 14 28 56 112 224 ");
  EXPECT_EQ(sizes({9, 33}), "2x5 3x9 5x17 9x33 ");
  EXPECT_EQ(sizes(1), "1 ");
}

TEST(Autoencoder, GivesImagesOfTheSizeItGetsAndAGradientToEachParameter) {
  for (const ops::Pair size :
       {ops::Pair(1), ops::Pair(28), ops::Pair(32), ops::Pair(37), ops::Pair(64), ops::Pair(224), ops::Pair(9, 33)}) {
    const nn::Module model =
        nn::Autoencoder({.size = size, .channels = 3, .encoder = small_encoder(3), .features = 6, .width = 8});
    const Tensor x = random_tensor({2, size.h, size.w, 3}), y = model(x);
    ASSERT_EQ(y.shape(), x.shape());
    mean(square(y - x)).backward();
    for (const auto& p : model.named_parameters()) ASSERT_TRUE(p.tensor.has_grad()) << p.name << " at " << size;
  }
}

TEST(Autoencoder, HasAConvnetUnlessToldOtherwise) {
  const nn::Module model = nn::Autoencoder({.channels = 3, .seed = 5});
  EXPECT_EQ(model(random_tensor({2, 28, 28, 3})).shape(), (Shape{2, 28, 28, 3}));
  const auto first = [](const nn::Module& m) { return m.named_parameters()[0]; };
  EXPECT_EQ(first(model).name, "encoder.0.weight");
  expect_close(first(model).tensor.value(), first(nn::convnet({.channels = 3, .seed = 5})).tensor.value(), tol::exact);
}

TEST(Autoencoder, KeepsTheWeightsOfItsEncoderAndTrainsThatOne) {
  const nn::Module encoder = small_encoder();
  const Tensor weight = encoder.parameters()[0];
  const Array before = ops::clone(weight.value());
  const nn::Module model = nn::Autoencoder({.size = 7, .encoder = encoder, .features = 6, .width = 4, .seed = 9});
  expect_close(weight.value(), before, tol::exact);
  mean(square(model(random_tensor({3, 7, 7, 1})))).backward();
  EXPECT_TRUE(weight.has_grad());
}

TEST(Autoencoder, RefusesOptionsThatDoNotGoTogether) {
  expect_error([] { nn::Autoencoder({.encoder = small_encoder()}); },
               "an encoder and its number of features go together, got features = 0 with an encoder");
  expect_error([] { nn::Autoencoder({.features = 6}); }, "got features = 6 without an encoder");
  expect_error([] { nn::Autoencoder({.size = 0}); }, "decoder: size must lie in 1 ... 65536, got 0");
  expect_error([] { nn::Autoencoder({.width = 0}); }, "decoder: width must lie in 1 ... 65536, got 0");
  expect_error([] { nn::decoder({}); }, "in and out must be > 0");
  const nn::Module wrong = nn::Autoencoder({.encoder = small_encoder(), .features = 7});
  expect_error([&] { wrong(random_tensor({2, 28, 28, 1})); }, "does not fit weight");
}

/// Squared error of predicting the mean image.
double variance(const Array& images) {
  const Tensor x(images);
  return mean(square(x - mean(x, 0, true))).item();
}

TEST(Autoencoder, LearnsSyntheticImagesFarBetterThanTheirMean) {
  if (test::sanitized) GTEST_SKIP();  // a hundred steps take a minute
  const std::int64_t count = 16, size = 13;
  const auto shapes = data::synthetic({.size = size, .channels = 1, .count = count, .seed = 1});
  const Array pixels = data::take(*shapes, data::first_indices(count)).images;
  const Tensor images(ops::scale(ops::cast(pixels, DType::f32), 1.0 / 255));
  ASSERT_EQ(images.shape(), (Shape{count, size, size, 1}));
  const nn::Module model = nn::Autoencoder({.size = size,
                                            .encoder = nn::convnet({.widths = {8, 16, 32}, .seed = 2}),
                                            .features = 32,
                                            .width = 32,
                                            .seed = 3});
  optim::Adam optimizer(model, {.lr = 3e-3});
  double loss = 0;
  for (int step = 0; step < 100; ++step) {
    const Tensor error = mean(square(model(images) - images));
    loss = error.item();
    model.zero_grad();
    error.backward();
    optimizer.step();
  }
  EXPECT_LT(loss, variance(images.value()) / 10);
  RecordProperty("loss_over_variance", std::to_string(loss / variance(images.value())));
}

TEST(Autoencoder, RunsInMixedPrecision) {  // its last convolution has a bias
  const nn::Module model = nn::Autoencoder({.size = 12, .width = 16});
  const MixedPrecision on;
  const Tensor y = model(Tensor(Array::ones({2, 12, 12, 1})));
  EXPECT_EQ(y.dtype(), DType::bf16);
  EXPECT_EQ(y.shape(), (Shape{2, 12, 12, 1}));
}

}  // namespace
}  // namespace akin
