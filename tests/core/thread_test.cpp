#include <akin/core/thread.hpp>
#include <vector>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(Thread, ALockKeepsOthersOut) {
  Mutex mutex;
  long counter = 0;  // not atomic: without the lock, increments would be lost (and ThreadSanitizer would say so)
  std::vector<Thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.push_back(Thread([&] {
      for (int k = 0; k < 10000; ++k) {
        const Lock lock(mutex);
        ++counter;
      }
    }));
  for (Thread& thread : threads) thread.join();
  EXPECT_EQ(counter, 40000);
}

TEST(Thread, AnAttemptFailsWhileAnotherHoldsTheMutex) {
  Mutex mutex;
  Lock first(mutex);
  EXPECT_FALSE(Lock::attempt(mutex).held());
  first.unlock();
  EXPECT_FALSE(first.held());
  const Lock second = Lock::attempt(mutex);
  EXPECT_TRUE(second.held());
  EXPECT_FALSE(Lock::attempt(mutex).held());
}

TEST(Thread, AConditionWaitsUntilItIsTrue) {
  Mutex mutex;
  Condition turned;
  int turn = 0;  // the two threads alternate
  const auto play = [&](int mine) {
    for (int round = 0; round < 100; ++round) {
      const Lock lock(mutex);
      turned.wait(mutex, [&] { return turn % 2 == mine; });
      ++turn;
      turned.notify_all();
    }
  };
  Thread other([&] { play(1); });
  play(0);
  other.join();
  EXPECT_EQ(turn, 200);
}

TEST(Thread, OwnsItsBody) {
  auto shared = std::make_shared<int>(0);
  Thread thread([shared] { *shared = 7; });
  thread.join();
  EXPECT_EQ(*shared, 7);
  EXPECT_EQ(shared.use_count(), 1);
}

}  // namespace
}  // namespace akin
