// Rows of unit length, forward and backward.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::ops {

struct L2Normalized {
  Array y;
  Array norm;  ///< [rows]: max(|x|, eps), for the backward pass
};

/// y = x / max(|x|, eps) along the last axis: rows of unit length, points on the sphere. Errors: eps is not > 0.
AKIN_LAZY L2Normalized l2_normalize(const Array& x, double eps = 1e-12) {
  const auto size = detail::rows_of("l2_normalize", x);
  check(eps > 0, "l2_normalize", "eps must be > 0, got ", eps);
  const Array in = contiguous(x);
  L2Normalized out{empty_like(in), Array::empty({size.rows}, detail::compute_dtype(x.dtype()), x.device())};
  on_float(x.dtype(), "l2_normalize", [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::l2_normalize(queue, size.rows, size.cols, eps, in.data<T>(), out.y.mut<T>(),
                            out.norm.mut<compute_t<T>>());
    });
  });
  return out;
}

/// dx = (dy - y (y . dy)) / norm; where norm was cut off at eps, dx = dy / eps.
AKIN_LAZY Array l2_normalize_backward(const Array& dy, const Array& y, const Array& norm, double eps = 1e-12) {
  const auto size = detail::rows_of("l2_normalize backward", y);
  check(eps > 0, "l2_normalize backward", "eps must be > 0, got ", eps);
  detail::check_like("l2_normalize backward", "dy", dy, y);
  detail::check_vector("l2_normalize backward", "norm", norm, size.rows, y);
  const Array g = contiguous(dy), out = contiguous(y);
  Array dx = empty_like(g);
  on_float(y.dtype(), "l2_normalize backward", [&]<class T>() {
    on(y.device(), [&](auto queue) {
      kernels::l2_normalize_backward(queue, size.rows, size.cols, eps, out.data<T>(), g.data<T>(),
                                     norm.data<compute_t<T>>(), dx.mut<T>());
    });
  });
  return dx;
}

}  // namespace akin::inline AKIN_ABI::ops
