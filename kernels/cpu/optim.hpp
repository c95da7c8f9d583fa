// Optimizer steps: one pass over values, gradients and states, and many tensors in one parallel loop.
#pragma once
#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "../../include/akin/core/parallel.hpp"
#include "../../include/akin/core/tags.hpp"
#include "../steps.hpp"
#include "rows.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// Updates values begin ... end-1 of one tensor.
template <class T, class Step>
void step_range(const TensorUpdate<T, Step>& update, std::int64_t begin, std::int64_t end) {
  const Step step = update.step;
  T* __restrict value = update.value;
  T* __restrict a = update.state0;
  T* __restrict b = update.state1;
  const T* __restrict input = update.input;
  if constexpr (std::is_invocable_v<const Step&, T&, T, T&, T&>) {
    for (std::int64_t i = begin; i < end; ++i) step(value[i], input[i], a[i], b[i]);
    return;
  } else if constexpr (std::is_invocable_v<const Step&, T&, T, T&>) {
    if (a) {
      for (std::int64_t i = begin; i < end; ++i) step(value[i], input[i], a[i]);
      return;
    }
  }
  if constexpr (std::is_invocable_v<const Step&, T&, T>)
    for (std::int64_t i = begin; i < end; ++i) step(value[i], input[i]);
}

struct Piece {
  std::size_t tensor;
  std::int64_t begin, end;
};

/// All tensors cut into pieces: a network's many small tensors then cost one parallel loop, not one each.
template <class Tensors>
std::vector<Piece> pieces_of(const Tensors& tensors) {
  constexpr std::int64_t longest = 1 << 15;
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    for (std::int64_t begin = 0; begin < tensors[i].n; begin += longest)
      pieces.push_back({i, begin, std::min(tensors[i].n, begin + longest)});
  return pieces;
}

}  // namespace detail

/// Runs the step of every update over all of its values.
template <class T, class Step>
void apply_updates(Cpu, const std::vector<TensorUpdate<T, Step>>& updates) {
  const auto pieces = detail::pieces_of(updates);
  parallel_for(static_cast<std::int64_t>(pieces.size()), 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) {
      const detail::Piece& piece = pieces[static_cast<std::size_t>(i)];
      detail::step_range(updates[piece.tensor], piece.begin, piece.end);
    }
  });
}

/// The values of one tensor, and its gradients.
template <class T>
struct ValueAndInput {
  std::int64_t n;
  const T* value;
  const T* input;
};

/// What the trust ratios of LARS need of one tensor: |p|^2, |g|^2 and p . g.
struct UpdateProducts {
  double value_value = 0, input_input = 0, value_input = 0;
};

/// The products of every tensor, summed in double in a fixed order.
template <class T>
std::vector<UpdateProducts> update_products(Cpu, const std::vector<ValueAndInput<T>>& tensors) {
  const auto pieces = detail::pieces_of(tensors);
  std::vector<UpdateProducts> parts(pieces.size()), total(tensors.size());
  parallel_for(static_cast<std::int64_t>(pieces.size()), 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) {
      const detail::Piece& piece = pieces[static_cast<std::size_t>(i)];
      const T *p = tensors[piece.tensor].value + piece.begin, *g = tensors[piece.tensor].input + piece.begin;
      const auto dot = [n = piece.end - piece.begin](const T* a, const T* b) {
        return lane_sum(n, [=](std::int64_t j) { return static_cast<double>(a[j]) * static_cast<double>(b[j]); });
      };
      parts[static_cast<std::size_t>(i)] = {dot(p, p), dot(g, g), dot(p, g)};
    }
  });
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    UpdateProducts& sum = total[pieces[i].tensor];
    sum = {sum.value_value + parts[i].value_value, sum.input_input + parts[i].input_input,
           sum.value_input + parts[i].value_input};
  }
  return total;
}

}  // namespace akin::inline AKIN_ABI::kernels
