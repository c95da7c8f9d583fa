// Negative cosine similarity, the loss of SimSiam and, scaled, of BYOL.
#pragma once
#include "../fn/elementwise.hpp"
#include "../fn/norm.hpp"
#include "../fn/reduce.hpp"
#include "embeddings.hpp"

namespace akin::inline AKIN_ABI::losses {

/// Negative cosine: a prediction should point where its target points.
///   l = -mean_i cos(p[i], z[i])      SimSiam, arXiv:2011.10566, Eq. 1. BYOL's (arXiv:2006.07733, Eq. 2) is 2 + 2 l.
/// p, z     [N, D]  prediction and target. Gradients flow into both; pass z.detach() for the stop-gradient
/// returns  []      in [-1, 1]; chance level 0 (unrelated directions), -1 also when all outputs collapse to one point
/// throws   Error   if shapes or dtypes differ, or are not [N, D] with N, D > 0
AKIN_LAZY Tensor negative_cosine(const Tensor& p, const Tensor& z) {
  const auto [a, b] = view_pair("negative_cosine", p, z);
  return scale(mean(sum(l2_normalize(a) * l2_normalize(b), 1)), -1);
}

}  // namespace akin::inline AKIN_ABI::losses
