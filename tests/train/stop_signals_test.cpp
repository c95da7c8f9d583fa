#include <sys/wait.h>
#include <unistd.h>

#include <akin/train/stop_signals.hpp>
#include <csignal>

#include "support/test.hpp"

namespace akin::train {
namespace {

TEST(StopSignals, TheFirstIsNotedAndNothingElse) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const StopSignals watch;
    EXPECT_FALSE(StopSignals::received());
    std::raise(signal);
    EXPECT_TRUE(StopSignals::received());
    EXPECT_EQ(StopSignals::signal(), signal);
  }
}

TEST(StopSignals, TheSecondEndsTheProgram) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const StopSignals watch;
    std::raise(SIGINT);
    std::raise(SIGTERM);
    ::sleep(10);  // sanitizers may deliver it a little later
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST(StopSignals, GivesTheHandlersBack) {
  const auto before = std::signal(SIGTERM, SIG_IGN);
  { const StopSignals watch; }
  EXPECT_EQ(std::signal(SIGTERM, before), SIG_IGN);
}

}  // namespace
}  // namespace akin::train
