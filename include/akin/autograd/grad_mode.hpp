// no_grad: forward passes that record nothing.
#pragma once
#include "../core/macros.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {
inline bool& grad_enabled() {
  thread_local bool enabled = true;
  return enabled;
}
}  // namespace detail

AKIN_LAZY bool grad_enabled() { return detail::grad_enabled(); }

/// While alive, nothing on this thread is recorded: evaluation, target networks, updates by hand.
class NoGrad {
 public:
  NoGrad() : before_(detail::grad_enabled()) { detail::grad_enabled() = false; }
  ~NoGrad() { detail::grad_enabled() = before_; }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

/// f() without recording.
template <class F>
decltype(auto) no_grad(F&& f) {
  const NoGrad guard;
  return f();
}

}  // namespace akin::inline AKIN_ABI
