// Order along the last axis. Indices are i64; NaN counts as larger than every number; equal values keep their order.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::ops {

/// Positions that sort the last axis; stable. x [..., n] gives i64 [..., n].
AKIN_LAZY Array argsort(const Array& x, bool descending = false) {
  const auto size = detail::rows_of("argsort", x);
  const Array in = contiguous(x);
  Array out = Array::empty(x.shape(), DType::i64, x.device());
  on_any(x.dtype(), [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::argsort(queue, size.rows, size.cols, descending, in.data<T>(), out.mut<std::int64_t>());
    });
  });
  return out;
}

struct TopK {
  Array values;   ///< [..., k], largest first
  Array indices;  ///< [..., k] i64; of equal values the one with the lower index comes first
};

/// The k largest values along the last axis. Errors: k is not in 0 ... n.
AKIN_LAZY TopK top_k(const Array& x, std::int64_t k) {
  const auto size = detail::rows_of("top_k", x);
  check(k >= 0 && k <= size.cols, "top_k", "k = ", k, " does not lie in 0 ... ", size.cols, " for shape ", x.shape());
  Shape shape = detail::leading_shape(x);
  shape.push_back(k);
  const Array in = contiguous(x);
  TopK out{Array::empty(shape, x.dtype(), x.device()), Array::empty(shape, DType::i64, x.device())};
  on_any(x.dtype(), [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::top_k(queue, size.rows, size.cols, k, in.data<T>(), out.values.mut<T>(),
                     out.indices.mut<std::int64_t>());
    });
  });
  return out;
}

/// Values along the last axis in ascending (or descending) order.
AKIN_LAZY Array sort(const Array& x, bool descending = false) {
  const auto size = detail::rows_of("sort", x);
  const Array in = contiguous(x);
  Array out = empty_like(in);
  on_any(x.dtype(), [&]<class T>() {
    on(x.device(),
       [&](auto queue) { kernels::sort(queue, size.rows, size.cols, descending, in.data<T>(), out.mut<T>()); });
  });
  return out;
}

namespace detail {

AKIN_LAZY Array arg_extreme(std::string_view op, const Array& x, bool largest) {
  const auto size = rows_of(op, x);
  check(size.cols > 0, op, "the last axis of shape ", x.shape(), " is empty");
  const Array in = contiguous(x);
  Array out = Array::empty(leading_shape(x), DType::i64, x.device());
  on_any(x.dtype(), [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::arg_extreme(queue, size.rows, size.cols, largest, in.data<T>(), out.mut<std::int64_t>());
    });
  });
  return out;
}

}  // namespace detail

/// Position of the largest value along the last axis; the first of equals, a NaN if there is one.
/// x [..., n] gives i64 [...].
AKIN_LAZY Array argmax(const Array& x) { return detail::arg_extreme("argmax", x, true); }

/// Position of the smallest value along the last axis; the first of equals, a NaN only if there is nothing else.
AKIN_LAZY Array argmin(const Array& x) { return detail::arg_extreme("argmin", x, false); }

}  // namespace akin::inline AKIN_ABI::ops
