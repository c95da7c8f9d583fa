// NT-Xent, the loss of SimCLR.
#pragma once
#include "../fn/pair_scores.hpp"
#include "../fn/reduce.hpp"
#include "embeddings.hpp"

namespace akin::inline AKIN_ABI::losses {

struct NtXentOptions {
  double temperature = 0.5;  ///< > 0, dimensionless; 0.5 in the paper's CIFAR-10 runs
};

/// NT-Xent: each view must pick its partner among the other 2N-1 embeddings of the batch.
///   l(i) = -log( exp(s[i,p(i)]/t) / sum_{k != i} exp(s[i,k]/t) ),  s = cosine similarity
///   SimCLR, arXiv:2002.05709, Eq. 1 (the authors' code returns twice this mean)
/// za, zb   [N, D]  embeddings of the two views, row i from the same image; need not be normalised
/// returns  []      mean over the 2N anchors, nats; chance level log(2N - 1)
/// memory   O(N D): the [2N, 2N] similarities are computed block by block, and again for the gradient
/// throws   Error   if shapes or dtypes differ, they are not [N, D] with N, D > 0, or temperature is not > 0 and finite
AKIN_LAZY Tensor nt_xent(const Tensor& za, const Tensor& zb, const NtXentOptions& options = {}) {
  const auto [a, b] = view_pair("nt_xent", za, zb);
  check_positive("nt_xent", "temperature", options.temperature);
  const Tensor z = l2_normalize(concat(a, b));  // [2N, D]
  return mean(reduce_pairs(z, 1 / options.temperature, ops::PartnerView{a.dim(0)}));
}

}  // namespace akin::inline AKIN_ABI::losses
