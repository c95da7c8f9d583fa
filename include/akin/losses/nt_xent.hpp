// NT-Xent, the loss of SimCLR.
#pragma once
#include "../fn/elementwise.hpp"
#include "../fn/matmul.hpp"
#include "../fn/norm.hpp"
#include "../fn/reduce.hpp"
#include "../fn/shape.hpp"
#include "../fn/softmax.hpp"

namespace akin::inline AKIN_ABI::losses {

struct NtXentOptions {
  double temperature = 0.5;  ///< > 0, dimensionless; 0.5 in the paper's CIFAR-10 runs
};

namespace detail {
/// 0, and minus infinity on the diagonal: nothing competes with itself.
AKIN_LAZY Array diagonal_mask(std::int64_t n, DType dtype) {
  Array mask = Array::zeros({n, n}, dtype);
  on_float(dtype, "nt_xent", [&]<class T>() {
    for (std::int64_t i = 0; i < n; ++i) mask.mut<T>()[i * n + i] = static_cast<T>(-INFINITY);
  });
  return mask;
}
}  // namespace detail

/// NT-Xent: each view must pick its partner among the other 2N-1 embeddings of the batch.
///   l(i) = -log( exp(s[i,p(i)]/t) / sum_{k != i} exp(s[i,k]/t) ),  s = cosine similarity
///   SimCLR, arXiv:2002.05709, Eq. 1 (the authors' code returns twice this mean)
/// za, zb   [N, D]  embeddings of the two views, row i from the same image; need not be normalised
/// returns  []      mean over the 2N anchors, nats; chance level log(2N - 1)
/// throws   Error   if shapes differ, N < 1 or temperature <= 0
AKIN_LAZY Tensor nt_xent(const Tensor& za, const Tensor& zb, NtXentOptions options = {}) {
  check_same_shape("nt_xent", za, zb);
  check(za.rank() == 2 && za.size() > 0, "nt_xent", "needs embeddings [N, D] with N, D > 0, got ", za.shape());
  check(options.temperature > 0, "nt_xent", "temperature must be > 0, got ", options.temperature);
  const double t = options.temperature;
  const std::int64_t n = za.dim(0);
  const Tensor z = l2_normalize(concat(za, zb));                                          // [2N, D]
  const Tensor logits = scale(matmul(z, z, {.transpose_b = true}), 1 / t);                // [2N, 2N]
  const Tensor others = logsumexp(logits + Tensor(detail::diagonal_mask(2 * n, z.dtype())));  // [2N]
  const Tensor partner = sum(slice(z, 0, 0, n) * slice(z, 0, n, 2 * n), 1);               // [N]
  return mean(others) - scale(mean(partner), 1 / t);
}

}  // namespace akin::inline AKIN_ABI::losses
