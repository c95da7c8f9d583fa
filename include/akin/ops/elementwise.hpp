// Elementwise ops: one map with broadcasting, and the named ops built on it.
#pragma once
#include <utility>

#include "../core/array.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

namespace detail {

/// Index space of a broadcast loop over operands that already have the same shape; neighbouring axes are merged.
template <class... A>
kernels::StridedLoop<sizeof...(A)> strided_loop(const Shape& shape, const A&... arrays) {
  kernels::StridedLoop<sizeof...(A)> loop;
  const Shape* strides[] = {&arrays.strides()...};
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1 && shape.rank() > 1 && !(axis == shape.rank() - 1 && loop.rank == 0)) continue;
    bool merge = loop.rank > 0;
    for (std::size_t k = 0; k < sizeof...(A); ++k)
      merge = merge && loop.stride[k][loop.rank - 1] == (*strides[k])[axis] * shape[axis];
    if (!merge) ++loop.rank;
    loop.size[loop.rank - 1] = merge ? loop.size[loop.rank - 1] * shape[axis] : shape[axis];
    for (std::size_t k = 0; k < sizeof...(A); ++k) loop.stride[k][loop.rank - 1] = (*strides[k])[axis];
  }
  if (loop.rank == 0) loop.rank = 1, loop.size[0] = 1;  // a scalar
  return loop;
}

}  // namespace detail

/// out[i] = f(a[i], rest[i]...) with broadcasting. f: a named functor with a templated call operator.
/// Errors: dtypes or devices differ, shapes do not broadcast, not floating point.
template <class F, class... Rest>
Array map(std::string_view op, F f, const Array& a, const Rest&... rest) {
  Shape shape = a.shape();
  (check_same_kind(op, a, rest), ...);
  ((shape = broadcast_shapes(op, shape, rest.shape())), ...);
  Array out = Array::empty(shape, a.dtype(), a.device());
  if (out.size() == 0) return out;
  const bool plain =
      a.is_contiguous() && a.shape() == shape && ((rest.is_contiguous() && rest.shape() == shape) && ...);
  on_float(a.dtype(), op, [&]<class T>() {
    on(a.device(), [&](auto queue) {
      if (plain) return kernels::map(queue, out.size(), out.mut<T>(), f, a.data<T>(), rest.template data<T>()...);
      const auto strided = [&](const auto&... operands) {
        kernels::map_strided(queue, detail::strided_loop(shape, operands...), out.mut<T>(), f,
                             operands.template data<T>()...);
      };
      strided(a.broadcast_to(shape), rest.broadcast_to(shape)...);
    });
  });
  return out;
}

/// The same values in a new block, row-major. Any dtype.
AKIN_LAZY Array clone(const Array& a) {
  Array out = empty_like(a);
  if (a.size() == 0) return out;
  on_any(a.dtype(), [&]<class T>() {
    on(a.device(), [&](auto queue) {
      if (a.is_contiguous())
        kernels::map(queue, a.size(), out.mut<T>(), kernels::Identity{}, a.data<T>());
      else
        kernels::map_strided(queue, detail::strided_loop(a.shape(), a), out.mut<T>(), kernels::Identity{}, a.data<T>());
    });
  });
  return out;
}

/// `a` itself if its values lie row-major without gaps, else a copy that does.
AKIN_LAZY Array contiguous(const Array& a) { return a.is_contiguous() ? a : clone(a); }

/// Converts to another dtype.
/// To integers: floats are truncated; what lies beyond the range becomes the nearest value inside, NaN becomes 0.
/// To narrower floats: rounds to nearest; what lies beyond the range becomes infinite.
AKIN_LAZY Array cast(const Array& a, DType dtype) {
  if (a.dtype() == dtype) return a;
  const Array in = contiguous(a);
  Array out = Array::empty(a.shape(), dtype, a.device());
  on_any(a.dtype(), [&]<class From>() {
    on_any(dtype, [&]<class To>() {
      on(a.device(), [&](auto queue) { kernels::convert(queue, out.size(), in.data<From>(), out.mut<To>()); });
    });
  });
  return out;
}

