// The warp-wide instructions, each beside its definition.
#include "kernels/cuda/mma.hpp"

#include "twins.hpp"

namespace akin_test {
namespace {

/// One warp: c [16, 8] += a [16, 16] b^T with b [8, 16], or both stored across. Of the block that holds b, rows 8 to 15
/// are not used.
template <bool across>
__global__ void mma_kernel(const std::uint16_t* a, const std::uint16_t* b, float* c) {
  AKIN_SHARED(uint4, shared, 2 * 16 * 16 / 8);
  std::uint16_t* const of_a = reinterpret_cast<std::uint16_t*>(shared);
  std::uint16_t* const of_b = of_a + 256;
  for (int i = threadIdx.x; i < 256; i += 32) of_a[i] = a[i], of_b[i] = b[i];
  __syncwarp();
  const int lane = threadIdx.x, line = lane % 8, lower = lane / 8 % 2 * 8, later = lane / 16 * 8;
  const int at = across ? (later + line) * 16 + lower : (lower + line) * 16 + later;
  const auto x = kernels::detail::load_matrices<across>(of_a + at);
  const auto y = kernels::detail::load_matrices<across>(of_b + at);
  kernels::MmaSums sums;
  float* const mine = c + lane / 4 * 8 + lane % 4 * 2;
  for (int i = 0; i < 4; ++i) sums.value[i] = mine[i / 2 * 64 + i % 2];
  kernels::detail::multiply_add(sums, x, y.part[0], y.part[2]);
  for (int i = 0; i < 4; ++i) mine[i / 2 * 64 + i % 2] = sums.value[i];
}

template <bool across>
void compare_with_the_definition() {
  Twins twins(across ? 2 : 3);
  const auto a = twins.numbers(256), b = twins.numbers(256), c = twins.numbers(128);  // whole 1/32: sums are exact
  const auto bits = [](const std::vector<double>& values) {
    std::vector<std::uint16_t> all;
    for (const double v : values) all.push_back(bf16(static_cast<float>(v)).bits);
    return all;
  };
  const OnDevice<std::uint16_t> device_a(bits(a)), device_b(bits(b));
  const OnDevice<float> device_c({c.begin(), c.end()});
  kernels::launch("mma", kernels::Cuda{}, kernels::Grid{dim3(1), dim3(32)}, mma_kernel<across>,
                  static_cast<const std::uint16_t*>(device_a.data()),
                  static_cast<const std::uint16_t*>(device_b.data()), device_c.data());
  check_cuda("test", cudaDeviceSynchronize());
  const std::vector<float> got = device_c.host();
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t j = 0; j < 8; ++j) {
      double sum = c[i * 8 + j];
      for (std::size_t k = 0; k < 16; ++k)
        sum += across ? a[k * 16 + i] * b[k * 16 + j] : a[i * 16 + k] * b[j * 16 + k];
      EXPECT_EQ(got[i * 8 + j], static_cast<float>(sum)) << i << ' ' << j;
    }
}

TEST(Mma, MultipliesSixteenByEightOfSixteenTerms) { compare_with_the_definition<false>(); }
TEST(Mma, ReadsMatricesThatAreStoredAcross) { compare_with_the_definition<true>(); }

}  // namespace
}  // namespace akin_test
