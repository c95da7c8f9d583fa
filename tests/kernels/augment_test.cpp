#include <akin/ops/kernels.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

using namespace kernels;

/// Deterministic bytes, all values present.
std::vector<std::uint8_t> noise(std::int64_t count, unsigned seed = 0) {
  Draws draws(seed, {.stream = stream_of("noise")});
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(draws.below(256));
  return bytes;
}

AugmentPlan plan_of(const ImageSize& size, const std::vector<AugmentStep>& steps) {
  AugmentPlan plan;
  plan.size = size;
  for (const auto& step : steps) plan.add(step);
  return plan;
}

/// One image through some steps.
std::vector<float> augmented(const std::vector<std::uint8_t>& image, const ImageSize& size,
                             const std::vector<AugmentStep>& steps) {
  const AugmentPlan plan = plan_of(size, steps);
  std::vector<float> out(static_cast<std::size_t>(plan.size.pixels() * plan.size.channels));
  augment(Cpu{}, 1, size, image.data(), &plan, plan.size, out.data());
  return out;
}

std::vector<float> unit(const std::vector<std::uint8_t>& bytes) {
  std::vector<float> values;
  for (const auto byte : bytes) values.push_back(static_cast<float>(byte) / 255.0f);
  return values;
}

void expect_values(const std::vector<float>& got, const std::vector<float>& want, tol::Tolerance t) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(is_close(got[i], want[i], t)) << i << ": " << got[i] << " " << want[i];
}

CropStep whole(std::int32_t height, std::int32_t width, std::int32_t out_height, std::int32_t out_width) {
  return {.height = height, .width = width, .out_height = out_height, .out_width = out_width};
}

// ---- crop and resize
// -------------------------------------------------------------------------------------------------

TEST(AugmentKernel, WithoutStepsDividesBy255) {
  for (const std::int64_t channels : {1, 3}) {
    const auto image = noise(7 * 5 * channels);
    expect_values(augmented(image, {7, 5, channels}, {}), unit(image), tol::exact);
  }
}

TEST(AugmentKernel, CroppingTheWholeImageAtItsOwnSizeIsExact) {
  const auto image = noise(7 * 33 * 3);
  expect_values(augmented(image, {7, 33, 3}, {whole(7, 33, 7, 33)}), unit(image), tol::exact);
}

TEST(AugmentKernel, ResizesAgreeWithTheirDefinitions) {
  const std::int32_t sizes[][4] = {{7, 7, 5, 5},   {33, 7, 28, 28},  {1, 1, 7, 3},  {1, 9, 4, 1},
                                   {65, 33, 7, 2}, {28, 17, 28, 28}, {3, 2, 33, 1}, {2, 33, 2, 32}};
  for (const auto& [height, width, out_height, out_width] : sizes) {
    const auto image = noise(height * width);
    std::vector<float> want(static_cast<std::size_t>(out_height * out_width));
    CropStep step = whole(height, width, out_height, out_width);
    resize_naive(unit(image).data(), height, width, want.data(), out_height, out_width);
    expect_values(augmented(image, {height, width, 1}, {step}), want, tol::f32);
    step.filter = Filter::bicubic;
    resize_naive(unit(image).data(), height, width, want.data(), out_height, out_width, BicubicFilter{});
    for (float& x : want) x = clamp01(x);
    expect_values(augmented(image, {height, width, 1}, {step}), want, tol::f32);
  }
}

TEST(AugmentKernel, HalvingAveragesWithTheTriangleThatPillowUses) {  // taps at -1.5 -.5 .5 1.5 of support 2: 1 3 3 1
  const auto got = augmented({0, 80, 160, 240}, {1, 4, 1}, {whole(1, 4, 1, 2)});
  // the left output drops the tap outside: weights 3 3 1
  expect_values(got, {(3 * 0 + 3 * 80 + 160) / 7.0f / 255, (80 + 3 * 160 + 3 * 240) / 7.0f / 255}, tol::f32);
}

