// One augmentation step with given numbers on one picture: transforms IN OUT HEIGHT WIDTH CHANNELS STEP [NUMBER ...].
// IN holds u8 [H, W, C]; OUT becomes f32, as the step leaves the values of [0, 1].
#include <akin/io/file.hpp>
#include <akin/ops/kernels.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using namespace akin;
using namespace akin::kernels;

/// The numbers of a step, in order; those that are missing are 0.
class Numbers {
 public:
  Numbers(char** first, char** end) : next_(first), end_(end) {}
  float real() { return next_ < end_ ? std::strtof(*next_++, nullptr) : 0; }
  std::int32_t integer() { return static_cast<std::int32_t>(real()); }

 private:
  char **next_, **end_;
};

WindowStep window_of(Numbers& n) {
  WindowStep step{.top = n.integer(), .left = n.integer(), .height = n.integer(), .width = n.integer()};
  step.border = n.integer() ? Border::reflect : Border::fill;
  for (float& x : step.fill) x = n.real();
  return step;
}

EraseStep erase_of(Numbers& n) {
  EraseStep step{.top = n.integer(), .left = n.integer(), .height = n.integer(), .width = n.integer()};
  for (float& x : step.value) x = n.real();
  return step;
}

RotateStep rotate_of(Numbers& n) {
  RotateStep step{.degrees = n.real(), .nearest = n.integer() != 0};
  for (float& x : step.fill) x = n.real();
  return step;
}

NormalizeStep normalize_of(Numbers& n) {
  NormalizeStep step;
  for (float& x : step.mean) x = n.real();
  for (float& x : step.std) x = n.real();
  return step;
}

CropStep crop_of(Numbers& n) {
  return {n.integer(),
          n.integer(),
          n.integer(),
          n.integer(),
          n.integer(),
          n.integer(),
          n.integer() ? Filter::bicubic : Filter::bilinear};
}

AugmentStep step_of(const std::string& name, Numbers n) {
  if (name == "crop") return crop_of(n);
  if (name == "window") return window_of(n);
  if (name == "flip") return FlipStep{};
  if (name == "rotate") return rotate_of(n);
  if (name == "erase") return erase_of(n);
  if (name == "brightness") return JitterStep{.brightness = n.real()};
  if (name == "contrast") return JitterStep{.contrast = n.real()};
  if (name == "saturation") return JitterStep{.saturation = n.real()};
  if (name == "hue") return JitterStep{.hue = n.real()};
  if (name == "gray") return GrayStep{};
  if (name == "blur") return BlurStep{.sigma = n.real(), .kernel = n.integer()};
  if (name == "solarize") return SolarizeStep{n.real()};
  if (name == "equalize") return EqualizeStep{};
  if (name == "normalize") return normalize_of(n);
  throw Error("unknown step " + name);
}

int main(int argc, char** argv) try {
  check(argc >= 7, "transforms", "usage: IN OUT HEIGHT WIDTH CHANNELS STEP [NUMBER ...]");
  AugmentPlan plan;
  const ImageSize size{std::atoll(argv[3]), std::atoll(argv[4]), std::atoll(argv[5])};
  plan.size = size;
  plan.add(step_of(argv[6], Numbers(argv + 7, argv + argc)));
  const std::string bytes = io::read_file(argv[1]);
  check(static_cast<std::int64_t>(bytes.size()) == size.pixels() * size.channels, "transforms", "IN has ", bytes.size(),
        " bytes");
  std::vector<float> out(static_cast<std::size_t>(plan.size.pixels() * plan.size.channels));
  augment(Cpu{}, 1, size, reinterpret_cast<const std::uint8_t*>(bytes.data()), &plan, plan.size, out.data());
  std::string written(out.size() * sizeof(float), '\0');
  std::memcpy(written.data(), out.data(), written.size());
  io::write_file(argv[2], written);
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
