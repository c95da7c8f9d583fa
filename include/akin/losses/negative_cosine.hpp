// Negative cosine similarity, the loss of SimSiam and, scaled, of BYOL.
#pragma once
#include "../fn/elementwise.hpp"
#include "../fn/norm.hpp"
#include "../fn/reduce.hpp"

namespace akin::inline AKIN_ABI::losses {

/// Negative cosine: a prediction should point where its target points.
///   l = -mean_i cos(p[i], z[i])      SimSiam, arXiv:2011.10566, Eq. 1. BYOL's (arXiv:2006.07733, Eq. 2) is 2 + 2 l.
/// p, z     [N, D]  prediction and target. Gradients flow into both; pass z.detach() for the stop-gradient
/// returns  []      in [-1, 1]; chance level 0 (unrelated directions), -1 also when all outputs collapse to one point
/// throws   Error   if shapes differ or are not [N, D] with N, D > 0
AKIN_LAZY Tensor negative_cosine(const Tensor& p, const Tensor& z) {
  check_same_shape("negative_cosine", p, z);
  check(p.rank() == 2 && p.size() > 0, "negative_cosine", "needs [N, D] with N, D > 0, got ", p.shape());
  return scale(mean(sum(l2_normalize(p) * l2_normalize(z), 1)), -1);
}

}  // namespace akin::inline AKIN_ABI::losses
