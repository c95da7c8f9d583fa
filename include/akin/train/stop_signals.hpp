// Ctrl-C and the end of a job's time: the step is finished and saved first.
#pragma once
#include <signal.h>

#include <atomic>

#include "../core/macros.hpp"

namespace akin::inline AKIN_ABI::train {

namespace detail {
/// The signal that asked us to stop; 0 if none did.
inline std::atomic<int>& stop_signal() {
  static std::atomic<int> received{0};
  return received;
}
}  // namespace detail

/// While alive, the first SIGINT or SIGTERM only makes received() true; the second ends the program as usual.
class StopSignals {
 public:
  AKIN_LAZY StopSignals() {
    static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not wait");
    detail::stop_signal() = 0;
    struct sigaction action {};
    action.sa_handler = note;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, &before_[0]);
    ::sigaction(SIGTERM, &action, &before_[1]);
  }
  ~StopSignals() {
    ::sigaction(SIGINT, &before_[0], nullptr);
    ::sigaction(SIGTERM, &before_[1], nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  static bool received() { return signal() != 0; }
  static int signal() { return detail::stop_signal(); }

 private:
  static void note(int signal) {
    if (detail::stop_signal().exchange(signal) == 0) return;
    ::signal(signal, SIG_DFL);
    ::raise(signal);  // arrives when this handler returns
  }

  struct sigaction before_[2] = {};
};

}  // namespace akin::inline AKIN_ABI::train
