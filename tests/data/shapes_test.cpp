#include <akin/data/shapes.hpp>

#include "support/test.hpp"

namespace akin::data {
namespace {

const auto shapes = static_cast<std::int64_t>(shape_names().size());

std::vector<std::uint8_t> drawn(const Factors& f, std::int64_t size, std::int64_t channels) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size * size * channels));
  render(f, size, channels, pixels.data());
  return pixels;
}

TEST(ShapeDistance, GivesEveryShapeTheSameAreaAndItsCentreOfMassAtZero) {
  constexpr tol::Tolerance grid{0.02, 0};  // cells of 0.02 x 0.02 along an outline of at most 12
  for (std::int64_t shape = 0; shape < shapes; ++shape) {
    double area = 0, x = 0, y = 0;
    for (int i = -100; i < 100; ++i) {
      for (int j = -100; j < 100; ++j) {
        const double u = (i + 0.5) / 50, v = (j + 0.5) / 50;
        const detail::Point p = {0.8 * u - 0.6 * v, 0.6 * u + 0.8 * v};  // turned: no edge runs along a row of cells
        const double cell = detail::shape_distance(shape, p) < 0 ? 1.0 / 2500 : 0;
        area += cell, x += cell * p.x, y += cell * p.y;
      }
    }
    const auto& name = shape_names()[static_cast<std::size_t>(shape)];
    expect_close(area, std::numbers::pi, grid, name);
    expect_close(x, 0, grid, name);
    expect_close(y, 0, grid, name);
  }
}

TEST(ShapeDistance, IsPositiveBeyondTheReach) {
  for (std::int64_t shape = 0; shape < shapes; ++shape)
    for (int i = 0; i < 360; ++i) {
      const double angle = i * std::numbers::pi / 180;
      const detail::Point p = {detail::shape_reach * std::cos(angle), detail::shape_reach * std::sin(angle)};
      ASSERT_GT(detail::shape_distance(shape, p), 0) << shape_names()[static_cast<std::size_t>(shape)];
    }
}

TEST(ShapeDistance, ChangesNoFasterThanThePointMoves) {
  Draws draws(1, {});
  for (int i = 0; i < 2000; ++i) {
    const detail::Point p = {draws.uniform(-2, 2), draws.uniform(-2, 2)},
                        q = {draws.uniform(-2, 2), draws.uniform(-2, 2)};
    const double moved = detail::length(p.x - q.x, p.y - q.y), shape = i % shapes;
    const auto at_p = detail::shape_distance(static_cast<std::int64_t>(shape), p);
    ASSERT_LE(std::abs(at_p - detail::shape_distance(static_cast<std::int64_t>(shape), q)), moved + tol::f64.atol);
  }
}

TEST(ShapeDistance, MatchesTheSquareByHand) {
  const double half = std::sqrt(std::numbers::pi) / 2;
  expect_close(detail::shape_distance(3, {0, 0}), -half, tol::f64);
  expect_close(detail::shape_distance(3, {half + 1, 0.1}), 1, tol::f64);
  expect_close(detail::shape_distance(3, {half + 3, half + 4}), 5, tol::f64);
}

TEST(Render, ShowsShapeOnBackground) {
  const auto image = drawn({.hue = 0, .scale = 0.25, .background = 0.2}, 33, 3);
  EXPECT_EQ(image[0], 51);
  EXPECT_EQ(image[1], 51);
  const std::size_t centre = 3 * (16 * 33 + 16);
  EXPECT_EQ(image[centre], 223);     // red under the light at half height: 255 * (1 - 0.25 / 2)
  EXPECT_EQ(image[centre + 1], 33);  // 255 * 0.15 * 0.875
}

TEST(Render, HueRunsThroughTheRainbow) {
  const auto centre = [](double hue) {
    const auto image = drawn({.hue = hue, .scale = 0.3}, 9, 3);
    return std::vector<int>{image[3 * 40], image[3 * 40 + 1], image[3 * 40 + 2]};
  };
  EXPECT_EQ(centre(0), (std::vector<int>{223, 33, 33}));
  EXPECT_EQ(centre(1.0 / 6), (std::vector<int>{223, 223, 33}));
  EXPECT_EQ(centre(1.0 / 3), (std::vector<int>{33, 223, 33}));
  EXPECT_EQ(centre(2.0 / 3), (std::vector<int>{33, 33, 223}));
}

TEST(Render, PositionShiftsTheImage) {
  const auto image = drawn({.shape = 5}, 64, 1), moved = drawn({.shape = 5, .x = 4.0 / 64, .y = -2.0 / 64}, 64, 1);
  for (std::size_t y = 2; y < 64; ++y)
    for (std::size_t x = 4; x < 64; ++x) ASSERT_NEAR(moved[(y - 2) * 64 + x], image[y * 64 + x - 4], 1);
}

TEST(Render, RotationTurnsClockwiseAndShowsOnEveryShape) {
  for (std::int64_t shape = 0; shape < shapes; ++shape) {
    const auto image = drawn({.shape = shape}, 33, 1);
    const auto turned = drawn({.shape = shape, .rotation = std::numbers::pi / 2}, 33, 1);
    int changed = 0;
    for (std::size_t y = 0; y < 33; ++y)
      for (std::size_t x = 0; x < 33; ++x) {
        ASSERT_NEAR(turned[x * 33 + 32 - y], image[y * 33 + x], 1);  // up becomes right
        changed += turned[y * 33 + x] != image[y * 33 + x];
      }
    EXPECT_GT(changed, 50) << shape_names()[static_cast<std::size_t>(shape)];
  }
}

TEST(Render, CoversAreaInProportionAtEverySize) {  // light is 0.875 on average: it is linear about the centre of mass
  for (const std::int64_t size : {8, 33, 128, 512})
    for (const std::int64_t shape : {0, 3, 5}) {
      double sum = 0;
      for (const auto pixel : drawn({.shape = shape, .hue = max_hue, .scale = 0.2}, size, 1)) sum += pixel;
      const double area = sum / (255 * 0.875 * static_cast<double>(size * size));
      EXPECT_NEAR(area, std::numbers::pi * 0.04, size < 16 ? 0.03 : 0.002) << size;
    }
}

TEST(Render, DrawsEveryShapeDifferently) {
  for (std::int64_t a = 0; a < shapes; ++a)
    for (std::int64_t b = 0; b < a; ++b) EXPECT_NE(drawn({.shape = a}, 8, 1), drawn({.shape = b}, 8, 1));
}

TEST(Render, RejectsWhatItCannotDraw) {
  expect_error([] { drawn({}, 7, 3); }, "size of 8 ... 512 pixels, got 7");
  expect_error([] { drawn({}, 513, 1); }, "got 513");
  expect_error([] { drawn({}, 8, 2); }, "1 (grey) or 3 (colour) channels, got 2");
  expect_error([] { drawn({.shape = 8}, 8, 3); }, "shape 8 does not exist");
  expect_error([] { drawn({.scale = 0}, 8, 3); }, "scale must be > 0, got 0");
  expect_error([] { drawn({.x = NAN}, 8, 3); }, "factors must be finite");
}

}  // namespace
}  // namespace akin::data
