// Joining arrays along an axis, and taking them apart. Any dtype.
#pragma once
#include <vector>

#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

/// Arrays one after the other along `axis`; all other sizes agree.
AKIN_LAZY Array concat(const std::vector<Array>& arrays, int axis = 0) {
  check(!arrays.empty(), "concat", "needs at least one array");
  const Array& first = arrays[0];
  axis = normalize_axis("concat", axis, first.shape());
  Shape shape = first.shape();
  shape[axis] = 0;
  for (const Array& a : arrays) {
    check_same_kind("concat", first, a);
    Shape expected = first.shape();
    if (a.rank() == first.rank()) expected[axis] = a.shape()[axis];
    check(a.shape() == expected, "concat", "shapes differ beyond axis ", axis, ": ", first.shape(), " vs ", a.shape());
    shape[axis] += a.shape()[axis];
  }
  std::int64_t outer = 1, inner = size_of(first.dtype());  // bytes behind one step along the axis
  for (int i = 0; i < shape.rank(); ++i) (i < axis ? outer : inner) *= i == axis ? 1 : shape[i];
  Array out = Array::empty(shape, first.dtype(), first.device());
  on_any(first.dtype(), [&]<class T>() {
    auto* to = reinterpret_cast<char*>(out.mut<T>());
    for (const Array& a : arrays) {
      const Array in = contiguous(a);
      const std::int64_t bytes = a.shape()[axis] * inner;
      on(out.device(),
         [&](auto queue) { kernels::copy_blocks(queue, outer, bytes, in.data<T>(), bytes, to, shape[axis] * inner); });
      to += bytes;
    }
  });
  return out;
}

/// Arrays of one shape along a new axis: n arrays [..., ...] give [..., n, ...].
AKIN_LAZY Array stack(const std::vector<Array>& arrays, int axis = 0) {
  check(!arrays.empty(), "stack", "needs at least one array");
  const Shape& each = arrays[0].shape();
  check(axis >= -each.rank() - 1 && axis <= each.rank(), "stack", "axis ", axis,
        " does not exist in the result of stacking ", each);
  if (axis < 0) axis += each.rank() + 1;
  Shape one;
  for (int i = 0; i <= each.rank(); ++i) one.push_back(i < axis ? each[i] : i == axis ? 1 : each[i - 1]);
  std::vector<Array> parts;
  for (const Array& a : arrays) {
    check_same_shape("stack", arrays[0], a);
    parts.push_back(contiguous(a).reshape(one));
  }
  return concat(parts, axis);
}

/// Views of x with the given sizes along `axis`: the inverse of concat, without a copy.
AKIN_LAZY std::vector<Array> split_sizes(const Array& x, const std::vector<std::int64_t>& sizes, int axis = 0) {
  axis = normalize_axis("split", axis, x.shape());
  std::vector<Array> parts;
  std::int64_t begin = 0;
  for (const std::int64_t size : sizes) {
    check(size >= 0 && begin + size <= x.dim(axis), "split", "sizes reach beyond axis ", axis, " of shape ", x.shape());
    parts.push_back(x.slice(axis, begin, begin + size));
    begin += size;
  }
  check(begin == x.dim(axis), "split", "sizes add up to ", begin, ", axis ", axis, " of shape ", x.shape(), " has ",
        x.dim(axis));
  return parts;
}

/// Views of x in `parts` equal pieces along `axis`.
AKIN_LAZY std::vector<Array> split(const Array& x, std::int64_t parts, int axis = 0) {
  axis = normalize_axis("split", axis, x.shape());
  check(parts >= 1 && x.dim(axis) % parts == 0, "split", "cannot cut axis ", axis, " of shape ", x.shape(), " into ",
        parts, " equal parts");
  return split_sizes(x, std::vector<std::int64_t>(static_cast<std::size_t>(parts), x.dim(axis) / parts), axis);
}

}  // namespace akin::inline AKIN_ABI::ops
