// The sigmoid loss of SigLIP: every pair is a decision by itself.
#pragma once
#include "../fn/pair_scores.hpp"
#include "../fn/reduce.hpp"
#include "embeddings.hpp"

namespace akin::inline AKIN_ABI::losses {

struct SiglipOptions {
  double scale = 10;  ///< > 0: factor of the cosine similarity, where training begins
  double bias = -10;  ///< added to it; negative, since most pairs are wrong
};

/// SigLIP: of each pair of a query and a key, say whether they belong together.
///   L = -1/N sum_i sum_j log sigmoid( y[i,j] (t s[i,j] + b) ),  y = 1 if i = j, else -1;  s = cosine similarity
///   arXiv:2303.15343, Algorithm 1. Scale and bias are constants here
/// za, zb   [N, D]  embeddings of the two views (pictures, texts), row i belongs to row i; need not be normalised
/// returns  []      nats per query; unrelated directions give about log(1 + e^-b) + (N - 1) log(1 + e^b)
/// memory   O(N D)
/// throws   Error   if shapes or dtypes differ, they are not [N, D] with N, D > 0, scale is not > 0 or bias not finite
AKIN_LAZY Tensor siglip(const Tensor& za, const Tensor& zb, const SiglipOptions& options = {}) {
  const auto [a, b] = view_pair("siglip", za, zb);
  check_positive("siglip", "scale", options.scale);
  check(std::isfinite(options.bias), "siglip", "bias must be finite, got ", options.bias);
  return mean(
      reduce_pairs(l2_normalize(a), l2_normalize(b), options.scale, ops::EqualIndex{}, ops::SoftplusSum{options.bias}));
}

}  // namespace akin::inline AKIN_ABI::losses
