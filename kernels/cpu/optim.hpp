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

namespace detail {

/// The sums of every tensor: part(piece) over its pieces, added up in a fixed order.
template <class Sums, class Tensors, class Part>
std::vector<Sums> sums_of(const Tensors& tensors, Part part) {
  const auto pieces = pieces_of(tensors);
  std::vector<Sums> parts(pieces.size()), total(tensors.size());
  parallel_for(static_cast<std::int64_t>(pieces.size()), 1, [&](std::int64_t from, std::int64_t to) {
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) parts[i] = part(pieces[i]);
  });
  for (std::size_t i = 0; i < pieces.size(); ++i) total[pieces[i].tensor] += parts[i];
  return total;
}

/// p . p, g . g and p . g in double, in one pass; sums of 16 lanes each, so that all stay in registers.
template <class T>
UpdateProducts products(std::int64_t n, const T* p, const T* g) {
  constexpr int chains = 16;
  double pp[chains] = {}, gg[chains] = {}, pg[chains] = {};
  const auto add = [&](std::int64_t i, int lane) {
    const double a = p[i], b = g[i];
    pp[lane] += a * a, gg[lane] += b * b, pg[lane] += a * b;
  };
  std::int64_t i = 0;
  for (; i + chains <= n; i += chains)
    for (int lane = 0; lane < chains; ++lane) add(i + lane, lane);
  for (; i < n; ++i) add(i, 0);
  UpdateProducts sums;
  for (int lane = 0; lane < chains; ++lane) sums += {pp[lane], gg[lane], pg[lane]};
  return sums;
}

}  // namespace detail

/// The products of every tensor, summed in double in a fixed order.
template <class T>
std::vector<UpdateProducts> update_products(Cpu, const std::vector<ValueAndInput<T>>& tensors) {
  return detail::sums_of<UpdateProducts>(tensors, [&](const detail::Piece& piece) {
    const auto& tensor = tensors[piece.tensor];
    return detail::products(piece.end - piece.begin, tensor.value + piece.begin, tensor.input + piece.begin);
  });
}

/// |value|^2 of every tensor, summed in double in a fixed order; the inputs are not read.
template <class T>
std::vector<double> squared_norms(Cpu, const std::vector<ValueAndInput<T>>& tensors) {
  return detail::sums_of<double>(tensors, [&](const detail::Piece& piece) {
    const T* x = tensors[piece.tensor].value + piece.begin;
    return lane_sum(piece.end - piece.begin,
                    [=](std::int64_t j) { return static_cast<double>(x[j]) * static_cast<double>(x[j]); });
  });
}

}  // namespace akin::inline AKIN_ABI::kernels