TEST(AugmentKernel, DoublingIsPlainBilinearWithHalfPixelCentres) {
  const auto got = augmented({0, 100}, {1, 2, 1}, {whole(1, 2, 1, 4)});
  expect_values(got, {0, 25.0f / 255, 75.0f / 255, 100.0f / 255}, tol::f32);
}

/// Byte i is 37 i mod 256: what the numbers from torchvision below were computed with.
std::vector<std::uint8_t> sawtooth(int count) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(37 * i % 256));
  return bytes;
}

TEST(AugmentKernel, BicubicResizeGivesTheValuesOfTorchvision) {  // antialias = True, clamped
  const auto cubic = [](CropStep step) {
    step.filter = Filter::bicubic;
    return step;
  };
  expect_values(augmented(sawtooth(42), {7, 6, 1}, {cubic(whole(7, 6, 3, 2))}),
                {0.2885250f, 0.4334832f, 0.6336295f, 0.2957824f, 0.4959287f, 0.6408868f}, tol::f32);
  expect_values(augmented(sawtooth(42), {7, 6, 1}, {cubic(whole(7, 6, 2, 4))}),
                {0.5391688f, 0.3317234f, 0.2915671f, 0.4660727f, 0.4633391f, 0.6378447f, 0.5976885f, 0.3902430f},
                tol::f32);
  const auto enlarged = augmented(sawtooth(6), {2, 3, 1}, {cubic(whole(2, 3, 3, 5))});  // -0.0396 before the clamp
  expect_values({enlarged.begin(), enlarged.begin() + 5}, {0, 0.0157580f, 0.1164603f, 0.2171627f, 0.2725092f},
                tol::f32);
}

TEST(AugmentKernel, WindowFillsOrReflectsWhatIsOutside) {
  const std::vector<std::uint8_t> image = {0, 51, 102, 153, 204, 255};  // 0 .2 .4 / .6 .8 1
  WindowStep step{.top = -1, .left = 1, .height = 2, .width = 3, .fill = {.7f}};
  expect_values(augmented(image, {2, 3, 1}, {step}), {.7f, .7f, .7f, .2f, .4f, .7f}, tol::f32);
  step.border = Border::reflect;
  expect_values(augmented(image, {2, 3, 1}, {step}), {.8f, 1, .8f, .2f, .4f, .2f}, tol::f32);
  const auto color = augmented(image, {1, 2, 3}, {WindowStep{.left = 1, .height = 1, .width = 2, .fill = {7, 8, 9}}});
  expect_values(color, {.6f, .8f, 1, 7, 8, 9}, tol::f32);
}

TEST(AugmentKernel, RotationGivesTheValuesOfTorchvision) {  // of a 3 x 4 image by 30 degrees
  RotateStep step{.degrees = 30};
  expect_values(augmented(sawtooth(12), {3, 4, 1}, {step}),
                {0.0390534f, 0.2009865f, 0.4089633f, 0.0426920f, 0.1742572f, 0.5901119f, 0.7549862f, 0.4683372f,
                 0.3723874f, 0.4017560f, 0.3224652f, 0.1883199f},
                tol::f32);
  step.nearest = true;
  step.fill[0] = .5f;
  expect_values(augmented(sawtooth(12), {3, 4, 1}, {step}),
                {0.5f, 0.2901961f, 0.2901961f, 0.0117647f, 0, 0.7254902f, 0.8705882f, 0.5921569f, 0.5803922f,
                 0.3019608f, 0.3019608f, 0.5f},
                tol::f32);
}

TEST(AugmentKernel, AQuarterTurnIsCounterClockwise) {
  const auto got = augmented({0, 51, 102, 153}, {2, 2, 1}, {RotateStep{.degrees = 90}});  // 0 .2 / .4 .6
  expect_values(got, {.2f, .6f, 0, .4f}, tol::f32);
}

