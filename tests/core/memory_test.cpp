#include "support/test.hpp"

// The sanitizers end the program when an allocation is too large, unless told to behave like malloc.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }

namespace akin {
namespace {

TEST(MemoryPool, StopsAskingTheSystemAfterTheFirstRound) {
  const auto round = [] {
    std::vector<Array> arrays;
    for (const std::int64_t n : {1, 7, 33, 257, 100000}) arrays.push_back(Array::empty({n, 33}));
  };
  round();
  const auto before = memory_stats().system_calls;
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(memory_stats().system_calls, before);
}

TEST(MemoryPool, CountsWhatIsInUseAndItsPeak) {
  const auto before = memory_stats();
  {
    const Array a = Array::empty({1024}), b = Array::empty({1024}), view = a.reshape({32, 32});
    EXPECT_EQ(memory_stats().in_use, before.in_use + 2 * 4096) << "a view must not count";
  }
  EXPECT_EQ(memory_stats().in_use, before.in_use);
  EXPECT_GE(memory_stats().peak, before.in_use + 2 * 4096);
}

TEST(MemoryPool, GivesUnusedBlocksBackWhenTrimmed) {
  for (const std::int64_t n : {12345, 1234567}) {
    { const Array a = Array::empty({n}); }
    trim_memory();
    const auto before = memory_stats().system_calls;
    { const Array a = Array::empty({n}); }
    EXPECT_EQ(memory_stats().system_calls, before + 1) << n;
  }
}

TEST(MemoryPool, CutsLargeBlocksForSmallerOnes) {
  trim_memory();
  { const Array a = Array::empty({std::int64_t{1} << 22}); }  // 16 MiB
  const auto before = memory_stats().system_calls;
  std::vector<Array> parts;
  for (int i = 0; i < 8; ++i) parts.push_back(Array::full({std::int64_t{1} << 19}, i));
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(parts[static_cast<std::size_t>(i)].data<float>()[0], i) << "blocks overlap";
    EXPECT_EQ(parts[static_cast<std::size_t>(i)].data<float>()[(1 << 19) - 1], i) << "blocks overlap";
  }
  parts.clear();
  { const Array whole = Array::empty({std::int64_t{1} << 22}); }
  EXPECT_EQ(memory_stats().system_calls, before) << "freed neighbours grow together again";
}

TEST(MemoryPool, AlignsEveryBlockTo64Bytes) {
  for (const std::int64_t n : {0, 1, 7, 33, 257, 65537}) {
    const Array a = Array::empty({n}, DType::u8);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data<std::uint8_t>()) % 64, 0u) << n;
  }
}

TEST(MemoryPool, RoundsUpByAtMostAnEighth) {
  for (std::size_t bytes = 1; bytes < 5'000'000; bytes += 1 + bytes / 100) {
    const auto rounded = detail::MemoryPool::round_up(bytes);
    ASSERT_GE(rounded, bytes);
    ASSERT_EQ(rounded % 64, 0u);
    if (bytes > 1024)
      ASSERT_LE(static_cast<double>(rounded), 1.125 * static_cast<double>(bytes)) << bytes;
    else
      ASSERT_LT(rounded, bytes + 64);
  }
}

TEST(MemoryPool, ReportsARefusalAndStaysUsable) {
  const auto before = memory_stats();
  expect_error([] { Array::empty({std::int64_t{1} << 50}); }, "memory: the system refused");
  EXPECT_EQ(memory_stats().in_use, before.in_use);
  EXPECT_EQ(memory_stats().peak, before.peak) << "what was refused was never held";
  EXPECT_EQ(Array::ones({7}).size(), 7);
}

TEST(Storage, RefusesADeviceThatTheProgramDoesNotHave) {
  if (has_cuda) GTEST_SKIP();
  expect_error([] { Array::empty({7}, DType::f32, Device::cuda); }, "this build has no CUDA backend");
}

}  // namespace
}  // namespace akin
