// Arrays in device memory.
#include <akin/core/array.hpp>

#include "twins.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/faults.hpp"
#include "emulator/memory.hpp"
#endif

namespace akin_test {
namespace {

TEST(CudaArray, GoesThereAndBack) {
  const Array here = Array::from<float>({2, 3}, {1, 2, 3, 4, 5, 6}), there = here.to(Device::cuda);
  EXPECT_EQ(there.device(), Device::cuda);
  EXPECT_EQ(there.shape(), here.shape());
  const Array back = there.to(Device::cpu);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(back.data<float>()[i], here.data<float>()[i]);
  EXPECT_TRUE(here.to(Device::cpu).shares_memory(here)) << "already there";
}

TEST(CudaArray, StartsWithWhatWasAskedFor) {
  EXPECT_EQ(Array::full({1}, 2.5, DType::bf16, Device::cuda).item(), 2.5);
  EXPECT_EQ(Array::ones({1}, DType::i64, Device::cuda).item(), 1);
  const Array zeros = Array::zeros({3, 5}, DType::f64, Device::cuda).to(Device::cpu);
  for (int i = 0; i < 15; ++i) EXPECT_EQ(zeros.data<double>()[i], 0);
  EXPECT_EQ(Array::zeros({0, 4}, DType::f32, Device::cuda).to(Device::cpu).size(), 0);
}

TEST(CudaArray, SlicesCopyTheirPart) {
  const Array there = Array::from<float>({3, 2}, {1, 2, 3, 4, 5, 6}).to(Device::cuda);
  EXPECT_EQ(there.slice(0, 1, 2).to(Device::cpu).data<float>()[1], 4);
  EXPECT_EQ(there.slice(0, 2, 3).slice(1, 0, 1).item(), 5);
}

#if defined(AKIN_EMULATOR)
TEST(CudaArray, FreedMemoryStaysInThePool) {
  Array::ones({1}, DType::f32, Device::cuda);
  EXPECT_GT(emulator::heap.kept_bytes, std::size_t{1} << 40);
}

TEST(CudaArray, OutOfMemorySaysHowMuchIsLeft) {
  emulator::reset();
  const auto before = emulator::heap.live_blocks;
  try {
    Array::empty({1 << 20, 1 << 12}, DType::f32, Device::cuda);
    FAIL() << "16 GiB fit in 8";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no room for 16384 MiB more"), std::string::npos) << error.what();
  }
  EXPECT_EQ(emulator::heap.live_blocks, before);
  EXPECT_EQ(Array::ones({1}, DType::f32, Device::cuda).item(), 1) << "the device works on";
}
#endif

}  // namespace
}  // namespace akin_test