TEST(AugmentKernel, ErasingOverwritesItsBoxAlone) {
  const std::vector<std::uint8_t> image(3 * 4 * 3, 51);
  const EraseStep step{.top = 1, .left = 2, .height = 2, .width = 1, .value = {-1, 5, 0}};
  std::vector<float> want(image.size(), .2f);
  for (const std::size_t pixel : {6, 10}) want[3 * pixel] = -1, want[3 * pixel + 1] = 5, want[3 * pixel + 2] = 0;
  expect_values(augmented(image, {3, 4, 3}, {step}), want, tol::f32);
}

TEST(AugmentKernel, ErasingWithNoiseIsStandardNormalAndAFunctionOfItsSeed) {
  const std::vector<std::uint8_t> image(33 * 40 * 3);
  const auto erased = [&](std::uint32_t seed) {
    return augmented(image, {33, 40, 3}, {EraseStep{.height = 33, .width = 40, .noise = seed}});
  };
  const auto values = erased(7);
  double mean = 0, square = 0;
  const double n = static_cast<double>(values.size());
  for (const float x : values) mean += x / n, square += x * static_cast<double>(x) / n;
  EXPECT_NEAR(mean, 0, 4 / std::sqrt(n));  // four standard errors
  EXPECT_NEAR(square, 1, 4 * std::sqrt(2 / n));
  EXPECT_EQ(values, erased(7));
  EXPECT_NE(values, erased(9));
}

TEST(AugmentKernel, CropTakesItsBoxFirstOrLater) {
  const auto image = noise(9 * 8 * 3);
  const CropStep box{.top = 2, .left = 3, .height = 5, .width = 4, .out_height = 5, .out_width = 4};
  std::vector<float> want;
  for (int y = 2; y < 7; ++y)
    for (int x = 3; x < 7; ++x)
      for (int c = 0; c < 3; ++c)
        want.push_back(static_cast<float>(image[static_cast<std::size_t>((y * 8 + x) * 3 + c)]) / 255.0f);
  expect_values(augmented(image, {9, 8, 3}, {box}), want, tol::exact);
  expect_values(augmented(image, {9, 8, 3}, {FlipStep{}, FlipStep{}, box}), want, tol::exact);
}

TEST(AugmentKernel, FlipMirrorsTheColumnsOfEveryChannel) {
  const auto got = augmented({0, 51, 102, 153, 204, 255}, {1, 2, 3}, {FlipStep{}});
  expect_values(got, {.6f, .8f, 1, 0, .2f, .4f}, tol::f32);
}

// ---- colour
// ----------------------------------------------------------------------------------------------------------

TEST(AugmentKernel, BrightnessMultipliesAndClamps) {
  expect_values(augmented({51, 102, 204}, {1, 1, 3}, {JitterStep{.brightness = 1.5f}}), {.3f, .6f, 1}, tol::f32);
}

TEST(AugmentKernel, ContrastLeavesAConstantGrayImage) {
  expect_values(augmented({102, 102, 102}, {3, 1, 1}, {JitterStep{.contrast = 1.8f}}), {.4f, .4f, .4f}, tol::f32);
}

TEST(AugmentKernel, ContrastBlendsWithTheMeanLumaOfTheImage) {
  // the luma of a red and of a blue pixel: mean (.2989 + .114) / 2
  const float mean = (.2989f + .114f) / 2;
  expect_values(augmented({255, 0, 0, 0, 0, 255}, {2, 1, 3}, {JitterStep{.contrast = .5f}}),
                {.5f + .5f * mean, .5f * mean, .5f * mean, .5f * mean, .5f * mean, .5f + .5f * mean}, tol::f32);
  // one channel: the mean of the channel; 13 pixels are more than one block of the sum
  std::vector<std::uint8_t> ramp;
  std::vector<float> want;
  for (int i = 0; i < 13; ++i) ramp.push_back(static_cast<std::uint8_t>(10 * i));
  for (int i = 0; i < 13; ++i) want.push_back((.5f * static_cast<float>(10 * i) + .5f * 60) / 255);
  expect_values(augmented(ramp, {1, 13, 1}, {JitterStep{.contrast = .5f}}), want, tol::f32);
}

