// Ops that read or write by index. Indices are i64; one out of range is an Error that names it.
#pragma once
#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::ops {

namespace detail {

/// Throws unless all indices are of type Index and lie in 0 ... limit-1.
template <class Index = std::int64_t>
void check_indices(std::string_view op, const Array& indices, std::int64_t limit, Device device) {
  check(limit >= 0, op, "a number of rows or classes must be >= 0, got ", limit);
  check(indices.dtype() == dtype_of<Index>, op, "indices must be ", dtype_of<Index>, ", got ", indices.dtype(),
        "; convert with cast()");
  check(indices.device() == device, op, "indices are on ", indices.device(), ", values on ", device);
  check(indices.is_contiguous(), op, "indices must be contiguous");
  const Index* values = indices.data<Index>();
  const std::int64_t bad =
      on(device, [&](auto queue) { return kernels::first_out_of_range(queue, indices.size(), limit, values); });
  if (bad < 0) return;
  const double index = indices.reshape({-1}).slice(0, bad, bad + 1).item();
  check(false, op, "index ", index, " at position ", bad, " lies outside 0 ... ", limit - 1);
}

}  // namespace detail

/// Rows of x: out[i...] = x[indices[i...]]. x [n, ...] of any dtype, indices of any shape.
AKIN_LAZY Array take(const Array& x, const Array& indices) {
  check(x.rank() >= 1, "take", "needs at least one axis, got a scalar");
  detail::check_indices("take", indices, x.dim(0), x.device());
  Shape shape = indices.shape();
  std::int64_t row_bytes = size_of(x.dtype());
  for (int axis = 1; axis < x.rank(); ++axis) {
    shape.push_back(x.dim(axis));
    row_bytes *= x.dim(axis);
  }
  const Array in = contiguous(x);
  Array out = Array::empty(shape, x.dtype(), x.device());
  on_any(x.dtype(), [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::take(queue, indices.size(), row_bytes, in.data<T>(), indices.data<std::int64_t>(), out.mut<T>());
    });
  });
  return out;
}

/// The gradient of take: out[k] = sum of dy[i...] where indices[i...] = k, for k = 0 ... rows-1. Same bits every time.
AKIN_LAZY Array scatter_add(const Array& dy, const Array& indices, std::int64_t rows) {
  detail::check_indices("scatter_add", indices, rows, dy.device());
  Shape shape{rows};
  std::int64_t cols = 1;
  for (int axis = 0; axis < dy.rank(); ++axis) {
    if (axis < indices.rank()) continue;
    shape.push_back(dy.dim(axis));
    cols *= dy.dim(axis);
  }
  bool fits = dy.rank() >= indices.rank();
  for (int axis = 0; fits && axis < indices.rank(); ++axis) fits = dy.dim(axis) == indices.dim(axis);
  check(fits, "scatter_add", "dy of shape ", dy.shape(), " does not begin with the shape of the indices ",
        indices.shape());
  const Array in = contiguous(dy);
  Array out = Array::empty(shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "scatter_add", [&]<class T>() {
    on(dy.device(), [&](auto queue) {
      kernels::scatter_add(queue, indices.size(), rows, cols, in.data<T>(), indices.data<std::int64_t>(), out.mut<T>());
    });
  });
  return out;
}

/// One value per row: out[i] = x[i, indices[i]]. x [..., classes], indices [...].
AKIN_LAZY Array gather_last(const Array& x, const Array& indices) {
  const auto size = detail::rows_of("gather_last", x);
  check_shape("gather_last", "indices", indices, detail::leading_shape(x));
  detail::check_indices("gather_last", indices, size.cols, x.device());
  const Array in = contiguous(x);
  Array out = Array::empty(indices.shape(), x.dtype(), x.device());
  on_float(x.dtype(), "gather_last", [&]<class T>() {
    on(x.device(), [&](auto queue) {
      kernels::gather_last(queue, size.rows, size.cols, in.data<T>(), indices.data<std::int64_t>(), out.mut<T>());
    });
  });
  return out;
}

/// dx [..., classes]: dy at the gathered places, 0 elsewhere.
AKIN_LAZY Array gather_last_backward(const Array& dy, const Array& indices, std::int64_t classes) {
  check_shape("gather_last backward", "dy", dy, indices.shape());
  detail::check_indices("gather_last backward", indices, classes, dy.device());
  Shape shape = dy.shape();
  shape.push_back(classes);
  const Array in = contiguous(dy);
  Array dx = Array::empty(shape, dy.dtype(), dy.device());
  on_float(dy.dtype(), "gather_last backward", [&]<class T>() {
    on(dy.device(), [&](auto queue) {
      kernels::gather_last_backward(queue, indices.size(), classes, in.data<T>(), indices.data<std::int64_t>(),
                                    dx.mut<T>());
    });
  });
  return dx;
}

/// out[i, c] = 1 if c = indices[i], else 0. indices [...] gives [..., classes].
AKIN_LAZY Array one_hot(const Array& indices, std::int64_t classes, DType dtype = DType::f32) {
  detail::check_indices("one_hot", indices, classes, indices.device());
  Shape shape = indices.shape();
  shape.push_back(classes);
  Array out = Array::empty(shape, dtype, indices.device());
  on_any(dtype, [&]<class T>() {
    on(out.device(), [&](auto queue) {
      kernels::one_hot(queue, indices.size(), classes, indices.data<std::int64_t>(), out.mut<T>());
    });
  });
  return out;
}

/// A copy of x [n, n] whose diagonal is `value`: -inf masks what a row says about itself. Any dtype.
AKIN_LAZY Array fill_diagonal(const Array& x, double value) {
  check(x.rank() == 2 && x.dim(0) == x.dim(1), "fill_diagonal", "needs a square matrix, got shape ", x.shape());
  Array out = clone(x);
  on_any(x.dtype(), [&]<class T>() {
    on(x.device(),
       [&](auto queue) { kernels::fill_diagonal(queue, x.dim(0), out.mut<T>(), kernels::convert_one<T>(value)); });
  });
  return out;
}

}  // namespace akin::inline AKIN_ABI::ops
