// Saved: a value that backward will need, or how to compute it again.
//
// The large arrays of a training step are outputs of convolutions and, after batch norm and relu, inputs of the next
// convolution. Backward needs both, but the second is one cheap sweep over the first. So a function whose output is
// cheap to get from what its own recipe keeps anyway also says how, and a function whose recipe reads an input captures
// x.saved() instead of x.value():
//
//   const Saved again(y, sweeps, [inputs] { return inputs.output(); });
//   return record("batch_norm", y, ...).saved_as(again);
//
//   wrt(w, [in = x.saved()](const Array& dy) { ... in.value() ... })
//
// The array is then free as soon as no Tensor names it. In backward the first recipe that asks computes it, for all that
// share it; with the last of them it is free again. Results do not change by a bit. (Gradient checkpointing does the same
// for whole modules, whose forward pass is not cheap: nn/gradient_checkpointing.hpp.)
#pragma once
#include <memory>
#include <utility>

#include "../core/array.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

/// An array, and the way to get it back.
struct ComputedAgain {
  Array value;  ///< undefined while nobody needs it
  int sweeps;
  ComputedAgain(Array v, int n) : value(std::move(v)), sweeps(n) {}
  virtual ~ComputedAgain() = default;
  virtual Array compute() const = 0;
};
using ComputedAgainPtr = std::shared_ptr<ComputedAgain>;

template <class F>
struct ComputedAgainBy final : ComputedAgain {
  F f;
  ComputedAgainBy(Array v, int n, F how) : ComputedAgain(std::move(v), n), f(std::move(how)) {}
  Array compute() const override { return f(); }
};

}  // namespace detail

/// What a recipe captures: an Array, or one that can be computed again. Copies share what was computed.
class Saved {
 public:
  Saved() = default;
  explicit Saved(Array value) : value_(std::move(value)) {}
  explicit Saved(detail::ComputedAgainPtr again) : again_(std::move(again)) {}
  /// compute() gives `value` again, to the bit, from what it captured: arrays and other Saved, never Tensors. `sweeps`
  /// counts the arrays that are computed on the way, its own included. What would take too many is kept instead: a chain
  /// of residual blocks would be computed from its start for each of its blocks.
  template <class F>
  Saved(const Array& value, int sweeps, F compute) {
    constexpr int most_sweeps = 3;
    if (sweeps <= most_sweeps)
      again_ = std::make_shared<detail::ComputedAgainBy<F>>(value, sweeps, std::move(compute));
    else
      value_ = value;
  }

  bool defined() const { return again_ || value_.defined(); }
  int sweeps() const { return again_ ? again_->sweeps : 0; }
  /// Undefined if nothing was saved. Errors: what it is computed from was changed in place since.
  AKIN_LAZY Array value() const {
    if (again_ && !again_->value.defined()) again_->value = again_->compute();
    return again_ ? again_->value : value_;
  }
  /// The same for one use on the way to another value: what had to be computed is not kept for others.
  AKIN_LAZY Array passing_value() const { return again_ && !again_->value.defined() ? again_->compute() : value(); }
  const detail::ComputedAgainPtr& again() const { return again_; }  ///< null for what is kept as it is

 private:
  Array value_;
  detail::ComputedAgainPtr again_;
};

}  // namespace akin::inline AKIN_ABI
