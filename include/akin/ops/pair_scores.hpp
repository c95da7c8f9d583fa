// Scores of all pairs of embeddings, each row of them reduced to one number; forward and backward. The matrix of scores
// is never built.
#pragma once
#include <cmath>

#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

using kernels::AllPairs;
using kernels::DecoupledPartner;
using kernels::EqualIndex;
using kernels::LogSumExp;
using kernels::OthersOnly;
using kernels::PartnerView;
using kernels::SoftplusSum;

struct ReducedPairs {
  Array y;           ///< [M]
  Array shift, sum;  ///< [M]: the maximum and the sum of each row, for the backward pass
};

namespace detail {

AKIN_LAZY kernels::PairShape pair_shape(std::string_view op, const Array& a, const Array& c, double scale,
                                        bool symmetric) {
  check(a.rank() == 2 && c.rank() == 2 && a.dim(1) == c.dim(1), op, "needs rows [M, D] and columns [K, D], got ",
        a.shape(), " and ", c.shape());
  check(a.size() > 0 && c.size() > 0, op, "there is nothing to compare in ", a.shape(), " and ", c.shape());
  check_same_kind(op, a, c);
  check(a.dtype() == DType::f32 || a.dtype() == DType::f64, op, "values must be f32 or f64, got ", a.dtype(),
        "; convert with cast()");
  check(scale > 0 && std::isfinite(scale), op, "scale must be > 0 and finite, got ", scale);
  return {a.dim(0), c.dim(0), a.dim(1), scale, symmetric};
}

/// Each row's right column exists; in the symmetric case its right one is that row.
template <class Pairs>
void check_targets(std::string_view op, const kernels::PairShape& s, const Pairs& pairs) {
  for (std::int64_t i = 0; i < s.rows; ++i) {
    const std::int64_t right = pairs.target(i);
    check(right < s.cols && (right < 0 || !s.symmetric || pairs.target(right) == i), op, "row ", i, " of ", s.rows,
          " cannot have column ", right, " of ", s.cols, " as its right one; do `pairs` fit the embeddings?");
  }
}

/// f.template operator()<T>(queue) for the two dtypes that pairs are computed in.
template <class F>
void on_pairs(const Array& a, F&& f) {
  on(a.device(), [&](auto queue) {
    a.dtype() == DType::f32 ? f.template operator()<float>(queue) : f.template operator()<double>(queue);
  });
}

template <class Pairs, class Reduction>
ReducedPairs reduce_pairs(const kernels::PairShape& shape, const Array& a, const Array& c, const Pairs& pairs,
                          const Reduction& f) {
  check_targets("reduce_pairs", shape, pairs);
  const Array rows = contiguous(a), cols = contiguous(c);
  ReducedPairs out{Array::empty({shape.rows}, a.dtype(), a.device()), Array::empty({shape.rows}, a.dtype(), a.device()),
                   Array::empty({shape.rows}, DType::f64, a.device())};
  on_pairs(a, [&]<class T>(auto queue) {
    kernels::reduce_pairs(queue, shape, pairs, f, rows.data<T>(), cols.data<T>(), out.y.mut<T>(), out.shift.mut<T>(),
                          out.sum.mut<double>());
  });
  return out;
}

}  // namespace detail

/// y[i] = f over j of s[i, j], minus the score of row i's right column if it has one; s[i, j] = scale a[i] . c[j].
/// a         [M, D]; c [K, D]; f32 or f64
/// pairs     which columns count for a row and which is right: AllPairs, EqualIndex, ...; kernels/pairs.hpp has them
/// f         LogSumExp or SoftplusSum
/// memory    O((M + K) D)
/// throws    Error if shapes, dtypes or devices do not fit, or scale is not > 0 and finite
template <class Pairs, class Reduction>
ReducedPairs reduce_pairs(const Array& a, const Array& c, double scale, const Pairs& pairs, const Reduction& f) {
  return detail::reduce_pairs(detail::pair_shape("reduce_pairs", a, c, scale, false), a, c, pairs, f);
}
/// The same of z with itself, for symmetric pairs (OthersOnly, PartnerView, DecoupledPartner): half the products.
template <class Pairs, class Reduction>
ReducedPairs reduce_pairs(const Array& z, double scale, const Pairs& pairs, const Reduction& f) {
  return detail::reduce_pairs(detail::pair_shape("reduce_pairs", z, z, scale, true), z, z, pairs, f);
}

struct PairGradients {
  Array da, dc;
};

/// da and dc from dy [M]; dc is undefined unless it is wanted.
template <class Pairs, class Reduction>
PairGradients reduce_pairs_backward(const Array& dy, const Array& a, const Array& c, double scale,
                                    const ReducedPairs& saved, const Pairs& pairs, const Reduction& f,
                                    bool wants_da = true, bool wants_dc = true) {
  const auto shape = detail::pair_shape("reduce_pairs backward", a, c, scale, false);
  check_shape("reduce_pairs backward", "dy", dy, {shape.rows});
  check_same_kind("reduce_pairs backward", a, dy);
  const Array rows = contiguous(a), cols = contiguous(c), g = contiguous(dy);
  Array da = wants_da ? empty_like(rows) : Array(), dc = wants_dc ? empty_like(cols) : Array();
  detail::on_pairs(a, [&]<class T>(auto queue) {
    kernels::reduce_pairs_backward(queue, shape, pairs, f, rows.data<T>(), cols.data<T>(), g.data<T>(),
                                   saved.shift.data<T>(), saved.sum.data<double>(), wants_da ? da.mut<T>() : nullptr,
                                   wants_dc ? dc.mut<T>() : nullptr);
  });
  return {da, dc};
}
/// dz of the symmetric case, from dy [M].
template <class Pairs, class Reduction>
Array reduce_pairs_backward(const Array& dy, const Array& z, double scale, const ReducedPairs& saved,
                            const Pairs& pairs, const Reduction& f) {
  const auto shape = detail::pair_shape("reduce_pairs backward", z, z, scale, true);
  check_shape("reduce_pairs backward", "dy", dy, {shape.rows});
  check_same_kind("reduce_pairs backward", z, dy);
  const Array rows = contiguous(z), g = contiguous(dy);
  Array dz = empty_like(rows);
  detail::on_pairs(z, [&]<class T>(auto queue) {
    kernels::reduce_pairs_backward<T>(queue, shape, pairs, f, rows.data<T>(), rows.data<T>(), g.data<T>(),
                                      saved.shift.data<T>(), saved.sum.data<double>(), dz.mut<T>(), nullptr);
  });
  return dz;
}

}  // namespace akin::inline AKIN_ABI::ops
