#include "kernels/cuda/augment.hpp"

#include "kernels/cpu/augment.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using namespace kernels;

std::vector<std::uint8_t> random_bytes(std::int64_t count) {
  std::mt19937 generator(1);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(generator() % 256);
  return bytes;
}

AugmentPlan plan_from(const ImageSize& size, const std::vector<AugmentStep>& steps) {
  AugmentPlan plan;
  plan.size = size;
  for (const AugmentStep& step : steps) plan.add(step);
  return plan;
}

/// Both backends take the images through their plans.
void compare_augmented(const ImageSize& size, const std::vector<AugmentPlan>& plans, double tolerance = 2e-5) {
  const auto n = static_cast<std::int64_t>(plans.size());
  const ImageSize out_size = n ? plans[0].size : size;
  const auto images = random_bytes(n * size.pixels() * size.channels);
  std::vector<float> want(static_cast<std::size_t>(n * out_size.pixels() * out_size.channels));
  augment(Cpu{}, n, size, images.data(), plans.data(), out_size, want.data());
  const float guard = 96;
  std::vector<float> unwritten(want.size(), std::numeric_limits<float>::quiet_NaN());
  unwritten.push_back(guard);
  const OnDevice<std::uint8_t> device_images(images);
  const OnDevice<float> out(unwritten);
  augment(Cuda{}, n, size, device_images.data(), plans.data(), out_size, out.data());
  check_cuda("test", cudaDeviceSynchronize());
  const std::vector<float> got = out.host();
  EXPECT_EQ(got.back(), guard);
  double largest = 1e-30;
  for (const float x : want)
    if (std::isfinite(x)) largest = std::max(largest, std::abs(static_cast<double>(x)));
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (std::isfinite(want[i]))
      ASSERT_LE(std::abs(static_cast<double>(got[i]) - want[i]), tolerance * largest)
          << i << ": " << got[i] << ", " << want[i];
    else
      ASSERT_TRUE(std::isnan(want[i]) ? std::isnan(got[i]) : got[i] == want[i]) << i;
  }
}
/// The same steps for two images of each of some sizes, the last too large for shared memory.
void compare_steps(const std::vector<AugmentStep>& steps, double tolerance = 2e-5) {
  for (const std::int64_t channels : {1, 3})
    for (const ImageSize& size : {ImageSize{9, 8, channels}, {33, 17, channels}, {61, 70, channels}}) {
      SCOPED_TRACE(testing::Message() << size.height << " x " << size.width << " x " << channels);
      compare_augmented(size, {2, plan_from(size, steps)}, tolerance);
    }
}

TEST(CudaAugment, OfNothingIsNothing) {
  compare_augmented({4, 4, 3}, {});
  compare_steps({}, 0);
}

TEST(CudaAugment, CropsAndResizesAreTheirTwins) {
  const std::int32_t sizes[][4] = {{7, 6, 5, 5}, {7, 5, 28, 3}, {1, 1, 7, 3}, {5, 7, 5, 7}, {2, 6, 1, 33}};
  for (const auto& box : sizes)
    for (const Filter filter : {Filter::bilinear, Filter::bicubic}) {
      const CropStep crop{2, 1, box[0], box[1], box[2], box[3], filter};
      compare_steps({crop});
      compare_steps({FlipStep{}, crop});
    }
  const ImageSize large{150, 140, 3};
  compare_augmented(large, {2, plan_from(large, {CropStep{3, 4, 140, 130, 32, 32, Filter::bicubic}})});
}

TEST(CudaAugment, GeometryIsItsTwin) {
  compare_steps({FlipStep{}}, 0);
  compare_steps({WindowStep{-2, 3, 12, 9, Border::fill, {.7f, -1, 5}}}, 0);
  compare_steps({WindowStep{-2, -3, 13, 9, Border::reflect, {}}}, 0);
  compare_steps({RotateStep{.degrees = 30, .fill = {.5f, 0, 2}}});
  compare_steps({RotateStep{.degrees = -77, .nearest = true, .fill = {.5f, 0, 2}}});
  compare_steps({EraseStep{1, 2, 5, 4, {.1f, .2f, 3}, 0}}, 0);
  compare_steps({EraseStep{1, 2, 5, 4, {}, 7}});
}

TEST(CudaAugment, ColourIsItsTwin) {
  compare_steps({JitterStep{}}, 0);
  compare_steps({JitterStep{1.3f, .6f, .4f, .2f, {0, 1, 2, 3}}});
  compare_steps({JitterStep{.7f, 1.6f, 1.4f, -.4f, {3, 1, 0, 2}}});
  compare_steps({GrayStep{}});
  compare_steps({SolarizeStep{static_cast<float>(128.0 / 255)}});
  compare_steps({EqualizeStep{}}, 0);
  compare_steps({SolarizeStep{.3f}, EqualizeStep{}}, 0);  // brightest level is not 255
  compare_steps({NormalizeStep{{.5f, .4f, .3f}, {.2f, .1f, 3}}});
  compare_steps({NormalizeStep{{.5f, .4f, .3f}, {.1f, .1f, 0}}, EqualizeStep{}}, 0);
}

TEST(CudaAugment, BlurIsItsTwin) {
  for (const int kernel : {1, 3, 15})
    for (const float sigma : {.1f, .7f, 2.0f}) compare_steps({BlurStep{sigma, kernel}});
}

TEST(CudaAugment, ImagesFollowTheirOwnPlans) {
  const ImageSize size{9, 9, 3};
  std::vector<AugmentPlan> plans;
  for (std::int32_t i = 0; i < 33; ++i) {
    std::vector<AugmentStep> steps = {CropStep{i % 3, i % 4, 5 + i % 2, 3 + i % 3, 6, 6}};
    if (i % 2) steps.push_back(FlipStep{});
    if (i % 3) steps.push_back(JitterStep{.contrast = 1.0f + 0.01f * static_cast<float>(i)});
    if (i % 5) steps.push_back(BlurStep{1, 3});
    plans.push_back(plan_from(size, steps));
  }
  compare_augmented(size, plans);
}

TEST(CudaAugment, ABlockTakesSeveralImages) {
  const ImageSize size{2, 3, 1};
  std::vector<AugmentPlan> plans;
  for (std::int64_t i = 0; i < most_blocks + 5; ++i)
    plans.push_back(plan_from(size, {RotateStep{.degrees = static_cast<float>(i)}}));
  compare_augmented(size, plans);
}

TEST(CudaAugment, AllStepsInOnePlanAreTheirTwins) {
  compare_steps({CropStep{1, 0, 7, 8, 16, 16}, FlipStep{}, WindowStep{-2, -2, 16, 16, Border::reflect, {}},
                 JitterStep{1.1f, .9f, 1.2f, .1f, {2, 0, 3, 1}}, GrayStep{}, BlurStep{1, 3}, SolarizeStep{.6f},
                 RotateStep{.degrees = 12}, EraseStep{3, 3, 4, 5, {}, 9}, NormalizeStep{{.5f, .5f, .5f}, {2, 2, 2}}});
}

}  // namespace
}  // namespace akin_test
