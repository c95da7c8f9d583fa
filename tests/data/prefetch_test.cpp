#include <akin/data/prefetch.hpp>
#include <atomic>

#include "support/test.hpp"

namespace akin::data {
namespace {

TEST(Prefetch, DeliversInOrderWithAnyNumberOfThreadsAndRoom) {
  for (const int threads : {1, 2, 5})
    for (const int room : {1, 2, 7}) {
      Prefetch<std::int64_t> squares(3, 40, threads, room, [] { return [](std::int64_t i) { return i * i; }; });
      for (std::int64_t i = 3; i < 40; ++i) ASSERT_EQ(squares.next(), i * i);
    }
}

TEST(Prefetch, GivesEachThreadAMakerOfItsOwn) {
  std::atomic<int> makers{0};
  Prefetch<int> counts(0, 10, 3, 3, [&] {
    ++makers;
    return [calls = 0](std::int64_t) mutable { return ++calls; };
  });
  for (int i = 0; i < 10; ++i) EXPECT_GE(counts.next(), 1);
  EXPECT_EQ(makers, 3);
}

TEST(Prefetch, RunsAheadOnlyAsFarAsThereIsRoom) {
  std::atomic<std::int64_t> furthest{0};
  Prefetch<std::int64_t> items(0, 100, 2, 3, [&] {
    return [&](std::int64_t i) {
      for (std::int64_t seen = furthest; seen < i && !furthest.compare_exchange_weak(seen, i);) {
      }
      return i;
    };
  });
  for (std::int64_t i = 0; i < 100; ++i) {
    EXPECT_LT(furthest, i + 3);
    items.next();
  }
}

TEST(Prefetch, ThrowsInPlaceOfTheItemAndAgainWhenAskedAgain) {
  Prefetch<std::int64_t> items(0, 100, 3, 4, [] {
    return [](std::int64_t i) {
      check(i < 5, "make", "no item ", i);
      return i;
    };
  });
  for (std::int64_t i = 0; i < 5; ++i) EXPECT_EQ(items.next(), i);
  expect_error([&] { items.next(); }, "make: no item 5");
  expect_error([&] { items.next(); }, "make: no item 5");
}

TEST(Prefetch, StopsAtAnyMomentAndFreesWhatWaits) {
  const auto alive = std::make_shared<int>(0);
  for (int taken = 0; taken < 6; ++taken) {
    Prefetch<std::shared_ptr<int>> items(0, 1000, 2, 4, [&] { return [alive](std::int64_t) { return alive; }; });
    for (int i = 0; i < taken; ++i) items.next();
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(Prefetch, RunsParallelLoopsOfMakersOnTheirOwnThread) {
  Prefetch<bool> serial(0, 4, 2, 2, [] {
    return [](std::int64_t) {
      const auto self = std::this_thread::get_id();
      std::atomic<bool> same{true};
      parallel_for(64, 1, [&](std::int64_t, std::int64_t) { same = same && std::this_thread::get_id() == self; });
      return same.load();
    };
  });
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(serial.next());
}

}  // namespace
}  // namespace akin::data