TEST(AugmentKernel, SaturationBlendsWithTheLumaOfThePixel) {
  expect_values(augmented({255, 0, 0}, {1, 1, 3}, {JitterStep{.saturation = .4f}}),
                {.4f + .6f * .2989f, .6f * .2989f, .6f * .2989f}, tol::f32);
  expect_values(augmented({0, 255, 0}, {1, 1, 3}, {JitterStep{.saturation = 0}}), {.587f, .587f, .587f}, tol::f32);
}

TEST(AugmentKernel, AThirdOfATurnTakesRedToGreenToBlueToRed) {
  const std::vector<std::uint8_t> colors = {255, 0, 0, 0, 255, 0, 0, 0, 255};
  expect_values(augmented(colors, {1, 3, 3}, {JitterStep{.hue = 1.0f / 3}}), {0, 1, 0, 0, 0, 1, 1, 0, 0}, tol::f32);
  expect_values(augmented(colors, {1, 3, 3}, {JitterStep{.hue = -1.0f / 3}}), {0, 0, 1, 1, 0, 0, 0, 1, 0}, tol::f32);
  expect_values(augmented(colors, {1, 3, 3}, {JitterStep{.hue = .5f}}), {0, 1, 1, 1, 0, 1, 1, 1, 0}, tol::f32);
}

/// HSV by the six sectors of the textbook, in double.
void turn_hue(double* rgb, double turns) {
  const double high = std::max({rgb[0], rgb[1], rgb[2]}), low = std::min({rgb[0], rgb[1], rgb[2]}), chroma = high - low;
  if (chroma == 0) return;
  double hue = high == rgb[0]   ? (rgb[1] - rgb[2]) / chroma
               : high == rgb[1] ? 2 + (rgb[2] - rgb[0]) / chroma
                                : 4 + (rgb[0] - rgb[1]) / chroma;
  hue = hue / 6 + turns;
  hue -= std::floor(hue);
  const int sector = static_cast<int>(hue * 6) % 6;
  const double f = hue * 6 - std::floor(hue * 6), s = chroma / high;
  const double p = high * (1 - s), q = high * (1 - s * f), t = high * (1 - s * (1 - f));
  const double table[6][3] = {{high, t, p}, {q, high, p}, {p, high, t}, {p, q, high}, {t, p, high}, {high, p, q}};
  std::copy_n(table[sector], 3, rgb);
}

TEST(AugmentKernel, HueAgreesWithTheSixSectorsOfHsv) {
  auto image = noise(33 * 7 * 3);
  for (int i = 0; i < 12; ++i) image[static_cast<std::size_t>(i)] = 77;  // gray pixels have no hue
  const auto values = unit(image);
  for (const double turns : {-.5, -.21, .0625, .2, .5}) {
    std::vector<float> want;
    for (std::size_t i = 0; i < values.size(); i += 3) {
      double rgb[3] = {values[i], values[i + 1], values[i + 2]};
      turn_hue(rgb, turns);
      for (const double v : rgb) want.push_back(static_cast<float>(v));
    }
    expect_values(augmented(image, {33, 7, 3}, {JitterStep{.hue = static_cast<float>(turns)}}), want,
                  tol::reduce_f32);  // the hue of dark pixels divides by a small chroma
  }
}

TEST(AugmentKernel, NeutralStepsAreExactIdentities) {
  const auto image = noise(7 * 7 * 3);
  const ImageSize size{7, 7, 3};
  expect_values(augmented(image, size, {JitterStep{}}), unit(image), tol::exact);
  expect_values(augmented(image, size, {BlurStep{.sigma = 1, .kernel = 1}}), unit(image), tol::exact);
  expect_values(augmented(image, size, {NormalizeStep{}}), unit(image), tol::exact);
  expect_values(augmented(image, size, {FlipStep{}, FlipStep{}}), unit(image), tol::exact);
}

