#include <unistd.h>

#include <akin/train/stop_signals.hpp>
#include <csignal>

#include "support/test.hpp"

namespace akin::train {
namespace {

TEST(StopSignals, TheFirstIsNotedAndNothingElse) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const StopSignals watch;
    EXPECT_FALSE(StopSignals::received());
    std::raise(signal);
    EXPECT_TRUE(StopSignals::received());
    EXPECT_EQ(StopSignals::signal(), signal);
  }
}

TEST(StopSignals, TheSecondEndsTheProgram) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";  // in a fresh process: other tests may have made threads
  const auto both = [] {
    const StopSignals watch;
    std::raise(SIGINT);
    std::raise(SIGTERM);
    ::_exit(0);
  };
  EXPECT_EXIT(both(), ::testing::KilledBySignal(SIGTERM), "");
}

TEST(StopSignals, LeavesIgnoredOnesAlone) {  // a run begun with nohup
  const auto before = std::signal(SIGHUP, SIG_IGN);
  {
    const StopSignals watch;
    std::raise(SIGHUP);
    EXPECT_FALSE(StopSignals::received());
    std::raise(SIGPIPE);  // pretrain | head
    EXPECT_FALSE(StopSignals::received());
  }
  EXPECT_EQ(std::signal(SIGHUP, before), SIG_IGN);
}

TEST(StopSignals, GivesTheHandlersBack) {
  const auto before = std::signal(SIGTERM, SIG_IGN);
  { const StopSignals watch; }
  EXPECT_EQ(std::signal(SIGTERM, before), SIG_IGN);
}

}  // namespace
}  // namespace akin::train
