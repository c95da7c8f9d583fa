// Shape: up to eight sizes, no heap. A struct of its own, so that argument-dependent lookup finds operator<<.
#pragma once
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <ostream>
#include <vector>

#include "error.hpp"

namespace akin::inline AKIN_ABI {

inline constexpr int max_rank = 8;

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes) { assign(sizes.begin(), sizes.end()); }
  AKIN_LAZY explicit Shape(const std::vector<std::int64_t>& sizes) { assign(sizes.begin(), sizes.end()); }

  /// A shape of `rank` ones.
  static Shape ones(int rank) {
    Shape shape;
    for (int i = 0; i < rank; ++i) shape.push_back(1);
    return shape;
  }

  int rank() const { return rank_; }
  std::int64_t& operator[](int axis) { return sizes_[axis]; }
  std::int64_t operator[](int axis) const { return sizes_[axis]; }
  const std::int64_t* begin() const { return sizes_; }
  const std::int64_t* end() const { return sizes_ + rank_; }

  AKIN_LAZY void push_back(std::int64_t size) {
    check(rank_ < max_rank, "shape", "at most ", max_rank, " axes are supported");
    sizes_[rank_++] = size;
  }

  /// Adds an axis of size 1 before `axis`, which may be negative as in Python: -1 adds it at the end. Returns its place.
  AKIN_LAZY int insert_axis(std::string_view op, int axis) {
    check(axis >= -rank_ - 1 && axis <= rank_, op, "cannot insert axis ", axis, " into shape ", *this);
    if (axis < 0) axis += rank_ + 1;
    push_back(1);
    for (int i = rank_ - 1; i > axis; --i) sizes_[i] = sizes_[i - 1];
    sizes_[axis] = 1;
    return axis;
  }

  /// Number of elements; 1 for the shape [] of a scalar.
  std::int64_t numel() const {
    std::int64_t n = 1;
    for (const auto size : *this) n *= size;
    return n;
  }

  AKIN_LAZY friend bool operator==(const Shape& a, const Shape& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

  friend std::ostream& operator<<(std::ostream& os, const Shape& shape) {
    os << '[';
    for (int i = 0; i < shape.rank(); ++i) os << (i ? ", " : "") << shape[i];
    return os << ']';
  }

 private:
  template <class It>
  void assign(It first, It last) {
    for (; first != last; ++first) push_back(*first);
  }

  std::int64_t sizes_[max_rank] = {};
  int rank_ = 0;
};

/// Turns a Python-style axis (-1 is the last) into 0 ... rank-1.
AKIN_LAZY int normalize_axis(std::string_view op, int axis, const Shape& shape) {
  const int rank = shape.rank();
  check(axis >= -rank && axis < rank, op, "axis ", axis, " does not exist in shape ", shape);
  return axis < 0 ? axis + rank : axis;
}

/// Throws unless every size is >= 0 and the number of bytes fits in 63 bits, as must all strides: sizes of 0 count as 1.
AKIN_LAZY void check_sizes(std::string_view op, const Shape& shape, std::int64_t item_bytes) {
  std::int64_t room = std::numeric_limits<std::int64_t>::max() / item_bytes;
  for (const auto size : shape) check(size >= 0, op, "negative size in shape ", shape);
  for (const auto size : shape) {
    check(size <= room, op, "shape ", shape, " is too large to address");
    room /= std::max<std::int64_t>(1, size);
  }
}

/// Row-major strides, in elements.
AKIN_LAZY Shape contiguous_strides(const Shape& shape) {
  Shape strides = Shape::ones(shape.rank());
  for (int i = shape.rank() - 2; i >= 0; --i) strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

/// The shape to which both broadcast: sizes are equal or one of them is 1, aligned at the last axis.
AKIN_LAZY Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b) {
  Shape out = Shape::ones(std::max(a.rank(), b.rank()));
  for (int i = 1; i <= out.rank(); ++i) {
    const std::int64_t x = i <= a.rank() ? a[a.rank() - i] : 1, y = i <= b.rank() ? b[b.rank() - i] : 1;
    check(x == y || x == 1 || y == 1, op, "shapes do not broadcast: ", a, " and ", b,
          " (sizes must be equal or 1, aligned at the last axis)");
    out[out.rank() - i] = x == 1 ? y : x;
  }
  return out;
}

}  // namespace akin::inline AKIN_ABI
