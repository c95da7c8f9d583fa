// softmax, log_softmax and logsumexp over the last axis, with their gradients.
//
// Masked logits (-inf) get probability 0. A row of nothing but -inf gives logsumexp -inf, softmax 0, log_softmax -inf
// and gradient 0: never NaN. A NaN makes its whole row NaN.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::ops {

namespace detail {

/// out = kernel(rows, cols, in.data()..., out), all of the dtype and device of the first.
template <class Kernel, class... In>
Array row_kernel(std::string_view op, const Array& x, Array out, Kernel&& kernel, const In&... in) {
  const Rows size = rows_of(op, x);
  check(size.cols > 0, op, "the last axis of shape ", x.shape(), " is empty");
  on_float(x.dtype(), op, [&]<class T>() {
    on(x.device(), [&](auto queue) { kernel(queue, size.rows, size.cols, in.template data<T>()..., out.mut<T>()); });
  });
  return out;
}

}  // namespace detail

/// y = exp(x) / sum exp(x)
AKIN_LAZY Array softmax(const Array& x) {
  return detail::row_kernel(
      "softmax", x, empty_like(x), [](auto... a) { kernels::softmax(a...); }, contiguous(x));
}

/// dx = y (dy - sum(y dy))
AKIN_LAZY Array softmax_backward(const Array& dy, const Array& y) {
  detail::check_like("softmax backward", "dy", dy, y);
  return detail::row_kernel(
      "softmax backward", y, empty_like(y), [](auto... a) { kernels::softmax_backward(a...); }, contiguous(y),
      contiguous(dy));
}

/// y = x - logsumexp(x)
AKIN_LAZY Array log_softmax(const Array& x) {
  return detail::row_kernel(
      "log_softmax", x, empty_like(x), [](auto... a) { kernels::log_softmax(a...); }, contiguous(x));
}

/// dx = dy - exp(y) sum(dy)
AKIN_LAZY Array log_softmax_backward(const Array& dy, const Array& y) {
  detail::check_like("log_softmax backward", "dy", dy, y);
  return detail::row_kernel(
      "log_softmax backward", y, empty_like(y), [](auto... a) { kernels::log_softmax_backward(a...); }, contiguous(y),
      contiguous(dy));
}

/// log sum exp(x) over the last axis: x [..., n] gives [...].
AKIN_LAZY Array logsumexp(const Array& x) {
  check(x.rank() >= 1, "logsumexp", "needs at least one axis, got a scalar");
  const Array y = Array::empty(detail::leading_shape(x), x.dtype(), x.device());
  return detail::row_kernel(
      "logsumexp", x, y, [](auto... a) { kernels::logsumexp(a...); }, contiguous(x));
}

/// dx = dy softmax(x), from x and y = logsumexp(x); dy and y have the shape of x without its last axis.
AKIN_LAZY Array logsumexp_backward(const Array& dy, const Array& x, const Array& y) {
  check_shape("logsumexp backward", "y", y, detail::leading_shape(x));
  detail::check_like("logsumexp backward", "dy", dy, y);
  check_same_kind("logsumexp backward", x, y);
  return detail::row_kernel(
      "logsumexp backward", x, empty_like(x), [](auto... a) { kernels::logsumexp_backward(a...); }, contiguous(x),
      contiguous(y), contiguous(dy));
}

}  // namespace akin::inline AKIN_ABI::ops
