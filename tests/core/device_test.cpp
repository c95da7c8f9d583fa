#include "support/test.hpp"

namespace akin {
namespace {

TEST(Device, DispatchHandsOverTheTag) {
  on(Device::cpu, [](auto queue) { EXPECT_TRUE((std::is_same_v<decltype(queue), kernels::Cpu>)); });
  EXPECT_EQ(on(Device::cpu, [](auto) { return 7; }), 7);
}

TEST(Device, IsParsedFromItsName) {
  EXPECT_EQ(parse_device("cpu"), Device::cpu);
  EXPECT_EQ(cat(Device::cpu, Device::cuda), "cpucuda");
  expect_error([] { parse_device("gpu"); }, "device: unknown device 'gpu'; known are cpu and cuda");
}

TEST(Device, CudaWithoutCudaIsAnErrorNeverAFallback) {
  if (has_cuda) {
    EXPECT_EQ(parse_device("cuda"), Device::cuda);
    return;
  }
  expect_error([] { parse_device("cuda"); }, "--device cuda: this build has no CUDA backend");
  expect_error([] { on(Device::cuda, [](auto) {}); }, "cuda: this build has no CUDA backend; use --device cpu");
}

}  // namespace
}  // namespace akin
