// NT-Xent, the loss of SimCLR.
#pragma once
#include "../fn/elementwise.hpp"
#include "../fn/index.hpp"
#include "../fn/matmul.hpp"
#include "../fn/norm.hpp"
#include "../fn/reduce.hpp"
#include "../fn/softmax.hpp"
#include "embeddings.hpp"

namespace akin::inline AKIN_ABI::losses {

struct NtXentOptions {
  double temperature = 0.5;  ///< > 0, dimensionless; 0.5 in the paper's CIFAR-10 runs
};

namespace detail {

/// The logit of what must not be chosen. Its softmax is exactly 0, as that of -infinity, but it is a number: 0 times it
/// is 0, and anomaly mode has nothing to report.
inline constexpr double no_candidate = -1e30;

/// Of 2N rows [first views; second views], the row of each one's partner: i <-> i + N.
AKIN_LAZY Array partners(std::int64_t n) {
  Array partner = Array::empty({2 * n}, DType::i64);
  for (std::int64_t i = 0; i < 2 * n; ++i) partner.mut<std::int64_t>()[i] = (i + n) % (2 * n);
  return partner;
}

}  // namespace detail

/// NT-Xent: each view must pick its partner among the other 2N-1 embeddings of the batch.
///   l(i) = -log( exp(s[i,p(i)]/t) / sum_{k != i} exp(s[i,k]/t) ),  s = cosine similarity
///   SimCLR, arXiv:2002.05709, Eq. 1 (the authors' code returns twice this mean)
/// za, zb   [N, D]  embeddings of the two views, row i from the same image; need not be normalised
/// returns  []      mean over the 2N anchors, nats; chance level log(2N - 1)
/// throws   Error   if shapes or dtypes differ, they are not [N, D] with N, D > 0, or temperature is not > 0 and finite
AKIN_LAZY Tensor nt_xent(const Tensor& za, const Tensor& zb, const NtXentOptions& options = {}) {
  const auto [a, b] = view_pair("nt_xent", za, zb);
  check(options.temperature > 0 && std::isfinite(options.temperature), "nt_xent",
        "temperature must be > 0 and finite, got ", options.temperature);
  const Tensor z = l2_normalize(concat(a, b));                                                // [2N, D]
  const Tensor logits = scale(matmul(z, z, {.transpose_b = true}), 1 / options.temperature);  // [2N, 2N]
  const Tensor log_p = log_softmax(fill_diagonal(logits, detail::no_candidate));              // [2N, 2N]
  return scale(mean(gather_last(log_p, detail::partners(a.dim(0)))), -1);
}

}  // namespace akin::inline AKIN_ABI::losses
