// What every loss does first with the embeddings it is given.
#pragma once
#include "../fn/shape.hpp"

namespace akin::inline AKIN_ABI::losses {

/// Embeddings [N, D] ready for a loss: bf16 becomes f32, since similarities and their exponentials need the digits.
/// Errors: not [N, D] with N, D > 0.
AKIN_LAZY Tensor embeddings(std::string_view op, const Tensor& z) {
  check(z.rank() == 2 && z.size() > 0, op, "needs embeddings [N, D] with N, D > 0, got ", z.shape());
  return z.dtype() == DType::bf16 ? cast(z, DType::f32) : z;
}

/// Two views of the same batch. Errors: as above; shapes or dtypes differ.
struct ViewPair {
  Tensor a, b;
};
AKIN_LAZY ViewPair view_pair(std::string_view op, const Tensor& za, const Tensor& zb) {
  check_same_shape(op, za, zb);
  check_same_kind(op, za.value(), zb.value());
  return {embeddings(op, za), embeddings(op, zb)};
}

}  // namespace akin::inline AKIN_ABI::losses