TEST(AugmentKernel, JitterFollowsItsOrder) {  // doubling clamps before or after the contrast is halved
  JitterStep step{.brightness = 2, .contrast = .5f};
  const std::vector<std::uint8_t> image = {51, 204};                           // .2 .8
  expect_values(augmented(image, {1, 2, 1}, {step}), {.55f, .85f}, tol::f32);  // .4 1, mean .7
  std::swap(step.order[0], step.order[1]);
  expect_values(augmented(image, {1, 2, 1}, {step}), {.7f, 1}, tol::f32);  // .35 .65
}

TEST(AugmentKernel, OneChannelHasNoSaturationHueOrLuma) {
  const auto image = noise(35);
  expect_values(augmented(image, {5, 7, 1}, {JitterStep{.saturation = 0, .hue = .3f}, GrayStep{}}), unit(image),
                tol::exact);
}

TEST(AugmentKernel, GrayWritesTheLumaToAllChannels) {
  expect_values(augmented({255, 0, 0, 0, 0, 255}, {1, 2, 3}, {GrayStep{}}),
                {.2989f, .2989f, .2989f, .114f, .114f, .114f}, tol::f32);
}

TEST(AugmentKernel, SolarizeInvertsFromTheThresholdOn) {
  const auto got = augmented({0, 127, 128, 255}, {2, 2, 1}, {SolarizeStep{static_cast<float>(128.0 / 255)}});
  expect_values(got, {0, 127.0f / 255, 127.0f / 255, 0}, tol::f32);
}

TEST(AugmentKernel, EqualizeGivesTheLevelsOfPillow) {
  std::vector<std::uint8_t> image;
  for (int i = 0; i < 600; ++i) image.push_back(static_cast<std::uint8_t>(i * i * 7 % 101 + 20));
  const auto got = augmented(image, {20, 30, 1}, {EqualizeStep{}});
  const int want[] = {0, 15, 68, 199, 33, 235, 146, 110};
  for (std::size_t i = 0; i < 8; ++i) expect_close(got[i], static_cast<float>(want[i]) / 255.0f, tol::exact);
}

TEST(AugmentKernel, EqualizeRoundsToTheNearestLevelAndLeavesWhatHasTooFewPixels) {
  std::vector<std::uint8_t> image(257, 10);
  for (std::size_t i = 0; i < 256; ++i) image[i] = static_cast<std::uint8_t>(i);
  image[256] = 255;  // 255 pixels below the brightest level: one level each
  expect_values(augmented(image, {1, 257, 1}, {EqualizeStep{}}), unit(image), tol::exact);
  const auto dim = [](float factor) { return JitterStep{.brightness = factor}; };
  const auto halved = augmented(image, {1, 257, 1}, {dim(.501f), EqualizeStep{}});
  expect_close(halved[254], 253.0f / 255, tol::exact);  // level 127, with 253 pixels below: 126.753 is 127 too
  const auto few = std::vector<std::uint8_t>(image.begin(), image.begin() + 254);
  expect_values(augmented(few, {1, 254, 1}, {dim(.501f), EqualizeStep{}}), augmented(few, {1, 254, 1}, {dim(.501f)}),
                tol::exact);
}

TEST(AugmentKernel, EqualizeTakesWhatIsOutsideZeroToOneForTheEnds) {
  std::vector<std::uint8_t> image(2400);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<std::uint8_t>(i % 256);
  const auto wild = augmented(image, {40, 20, 3}, {NormalizeStep{{.5f, .5f, .5f}, {.1f, .1f, 0}}, EqualizeStep{}});
  for (const float x : wild) EXPECT_TRUE(x >= 0 && x <= 1) << x;
}

TEST(AugmentKernel, NormalizeIsPerChannel) {
  expect_values(augmented({51, 102, 153}, {1, 1, 3}, {NormalizeStep{{.1f, .2f, .3f}, {.5f, .25f, 2}}}),
                {.2f, .8f, .15f}, tol::f32);
}

