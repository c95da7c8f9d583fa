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

/// While alive, the first SIGINT, SIGTERM or SIGHUP only makes received() true; the second ends the program as usual.
/// Those that the program was told to ignore (nohup) stay ignored; so is SIGPIPE, a reader of the output that went
/// away.
class StopSignals {
 public:
  AKIN_LAZY StopSignals() {
    static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not wait");
    detail::stop_signal() = 0;
    struct sigaction action {};
    ::sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;  // a save must not fail because it was asked for
    for (int i = 0; i < 4; ++i) {
      action.sa_handler = caught[i] == SIGPIPE ? SIG_IGN : note;
      ::sigaction(caught[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) ::sigaction(caught[i], &action, nullptr);
    }
  }
  ~StopSignals() {
    for (int i = 0; i < 4; ++i) ::sigaction(caught[i], &before_[i], nullptr);
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

  static constexpr int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  struct sigaction before_[4] = {};
};

}  // namespace akin::inline AKIN_ABI::train
