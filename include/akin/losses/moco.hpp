// The loss of MoCo: one right key against a queue of earlier ones.
#pragma once
#include "info_nce.hpp"

namespace akin::inline AKIN_ABI::losses {

struct MocoOptions {
  double temperature = 0.07;  ///< > 0, dimensionless; MoCo v2 takes 0.2
};

/// MoCo: each query must tell its own key from the queue. Keys of the batch are no candidates of each other.
///   l(i) = -log( exp(s[i,i]/t) / (exp(s[i,i]/t) + sum_j exp(s[i,j]/t)) ),  j in the queue    arXiv:1911.05722, Eq. 1
/// queries  [N, D]  keys [N, D] of the momentum encoder, row i from the same image; need not be normalised
/// queue    [K, D]  keys of earlier batches; this batch's enter it after the loss. It gets no gradient
/// returns  []      mean over the queries, nats; chance level log(1 + K)
/// throws   Error   if shapes or dtypes do not fit, N, D or K is 0, or temperature is not > 0 and finite
AKIN_LAZY Tensor moco(const Tensor& queries, const Tensor& keys, const Array& queue, const MocoOptions& options = {}) {
  const auto [a, b] = view_pair("moco", queries, keys);
  check_positive("moco", "temperature", options.temperature);
  const Tensor q = l2_normalize(a), k = l2_normalize(b);
  return mean(softplus(detail::bank_against_key(q, k, unit_bank("moco", queue, q), options.temperature)));
}

}  // namespace akin::inline AKIN_ABI::losses
