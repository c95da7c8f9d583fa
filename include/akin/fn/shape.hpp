// Changes of shape: no arithmetic, so each gradient is the change undone.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/join.hpp"
#include "../ops/reduce.hpp"

namespace akin::inline AKIN_ABI {

/// The same values in another shape; one size may be -1. Errors: the counts differ.
AKIN_LAZY Tensor reshape(const Tensor& x, const Shape& shape) {
  return record("reshape", ops::contiguous(x.value()).reshape(shape), wrt(x, [s = x.shape()](const Array& dy) {
                  return ops::contiguous(dy).reshape(s);
                }));
}

/// All axes from `first` on become one: [N, H, W, C] -> [N, H W C].
AKIN_LAZY Tensor flatten(const Tensor& x, int first = 1) {
  first = normalize_axis("flatten", first, x.shape());
  Shape shape;
  for (int axis = 0; axis < first; ++axis) shape.push_back(x.shape()[axis]);
  shape.push_back(1);
  for (int axis = first; axis < x.rank(); ++axis) shape[first] *= x.shape()[axis];
  return reshape(x, shape);
}

/// Swaps two axes. A view: no copy.
AKIN_LAZY Tensor transpose(const Tensor& x, int a = -2, int b = -1) {
  return record("transpose", x.value().transpose(a, b), wrt(x, [a, b](const Array& dy) { return dy.transpose(a, b); }));
}

/// Elements begin ... end-1 along one axis. A view: no copy.
AKIN_LAZY Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end) {
  axis = normalize_axis("slice", axis, x.shape());
  return record("slice", x.value().slice(axis, begin, end), wrt(x, [s = x.shape(), axis, begin, end](const Array& dy) {
                  Shape before = s, after = s;
                  before[axis] = begin;
                  after[axis] = s[axis] - end;
                  return ops::concat({Array::zeros(before, dy.dtype(), dy.device()), dy,
                                      Array::zeros(after, dy.dtype(), dy.device())}, axis);
                }));
}

/// Joins two tensors along an existing axis. Errors: other axes differ.
AKIN_LAZY Tensor concat(const Tensor& a, const Tensor& b, int axis = 0) {
  axis = normalize_axis("concat", axis, a.shape());
  const std::int64_t cut = a.dim(axis), end = cut + b.dim(axis);
  return record("concat", ops::concat({a.value(), b.value()}, axis),
                wrt(a, [axis, cut](const Array& dy) { return dy.slice(axis, 0, cut); }),
                wrt(b, [axis, cut, end](const Array& dy) { return dy.slice(axis, cut, end); }));
}

/// Repeats along new and size-1 axes.
AKIN_LAZY Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  return record("broadcast_to", x.value().broadcast_to(shape),
                wrt(x, [s = x.shape()](const Array& dy) { return ops::sum_to(dy, s); }));
}

/// Converts to another floating-point dtype; the gradient is converted back.
AKIN_LAZY Tensor cast(const Tensor& x, DType dtype) {
  return record("cast", ops::cast(x.value(), dtype), wrt(x, [from = x.dtype()](const Array& dy) { return ops::cast(dy, from); }));
}

}  // namespace akin::inline AKIN_ABI
