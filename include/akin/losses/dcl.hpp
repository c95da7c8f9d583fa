// Decoupled contrastive learning: the right answer does not compete with the wrong ones.
#pragma once
#include "../fn/elementwise.hpp"
#include "../fn/pair_scores.hpp"
#include "../fn/reduce.hpp"
#include "../ops/softmax.hpp"
#include "embeddings.hpp"

namespace akin::inline AKIN_ABI::losses {

struct DclOptions {
  double temperature = 0.1;  ///< > 0, dimensionless
};

struct DclwOptions {
  double temperature = 0.1;  ///< > 0, dimensionless
  double sigma = 0.5;        ///< > 0: how sharply pairs that are alike already lose weight
};

namespace detail {

AKIN_LAZY Tensor decoupled(std::string_view op, const ViewPair& views, double temperature) {
  check(views.a.dim(0) >= 2, op, "needs 2 pairs or more, one has no negatives, got ", views.a.shape());
  check_positive(op, "temperature", temperature);
  const Tensor z = l2_normalize(concat(views.a, views.b));  // [2N, D]
  return mean(reduce_pairs(z, 1 / temperature, ops::DecoupledPartner{views.a.dim(0)}));
}

}  // namespace detail

/// DCL: NT-Xent without the partner in the denominator.
///   l(i) = -s[i,p(i)]/t + log sum_{k != i, p(i)} exp(s[i,k]/t),  s = cosine similarity      arXiv:2110.06848, Sec. 3
/// za, zb   [N, D]  embeddings of the two views, row i from the same image; need not be normalised; N >= 2
/// returns  []      mean over the 2N anchors, nats, also below 0; chance level log(2N - 2)
/// memory   O(N D)
/// throws   Error   if shapes or dtypes differ, they are not [N, D] with N >= 2 and D > 0, or temperature is not > 0
///                  and finite
AKIN_LAZY Tensor dcl(const Tensor& za, const Tensor& zb, const DclOptions& options = {}) {
  return detail::decoupled("dcl", view_pair("dcl", za, zb), options.temperature);
}

/// DCLW: DCL in which pairs that are alike already pull less.
///   w(i) s[i,p(i)]/t instead of s[i,p(i)]/t,  w(i) = 2 - N softmax_i(s[i,p(i)]/sigma)      arXiv:2110.06848, Sec. 3
/// Weights are constants: no gradient flows through them (lightly's choice; the authors' code differentiates them), so
/// central differences do not apply, and there is no row in the table.
/// za, zb, returns, throws: as for dcl; Error too if sigma is not > 0 and finite
AKIN_LAZY Tensor dclw(const Tensor& za, const Tensor& zb, const DclwOptions& options = {}) {
  const auto views = view_pair("dclw", za, zb);
  const Tensor plain = detail::decoupled("dclw", views, options.temperature);
  check_positive("dclw", "sigma", options.sigma);
  const Tensor s = sum(l2_normalize(views.a) * l2_normalize(views.b), 1);  // [N]
  const double n = static_cast<double>(s.dim(0));
  const Array softmax = ops::softmax(ops::scale(s.value(), 1 / options.sigma));
  const Tensor less(ops::add_scalar(ops::scale(softmax, n), -1));  // 1 - w
  return plain + mean(less * s) / options.temperature;
}

}  // namespace akin::inline AKIN_ABI::losses
