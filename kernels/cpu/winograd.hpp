// Winograd's minimal filtering F(4, 3) in two dimensions: 4x4 outputs of a 3x3 filter from 36 products instead of 144.
// Lavin and Gray, arXiv:1509.09308, section 4. With the points 0, 1, -1, 2, -2 and infinity, along each axis:
//
//   y = A' [(G w) * (B' x)]      x: 6 inputs, w: 3 taps, y: 4 outputs, * elementwise
//
// and, by the chain rule, dw = G' [(B' x) * (A dy)]. The transforms cost a factor of about ten in rounding errors: 1e-5
// of the largest value in f32.
#pragma once
#include "simd.hpp"

namespace akin::inline AKIN_ABI::kernels::winograd {

inline constexpr int outputs = 4, inputs = 6, taps = 3;
inline constexpr int points = inputs * inputs;  ///< products per tile and pair of channels

/// B' x
struct Input {
  static constexpr int from = inputs, to = inputs;
  template <class V>
  void operator()(const V (&x)[from], V (&r)[to]) const {
    const V even = x[4] - x[2] * 4, odd = x[3] - x[1] * 4, half_even = x[4] - x[2], half_odd = (x[3] - x[1]) * 2;
    r[0] = x[0] * 4 + (x[4] - x[2] * 5);
    r[1] = even + odd;
    r[2] = even - odd;
    r[3] = half_even + half_odd;
    r[4] = half_even - half_odd;
    r[5] = x[1] * 4 + (x[5] - x[3] * 5);
  }
};

/// A' m
struct Output {
  static constexpr int from = inputs, to = outputs;
  template <class V>
  void operator()(const V (&m)[from], V (&y)[to]) const {
    const V sum1 = m[1] + m[2], difference1 = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    y[0] = m[0] + (sum1 + sum2);
    y[1] = difference1 + difference2 * 2;
    y[2] = sum1 + sum2 * 4;
    y[3] = m[5] + (difference1 + difference2 * 8);
  }
};

/// A dy
struct OutputGradient {
  static constexpr int from = outputs, to = inputs;
  template <class V>
  void operator()(const V (&dy)[from], V (&r)[to]) const {
    const V even1 = dy[0] + dy[2], odd1 = dy[1] + dy[3], even2 = dy[0] + dy[2] * 4, odd2 = dy[1] * 2 + dy[3] * 8;
    r[0] = dy[0];
    r[1] = even1 + odd1;
    r[2] = even1 - odd1;
    r[3] = even2 + odd2;
    r[4] = even2 - odd2;
    r[5] = dy[3];
  }
};

/// G w
struct Weight {
  static constexpr int from = taps, to = inputs;
  template <class V>
  void operator()(const V (&w)[from], V (&r)[to]) const {
    const V ends = w[0] + w[2], ends2 = w[0] + w[2] * 4, middle2 = w[1] * 2;
    r[0] = w[0] / 4;
    r[1] = (ends + w[1]) / -6;
    r[2] = (ends - w[1]) / -6;
    r[3] = (ends2 + middle2) / 24;
    r[4] = (ends2 - middle2) / 24;
    r[5] = w[2];
  }
};

/// G' u
struct WeightGradient {
  static constexpr int from = inputs, to = taps;
  template <class V>
  void operator()(const V (&u)[from], V (&dw)[to]) const {
    const V sum1 = u[1] + u[2], difference1 = u[1] - u[2], sum2 = u[3] + u[4], difference2 = u[3] - u[4];
    dw[0] = u[0] / 4 - sum1 / 6 + sum2 / 24;
    dw[1] = difference2 / 12 - difference1 / 6;
    dw[2] = u[5] - sum1 / 6 + sum2 / 6;
  }
};

/// Both axes: in(i, j) gives a vector of the patch, out(i, j, v) takes one of the result.
template <class T, class Transform, class In, class Out>
inline void transform(const Transform& along, In in, Out out) {
  constexpr int from = Transform::from, to = Transform::to;
  Vec<T> rows[from][to];
  AKIN_UNROLL
  for (int i = 0; i < from; ++i) {
    Vec<T> row[from];
    AKIN_UNROLL
    for (int j = 0; j < from; ++j) row[j] = in(i, j);
    along(row, rows[i]);
  }
  AKIN_UNROLL
  for (int j = 0; j < to; ++j) {
    Vec<T> column[from], result[to];
    AKIN_UNROLL
    for (int i = 0; i < from; ++i) column[i] = rows[i][j];
    along(column, result);
    AKIN_UNROLL
    for (int i = 0; i < to; ++i) out(i, j, result[i]);
  }
}

}  // namespace akin::inline AKIN_ABI::kernels::winograd
