// Scores of all pairs of embeddings, each row reduced to one number, with gradients for both sides.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/pair_scores.hpp"

namespace akin::inline AKIN_ABI {

/// How row i of a scores its right column, compared with others: y[i] = f over j of s[i, j], minus s[i, right(i)].
///   s[i, j] = scale a[i] . c[j];  f is LogSumExp (-log softmax of the right one) or SoftplusSum
/// a [M, D], c [K, D], pairs as in kernels/pairs.hpp -> [M]. Memory O((M + K) D): the scores are computed block by block,
/// in backward once more. Errors: shapes or dtypes do not fit; scale is not > 0 and finite.
template <class Pairs, class Reduction = ops::LogSumExp>
Tensor reduce_pairs(const Tensor& a, const Tensor& c, double scale, const Pairs& pairs, const Reduction& f = {}) {
  const auto result = ops::reduce_pairs(a.value(), c.value(), scale, pairs, f);
  return record("reduce_pairs", result.y,
                wrt({a, c}, [a = a.value(), c = c.value(), scale, pairs, f, saved = result, da = a.requires_grad(),
                             dc = c.requires_grad()](const Array& dy) {
                  auto [of_a, of_c] = ops::reduce_pairs_backward(dy, a, c, scale, saved, pairs, f, da, dc);
                  return std::array{of_a, of_c};
                }));
}

/// The same of z [M, D] with itself, for symmetric pairs: each score is computed once for both of its rows -> [M].
template <class Pairs, class Reduction = ops::LogSumExp>
Tensor reduce_pairs(const Tensor& z, double scale, const Pairs& pairs, const Reduction& f = {}) {
  const auto result = ops::reduce_pairs(z.value(), scale, pairs, f);
  return record("reduce_pairs", result.y, wrt(z, [z = z.value(), scale, pairs, f, saved = result](const Array& dy) {
                  return ops::reduce_pairs_backward(dy, z, scale, saved, pairs, f);
                }));
}

}  // namespace akin::inline AKIN_ABI