AKIN_LAZY Array add(const Array& a, const Array& b) { return map("add", kernels::Add{}, a, b); }
AKIN_LAZY Array sub(const Array& a, const Array& b) { return map("sub", kernels::Sub{}, a, b); }
AKIN_LAZY Array mul(const Array& a, const Array& b) { return map("mul", kernels::Mul{}, a, b); }
AKIN_LAZY Array div(const Array& a, const Array& b) { return map("div", kernels::Div{}, a, b); }
AKIN_LAZY Array scale(const Array& a, double k) { return map("scale", kernels::Scale{k}, a); }
/// x / k, rounded once; scale(a, 1 / k) rounds twice.
AKIN_LAZY Array div_scalar(const Array& a, double k) { return map("div_scalar", kernels::DivScalar{k}, a); }
AKIN_LAZY Array add_scalar(const Array& a, double k) { return map("add_scalar", kernels::AddScalar{k}, a); }
/// Ones in the shape and dtype of `a`, made where it lies: nothing is copied there.
AKIN_LAZY Array ones_like(const Array& a) { return add_scalar(zeros_like(a), 1); }

namespace detail {

/// `from` without gaps, and a copy where writing `to` front to back would overwrite values before they are read.
AKIN_LAZY Array readable_beside(const Array& from, const Array& to) {
  const Array values = contiguous(from);
  return on_any(to.dtype(), [&]<class T>() {
    const T *a = values.data<T>(), *b = std::as_const(to).data<T>();
    return values.shares_memory(to) && a != b ? clone(values) : values;
  });
}

AKIN_LAZY void check_target(std::string_view op, const Array& to, const Array& from) {
  check_same_shape(op, to, from);
  check(to.is_contiguous(), op, "the target must be contiguous, got shape ", to.shape(), " with strides ",
        to.strides());
}

}  // namespace detail

/// a += b in place. Other handles to the memory of `a` refuse to be read from then on.
/// Errors: shapes, dtypes or devices differ; `a` has gaps or another order; not floating point.
AKIN_LAZY void accumulate(Array& a, const Array& b) {
  detail::check_target("accumulate", a, b);
  check_same_kind("accumulate", a, b);
  const Array values = detail::readable_beside(b, a);
  on_float(a.dtype(), "accumulate", [&]<class T>() {
    const T* from = values.data<T>();  // before mut(): `b` may be a handle to the memory of `a`
    T* to = a.mut<T>();
    on(a.device(),
       [&](auto queue) { kernels::map(queue, a.size(), to, kernels::Add{}, static_cast<const T*>(to), from); });
  });
}

/// a[..., c] += row[c] in place: a bias. Other handles to the memory of `a` refuse to be read from then on.
/// a [..., C] without gaps, row [C]. Errors: the sizes, dtypes or devices differ; not floating point.
AKIN_LAZY void add_row(Array& a, const Array& row) {
  check_same_kind("add_row", a, row);
  check(a.rank() >= 1 && a.is_contiguous(), "add_row", "needs rows without gaps, got shape ", a.shape(),
        " with strides ", a.strides());
  check_shape("add_row", "the row", row, {a.dim(-1)});
  if (a.size() == 0) return;
  const Array values = contiguous(row);
  check(!values.shares_memory(a), "add_row", "the row is a part of what it is added to; clone() it first");
  on_float(a.dtype(), "add_row", [&]<class T>() {
    on(a.device(), [&](auto queue) {
      kernels::add_row(queue, a.size() / values.size(), values.size(), values.data<T>(), a.mut<T>());
    });
  });
}

/// Overwrites the values of `to` in place (a parameter, a buffer), converting them to its dtype. Other handles to its
/// memory refuse to be read from then on. Errors: shapes or devices differ; `to` has gaps or another order.
AKIN_LAZY void assign(Array& to, const Array& from) {
  detail::check_target("assign", to, from);
  const Array converted = cast(from, to.dtype());
  check_same_kind("assign", to, converted);
  const Array values = detail::readable_beside(converted, to);
  on_any(to.dtype(), [&]<class T>() {
    const T* source = values.data<T>();
    T* target = to.mut<T>();
    on(to.device(), [&](auto queue) { kernels::map(queue, to.size(), target, kernels::Identity{}, source); });
  });
}

}  // namespace akin::inline AKIN_ABI::ops
