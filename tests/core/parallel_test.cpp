#include <akin/core/parallel.hpp>
#include <numeric>
#include <set>

#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

/// Sets the thread count for one test.
/// A float sum whose bits depend on the order of addition.
float awkward_sum(std::int64_t n) {
  return parallel_reduce(
      n, 33, 0.f,
      [](std::int64_t begin, std::int64_t end) {
        float part = 0;
        for (auto i = begin; i < end; ++i) part += 1e4f / static_cast<float>(i + 1) * (i % 3 ? 1.f : -0.7f);
        return part;
      },
      [](float a, float b) { return a + b; });
}

TEST(ParallelFor, VisitsEveryIndexOnceAtAnyThreadCount) {
  for (const int count : {1, 2, 3, 7}) {
    const test::WithThreads with(count);
    for (const std::int64_t n : {0, 1, 7, 33, 257, 4096})
      for (const std::int64_t grain : {0, 1, 7, 33, 5000}) {
        std::vector<int> visits(static_cast<std::size_t>(n));
        parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
          for (auto i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
        });
        ASSERT_EQ(visits, std::vector<int>(static_cast<std::size_t>(n), 1)) << n << " by " << grain;
      }
  }
}

TEST(ParallelFor, CutsPiecesByTheGrainNotByTheThreads) {
  for (const int count : {1, 3}) {
    const test::WithThreads with(count);
    std::vector<std::int64_t> length(5);
    parallel_for(33, 7, [&](std::int64_t begin, std::int64_t end) {
      length[static_cast<std::size_t>(begin / 7)] = end - begin;
    });
    EXPECT_EQ(length, (std::vector<std::int64_t>{7, 7, 7, 7, 5}));
  }
}

TEST(ParallelReduce, GivesTheSameBitsAtAnyThreadCount) {
  for (const std::int64_t n : {1, 7, 33, 257, 10007}) {
    std::vector<std::uint32_t> bits;
    for (const int count : {1, 2, 3}) {
      const test::WithThreads with(count);
      for (int repeat = 0; repeat < 20; ++repeat) bits.push_back(std::bit_cast<std::uint32_t>(awkward_sum(n)));
    }
    EXPECT_EQ(std::set<std::uint32_t>(bits.begin(), bits.end()).size(), 1u) << n;
  }
}

TEST(ParallelReduce, OfNothingIsTheIdentity) {
  EXPECT_EQ(parallel_reduce(
                0, 1, 42, [](auto, auto) { return 1; }, [](int a, int b) { return a + b; }),
            42);
}

TEST(ParallelReduce, CombinesInOrder) {
  const test::WithThreads with(3);
  const auto text = parallel_reduce(
      26, 4, std::string(),
      [](std::int64_t begin, std::int64_t) { return std::string(1, static_cast<char>('a' + begin)); },
      [](const std::string& a, const std::string& b) { return a + b; });
  EXPECT_EQ(text, "aeimquy");
}

TEST(ThreadPool, PassesExceptionsToTheCallerAndGoesOn) {
  const test::WithThreads with(3);
  for (int repeat = 0; repeat < 10; ++repeat) {
    expect_error(
        [] { parallel_for(257, 1, [](std::int64_t i, std::int64_t) { check(i != 100, "body", "failed at ", i); }); },
        "body: failed at 100");
    std::atomic<int> visits = 0;
    parallel_for(257, 1, [&](std::int64_t, std::int64_t) { ++visits; });
    EXPECT_EQ(visits, 257);
  }
}

TEST(ThreadPool, RunsLoopsInsideLoops) {
  const test::WithThreads with(3);
  std::atomic<int> visits = 0;
  parallel_for(7, 1,
               [&](std::int64_t, std::int64_t) { parallel_for(33, 1, [&](std::int64_t, std::int64_t) { ++visits; }); });
  EXPECT_EQ(visits, 7 * 33);
}

TEST(ThreadPool, RunsLoopsOfTwoThreadsAtOnce) {
  const test::WithThreads with(3);
  const float want = awkward_sum(10007);
  std::vector<int> wrong(4);
  std::vector<std::thread> callers;
  for (auto& mine : wrong)
    callers.emplace_back([&mine, want] {
      for (int repeat = 0; repeat < 50; ++repeat) mine += awkward_sum(10007) != want;
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(std::accumulate(wrong.begin(), wrong.end(), 0), 0);
}

TEST(ThreadPool, ChangesItsSize) {
  const int before = threads();
  for (const int count : {1, 5, 2, 1, 3}) {
    set_threads(count);
    EXPECT_EQ(threads(), count);
    std::atomic<int> visits = 0;
    parallel_for(33, 1, [&](std::int64_t, std::int64_t) { ++visits; });
    EXPECT_EQ(visits, 33);
  }
  set_threads(before);
}

TEST(ThreadPool, RefusesImpossibleSizes) {
  expect_error([] { set_threads(0); }, "set_threads: expected 1 ... 1024 threads, got 0");
  expect_error([] { set_threads(5000); }, "got 5000");
}

TEST(SerialScope, KeepsLoopsOnTheCallersThread) {
  const test::WithThreads with(3);
  const SerialScope serial;
  const auto self = std::this_thread::get_id();
  int elsewhere = 0;  // not atomic: a second thread would be a data race
  parallel_for(257, 1, [&](std::int64_t, std::int64_t) { elsewhere += std::this_thread::get_id() != self; });
  EXPECT_EQ(elsewhere, 0);
}

TEST(SerialScope, EndsWithItsBlock) {
  {
    const SerialScope outer;
    const SerialScope inner;
  }
  EXPECT_FALSE(detail::runs_serially());
}

}  // namespace
}  // namespace akin
