// Mixed precision: matrix products and convolutions in bf16, all else in f32. arXiv:1710.03740 with bf16, which needs no
// loss scaling since its exponents are those of f32.
#pragma once
#include "shape.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {
inline bool& mixed_precision() {
  thread_local bool on = false;
  return on;
}
}  // namespace detail

AKIN_LAZY bool mixed_precision() { return detail::mixed_precision(); }

/// While alive, conv2d and linear on this thread round f32 operands to bf16, sum in f32, and give bf16. What follows
/// them works on bf16 activations; statistics of norms stay f32, and losses convert their embeddings back. Parameters
/// are f32 and get f32 gradients: they are the master weights.
class MixedPrecision {
 public:
  explicit MixedPrecision(bool on = true) : before_(std::exchange(detail::mixed_precision(), on)) {}
  ~MixedPrecision() { detail::mixed_precision() = before_; }
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;

 private:
  bool before_;
};

namespace detail {
/// An operand of a matrix product or convolution, as it goes in.
AKIN_LAZY Tensor operand(const Tensor& x) {
  return mixed_precision() && x.dtype() == DType::f32 ? cast(x, DType::bf16) : x;
}
}  // namespace detail

}  // namespace akin::inline AKIN_ABI
