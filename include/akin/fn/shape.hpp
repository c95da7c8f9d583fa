// Changes of shape: no arithmetic, so each gradient is the change undone.
#pragma once
#include "../autograd/record.hpp"
#include "../ops/join.hpp"
#include "../ops/reduce.hpp"

namespace akin::inline AKIN_ABI {

/// The same values in another shape; one size may be -1. Errors: the counts differ.
AKIN_LAZY Tensor reshape(const Tensor& x, const Shape& shape) {
  return record("reshape", ops::contiguous(x.value()).reshape(shape),
                wrt(x, [s = x.shape()](const Array& dy) { return ops::contiguous(dy).reshape(s); }));
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
                  return ops::concat(
                      {Array::zeros(before, dy.dtype(), dy.device()), dy, Array::zeros(after, dy.dtype(), dy.device())},
                      axis);
                }));
}

/// Joins tensors along an existing axis. Errors: none given; other axes, dtypes or devices differ.
AKIN_LAZY Tensor concat(const std::vector<Tensor>& xs, int axis = 0) {
  std::vector<Array> values;
  for (const Tensor& x : xs) values.push_back(x.value());
  Array joined = ops::concat(values, axis);
  axis = normalize_axis("concat", axis, joined.shape());
  const auto part = [axis](std::int64_t begin, std::int64_t end) {
    return [=](const Array& dy) { return dy.slice(axis, begin, end); };
  };
  std::vector<decltype(wrt(xs[0], part(0, 0)))> edges;
  std::int64_t begin = 0;
  for (const Tensor& x : xs) {
    edges.push_back(wrt(x, part(begin, begin + x.dim(axis))));
    begin += x.dim(axis);
  }
  return record("concat", std::move(joined), std::move(edges));
}
AKIN_LAZY Tensor concat(const Tensor& a, const Tensor& b, int axis = 0) { return concat(std::vector{a, b}, axis); }

/// Joins tensors of one shape along a new axis: n times [A, B] at axis 1 gives [A, n, B]. Errors: shapes differ.
AKIN_LAZY Tensor stack(const std::vector<Tensor>& xs, int axis = 0) {
  check(!xs.empty(), "stack", "needs at least one tensor");
  Shape one = xs[0].shape();
  axis = one.insert_axis("stack", axis);
  std::vector<Tensor> parts;
  for (const Tensor& x : xs) {
    check_same_shape("stack", xs[0], x);
    parts.push_back(reshape(x, one));
  }
  return concat(parts, axis);
}

/// Equal pieces along one axis, as views. Errors: the axis cannot be cut into that many.
AKIN_LAZY std::vector<Tensor> split(const Tensor& x, std::int64_t parts, int axis = 0) {
  axis = normalize_axis("split", axis, x.shape());
  check(parts >= 1 && x.dim(axis) % parts == 0, "split", "cannot cut axis ", axis, " of shape ", x.shape(), " into ",
        parts, " equal parts");
  const std::int64_t size = x.dim(axis) / parts;
  std::vector<Tensor> pieces;
  for (std::int64_t i = 0; i < parts; ++i) pieces.push_back(slice(x, axis, i * size, (i + 1) * size));
  return pieces;
}

/// Repeats along new and size-1 axes.
AKIN_LAZY Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  return record("broadcast_to", x.value().broadcast_to(shape),
                wrt(x, [s = x.shape()](const Array& dy) { return ops::sum_to(dy, s); }));
}

/// Converts to another floating-point dtype; the gradient is converted back.
AKIN_LAZY Tensor cast(const Tensor& x, DType dtype) {
  return record("cast", ops::cast(x.value(), dtype),
                wrt(x, [from = x.dtype()](const Array& dy) { return ops::cast(dy, from); }));
}

}  // namespace akin::inline AKIN_ABI
