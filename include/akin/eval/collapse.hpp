// Collapse monitors: does a representation use the space it has? Both need no labels.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>

#include "../ops/elementwise.hpp"
#include "../ops/linalg.hpp"
#include "../ops/norm.hpp"
#include "../ops/reduce.hpp"
#include "features.hpp"

namespace akin::inline AKIN_ABI::eval {

/// The standard deviation (over rows, divided by N - 1) of each dimension of z / |z|, averaged over dimensions: the
/// monitor of SimSiam, arXiv:2011.10566, Sec. 4.1.
/// z        [N, D], N >= 2; a row of zeros stays zero
/// returns  about 1/sqrt(D) for directions spread over the sphere; 0 when all rows point the same way
/// throws   Error if the shape is wrong or a value is not finite
AKIN_LAZY double embedding_std(const Array& z) {
  const Array rows = detail::checked_features("embedding_std", "embeddings", z);
  check(z.dim(0) >= 2, "embedding_std", "needs at least 2 rows, got shape ", z.shape());
  const Array y = ops::l2_normalize(ops::cast(rows, DType::f64)).y;
  const Array centred = ops::sub(y, ops::mean(y, 0, true));
  const Array variance = ops::scale(ops::sum(ops::mul(centred, centred), 0), 1 / static_cast<double>(z.dim(0) - 1));
  double total = 0;
  for (std::int64_t j = 0; j < variance.size(); ++j) total += std::sqrt(variance.data<double>()[j]);
  return total / static_cast<double>(variance.size());
}

/// RankMe: how many dimensions carry the embeddings, exp of the entropy of their singular values sigma (not centred).
///   p_k = sigma_k / sum_j sigma_j + 1e-7,  RankMe = exp(-sum_k p_k log p_k)      arXiv:2210.02885, Eq. 1 and 2
/// z        [N, D]; scaling or rotating it changes nothing
/// returns  1 (all rows on one line: dimensional collapse) ... min(N, D) (all directions equally strong); NaN when all
///          are zero, which have no direction: a monitor must not end the training it watches
/// throws   Error if the shape is wrong or a value is not finite
AKIN_LAZY double rankme(const Array& z) {
  constexpr double epsilon = 1e-7;
  const Array rows = detail::checked_features("rankme", "embeddings", z);
  const Array sigma = ops::cast(ops::singular_values(rows), DType::f64);
  const double total = ops::sum(sigma).item();
  if (total == 0) return std::numeric_limits<double>::quiet_NaN();
  double entropy = 0;
  for (std::int64_t k = 0; k < sigma.size(); ++k) {
    const double p = sigma.data<double>()[k] / total + epsilon;
    entropy -= p * std::log(p);
  }
  return std::exp(entropy);
}

}  // namespace akin::inline AKIN_ABI::eval
