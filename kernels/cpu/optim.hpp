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

/// Updates values begin ... end-1 of one tensor. scaled: its inputs are multiplied by `scale`; else that is 1, and not in
/// the way of a fused multiply-add.
template <bool scaled, class T, class Step, class Resolved>
void step_range(const TensorUpdate<T, Step>& update, const Resolved step, const T scale, std::int64_t begin,
                std::int64_t end) {
  T* __restrict value = update.value;
  T* __restrict a = update.state0;
  T* __restrict b = update.state1;
  const T* __restrict input = update.input;
  if constexpr (std::is_invocable_v<const Resolved&, T&, T, T&, T&>) {
    for (std::int64_t i = begin; i < end; ++i) step(value[i], scaled ? scale * input[i] : input[i], a[i], b[i]);
    return;
  } else if constexpr (std::is_invocable_v<const Resolved&, T&, T, T&>) {
    if (a) {
      for (std::int64_t i = begin; i < end; ++i) step(value[i], scaled ? scale * input[i] : input[i], a[i]);
      return;
    }
  }
  if constexpr (std::is_invocable_v<const Resolved&, T&, T>)
    for (std::int64_t i = begin; i < end; ++i) step(value[i], scaled ? scale * input[i] : input[i]);
}

struct Piece {
  std::size_t tensor;
  std::int64_t begin, end;
};

inline constexpr std::int64_t longest_piece = 1 << 15;

/// All tensors cut into pieces: a network's many small tensors then cost one parallel loop, not one each.
template <class Tensors>
std::vector<Piece> pieces_of(const Tensors& tensors) {
  std::vector<Piece> pieces;
  pieces.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i)
    for (std::int64_t begin = 0; begin < tensors[i].n; begin += longest_piece)
      pieces.push_back({i, begin, std::min(tensors[i].n, begin + longest_piece)});
  return pieces;
}

/// Calls f(i) for every piece; on this thread alone where all together are not worth waking another.
template <class F>
void for_each_piece(const std::vector<Piece>& pieces, F f) {
  std::int64_t values = 0;
  for (const Piece& piece : pieces) values += piece.end - piece.begin;
  const auto count = static_cast<std::int64_t>(pieces.size());
  parallel_for(count, values <= longest_piece ? count : 1, [&](std::int64_t from, std::int64_t to) {
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) f(i);
  });
}

}  // namespace detail

/// Runs the step of every update over all of its values, as far as the gate lets it.
template <class T, class Step>
void apply_updates(Cpu, const std::vector<TensorUpdate<T, Step>>& updates, const double* gate = nullptr) {
  const double factor = factor_behind(gate, Step::takes_gradient);
  if (factor == 0) return;
  using Resolved = decltype(updates[0].step.resolved(updates[0].numbers, factor));
  std::vector<Resolved> steps;
  steps.reserve(updates.size());
  for (const auto& update : updates) steps.push_back(update.step.resolved(update.numbers, factor));
  const auto pieces = detail::pieces_of(updates);
  detail::for_each_piece(pieces, [&](std::size_t i) {
    const auto& [tensor, begin, end] = pieces[i];
    const auto step_range =
        factor == 1 ? detail::step_range<false, T, Step, Resolved> : detail::step_range<true, T, Step, Resolved>;
    step_range(updates[tensor], steps[tensor], static_cast<T>(factor), begin, end);
  });
}

namespace detail {

/// total[i] = part(piece) over the pieces of tensor i, added up in a fixed order.
template <class Sums, class Tensors, class Part>
void sum_pieces(const Tensors& tensors, Part part, Sums* total) {
  const auto pieces = pieces_of(tensors);
  std::vector<Sums> parts(pieces.size());
  std::fill_n(total, tensors.size(), Sums{});
  for_each_piece(pieces, [&](std::size_t i) { parts[i] = part(pieces[i]); });
  for (std::size_t i = 0; i < pieces.size(); ++i) total[pieces[i].tensor] += parts[i];
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

/// out[i]: the products of tensor i, summed in double in a fixed order.
template <class T>
void update_products(Cpu, const std::vector<ValueAndInput<T>>& tensors, UpdateProducts* out) {
  const auto part = [&](const detail::Piece& piece) {
    const auto& tensor = tensors[piece.tensor];
    return detail::products(piece.end - piece.begin, tensor.value + piece.begin, tensor.input + piece.begin);
  };
  detail::sum_pieces(tensors, part, out);
}

/// out[i]: |value|^2 of tensor i, summed in double in a fixed order; the inputs are not read.
template <class T>
void squared_norms(Cpu, const std::vector<ValueAndInput<T>>& tensors, double* out) {
  const auto part = [&](const detail::Piece& piece) {
    const T* x = tensors[piece.tensor].value + piece.begin;
    return lane_sum(piece.end - piece.begin,
                    [=](std::int64_t j) { return static_cast<double>(x[j]) * static_cast<double>(x[j]); });
  };
  detail::sum_pieces(tensors, part, out);
}

}  // namespace akin::inline AKIN_ABI::kernels
