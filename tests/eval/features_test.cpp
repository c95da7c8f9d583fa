#include <akin/eval/features.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>
#include <limits>

#include "support/test.hpp"

namespace akin::eval {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// n images of 2 x 3 x 1 with values 7 i mod 256; labels i % 3.
data::DatasetPtr numbered(std::int64_t n) {
  Array images = Array::empty({n, 2, 3, 1}, DType::u8), labels = Array::empty({n}, DType::i64);
  for (std::int64_t i = 0; i < 6 * n; ++i) images.mut<std::uint8_t>()[i] = static_cast<std::uint8_t>(7 * i);
  for (std::int64_t i = 0; i < n; ++i) labels.mut<std::int64_t>()[i] = i % 3;
  return data::in_memory("numbered", images, labels);
}

Array as_floats(const Array& images) { return ops::scale(ops::cast(images, DType::f32), 1.0 / 255); }

/// 1 in training mode, 2 in evaluation mode, for each row.
struct ShowsItsMode {
  Tensor operator()(const Tensor& x, bool training) const {
    return Tensor(Array::full({x.dim(0), 1}, training ? 1 : 2));
  }
};

/// Sees whether gradients would be recorded; NaN for the image that starts with a given value.
struct NanAt {
  float first;
  Tensor operator()(const Tensor& x) const {
    EXPECT_FALSE(grad_enabled());
    Array y = ops::clone(x.value());
    for (std::int64_t i = 0; i < y.dim(0); ++i)
      if (y.data<float>()[i * y.dim(1)] == first) y.mut<float>()[i * y.dim(1) + 2] = nan;
    return Tensor(y);
  }
};

TEST(RawPixels, AreFlatAndBetweenZeroAndOne) {
  const Features f = raw_pixels(*numbered(257));
  EXPECT_EQ(f.x.shape(), (Shape{257, 6}));
  for (std::int64_t i = 0; i < f.x.size(); ++i)
    ASSERT_EQ(at(f.x, i), static_cast<double>(static_cast<float>(7 * i % 256) / 255));
  for (std::int64_t i = 0; i < 257; ++i) ASSERT_EQ(at(f.labels, i), i % 3);
}

TEST(Embed, AnEncoderThatOnlyFlattensGivesThePixels) {
  const auto d = numbered(33);
  const Features f = embed(nn::Flatten{}, *d, as_floats, {.batch = 7});
  expect_close(f.x, raw_pixels(*d).x, tol::f32);
  expect_close(f.labels, raw_pixels(*d).labels, tol::exact);
}

TEST(Embed, DoesNotDependOnTheBatch) {
  const nn::Module encoder = nn::Sequential(nn::Flatten{}, nn::Linear({.in = 6, .out = 5}));
  const auto d = numbered(33);
  const Features all = embed(encoder, *d, as_floats);
  EXPECT_EQ(all.x.shape(), (Shape{33, 5}));
  for (const std::int64_t batch : {1, 7, 33})
    expect_close(embed(encoder, *d, as_floats, {.batch = batch}).x, all.x, tol::f32);
}

TEST(Embed, EvaluatesAndGivesEveryModuleItsModeBack) {
  const nn::Module frozen = ShowsItsMode{}, free = ShowsItsMode{};
  const nn::Module encoder = nn::Sequential(free, frozen);
  encoder.train();
  frozen.eval();
  const Features f = embed(encoder, *numbered(3), as_floats);
  expect_close(f.x, Array::full({3, 1}, 2), tol::exact);
  EXPECT_TRUE(encoder.training());
  EXPECT_TRUE(free.training());
  EXPECT_FALSE(frozen.training());
}

TEST(Embed, RestoresTheModeWhenItFails) {
  const nn::Module encoder = ShowsItsMode{};
  expect_error([&] { embed(encoder, *numbered(3), [](const Array&) -> Array { throw Error("broken"); }); }, "broken");
  EXPECT_TRUE(encoder.training());
  EXPECT_TRUE(grad_enabled());
}

TEST(Embed, SaysWhichImageGaveNan) {
  const auto d = numbered(33);
  const float first = as_floats(data::take(*d, {20}).images).data<float>()[0];
  const nn::Module encoder = nn::Sequential(nn::Flatten{}, NanAt{first});
  expect_error([&] { embed(encoder, *d, as_floats, {.batch = 7}); }, "the features of image 20 hold a NaN");
}

TEST(Embed, RejectsWhatIsNotAVectorPerImage) {
  expect_error([] { embed(nn::Module(), *numbered(3), as_floats); }, "must return [3, D], got [3, 2, 3, 1]");
  expect_error([] { embed(nn::Flatten{}, *numbered(3), as_floats, {.batch = 0}); }, "batch must be > 0");
}

TEST(CheckedFeatures, NamesTheFirstBadRow) {
  Array x = random_array({1000, 7}, 1, DType::f32);
  x.mut<float>()[700 * 7 + 3] = nan;
  x.mut<float>()[900 * 7] = nan;
  expect_error([&] { detail::checked_features("op", "features", x); }, "op: row 700 of the features holds a NaN");
  x.mut<float>()[6] = std::numeric_limits<float>::infinity();
  expect_error([&] { detail::checked_features("op", "features", x); }, "row 0 of the features");
}

TEST(CheckedFeatures, RejectsWrongShapesAndTypes) {
  expect_error([] { detail::checked_features("op", "features", {}); }, "have no value");
  expect_error([] { detail::checked_features("op", "features", Array::zeros({3})); }, "needs 2 axes, got shape [3]");
  expect_error([] { detail::checked_features("op", "features", Array::zeros({0, 3})); }, "are empty: shape [0, 3]");
  expect_error(
      [] {
        detail::checked_features("op", "features", Array::zeros({3, 2}, DType::u8));
      },
      "must be floating point");
}

}  // namespace
}  // namespace akin::eval
