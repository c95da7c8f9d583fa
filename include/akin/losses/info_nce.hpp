// InfoNCE, the loss of CPC; with embeddings of other batches as further candidates.
#pragma once
#include "../fn/activation.hpp"
#include "../fn/elementwise.hpp"
#include "../fn/pair_scores.hpp"
#include "../fn/reduce.hpp"
#include "embeddings.hpp"

namespace akin::inline AKIN_ABI::losses {

struct InfoNceOptions {
  double temperature = 0.1;  ///< > 0, dimensionless
};

namespace detail {

/// log sum over the bank of exp(s[i, j]/t), minus the score of each query's own key: [N]. All are unit vectors.
AKIN_LAZY Tensor bank_against_key(const Tensor& q, const Tensor& k, const Tensor& bank, double temperature) {
  return reduce_pairs(q, bank, 1 / temperature, ops::AllPairs{}) - sum(q * k, 1) / temperature;
}

}  // namespace detail

/// InfoNCE: each query must find its own key among all keys of the batch. One direction; CLIP is the mean of both.
///   l(i) = -log( exp(s[i,i]/t) / sum_k exp(s[i,k]/t) ),  s = cosine similarity      CPC, arXiv:1807.03748, Eq. 4
/// queries, keys  [N, D]  row i of both from the same image; need not be normalised
/// bank           [K, D]  keys of other batches, as further wrong answers; or undefined. It gets no gradient
/// returns        []      mean over the queries, nats; chance level log(N + K)
/// memory         O((N + K) D)
/// throws         Error   if shapes or dtypes do not fit, N, D or K is 0, or temperature is not > 0 and finite
AKIN_LAZY Tensor info_nce(const Tensor& queries, const Tensor& keys, const InfoNceOptions& options = {},
                          const Array& bank = {}) {
  const auto [a, b] = view_pair("info_nce", queries, keys);
  check_positive("info_nce", "temperature", options.temperature);
  const Tensor q = l2_normalize(a), k = l2_normalize(b);
  const Tensor batch = reduce_pairs(q, k, 1 / options.temperature, ops::EqualIndex{});  // [N], each >= 0
  if (!bank.defined()) return mean(batch);
  const Tensor others = detail::bank_against_key(q, k, unit_bank("info_nce", bank, q), options.temperature);
  return mean(batch + softplus(others - batch));  // log(exp(batch) + exp(others))
}

}  // namespace akin::inline AKIN_ABI::losses