// ---- blur
// ------------------------------------------------------------------------------------------------------------

TEST(AugmentKernel, BlurAgreesWithTheTwoDimensionalGaussian) {
  const std::int64_t sizes[][2] = {{33, 7}, {5, 12}, {4, 4}};
  for (const auto& size : sizes)
    for (const int kernel : {1, 3, 7})
      for (const float sigma : {.1f, .7f, 2.0f}) {
        const auto image = noise(size[0] * size[1]);
        std::vector<float> want(image.size());
        blur_naive(unit(image).data(), size[0], size[1], {sigma, kernel}, want.data());
        expect_values(augmented(image, {size[0], size[1], 1}, {BlurStep{sigma, kernel}}), want, tol::f32);
      }
}

TEST(AugmentKernel, BlurKeepsAConstantImage) {
  const std::vector<std::uint8_t> image(12 * 13 * 3, 51);
  expect_values(augmented(image, {12, 13, 3}, {BlurStep{.sigma = 1.5f, .kernel = 23}}),
                std::vector<float>(image.size(), .2f), tol::f32);
}

TEST(AugmentKernel, BlurReflectsWithoutRepeatingTheEdge) {  // at the left end of 1 0 0 the kernel sees 0 1 0
  const float e = std::exp(-.5f), side = e / (1 + 2 * e), middle = 1 / (1 + 2 * e);
  expect_values(augmented({255, 0, 0, 255, 0, 0}, {2, 3, 1}, {BlurStep{.sigma = 1, .kernel = 3}}),
                {middle, side, 0, middle, side, 0}, tol::f32);
}

// ---- batches
// ---------------------------------------------------------------------------------------------------------

TEST(AugmentKernel, ImagesFollowTheirOwnPlansAtAnyThreadCount) {
  const ImageSize size{9, 9, 3}, out_size{6, 6, 3};
  const std::int64_t n = 33;
  const auto images = noise(n * 9 * 9 * 3);
  std::vector<AugmentPlan> plans;
  for (std::int32_t i = 0; i < n; ++i)
    plans.push_back(plan_of(size, {CropStep{i % 3, i % 4, 5 + i % 2, 3 + i % 3, 6, 6},
                                   JitterStep{.contrast = 1.0f + 0.01f * static_cast<float>(i)}}));
  std::vector<float> one(static_cast<std::size_t>(n * 6 * 6 * 3)), two(one.size());
  set_threads(1);
  augment(Cpu{}, n, size, images.data(), plans.data(), out_size, one.data());
  set_threads(2);
  augment(Cpu{}, n, size, images.data(), plans.data(), out_size, two.data());
  EXPECT_EQ(one, two);

  std::vector<float> alone(6 * 6 * 3);
  augment(Cpu{}, 1, size, images.data() + 20 * 9 * 9 * 3, &plans[20], out_size, alone.data());
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), one.begin() + 20 * 6 * 6 * 3));
}

TEST(Resize, NeverUsesMoreTapsThanItHasRoomFor) {  // at some sizes both ends of a window round outwards
  kernels::ResizeTaps taps;
  for (const Filter filter : {Filter::bilinear, Filter::bicubic})
    for (std::int64_t in = 1; in <= 64; ++in)
      for (std::int64_t out = 1; out <= 64; ++out) {
        kernels::resize_taps(taps, in, out, filter);
        for (std::int64_t i = 0; i < out; ++i) {
          double total = 0;
          for (std::int64_t t = 0; t < taps.count; ++t) total += taps.weights[static_cast<std::size_t>(t * out + i)];
          ASSERT_TRUE(is_close(total, 1, tol::reduce_f32)) << in << " -> " << out << ", output " << i;
          ASSERT_LE(taps.first[static_cast<std::size_t>(i)] + taps.count, in);
        }
      }
}

}  // namespace
}  // namespace akin
