// record and wrt: how a function states its forward value and, beside it, its gradient with respect to each input.
//
//   return record("mul", ops::mul(a.value(), b.value()),
//                 wrt(a, [b = b.value()](const Array& dy) { return ops::mul(dy, b); }),
//                 wrt(b, [a = a.value()](const Array& dy) { return ops::mul(dy, a); }));
//
// Recipes capture Arrays, never Tensors (a Tensor captured in its own recipe would keep itself alive), and nothing by
// reference. A recipe whose input needs no gradient is dropped at once, with all it captured.
#pragma once
#include <algorithm>
#include <array>
#include <utility>

#include "anomaly.hpp"
#include "grad_mode.hpp"
#include "tensor.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

template <int N, class Vjp>
class EdgeTo final : public Edge {
 public:
  EdgeTo(std::array<GradNodePtr, N> inputs, std::string_view op, Vjp vjp)
      : inputs_(std::move(inputs)), op_(op), vjp_(std::move(vjp)) {}

  int input_count() const override { return N; }
  GradNodePtr& input(int i) override { return inputs_[static_cast<std::size_t>(i)]; }

  void pass_back(const Array& dy) override {
    if constexpr (std::is_same_v<decltype(vjp_(dy)), Array>) {
      give(0, vjp_(dy));
    } else {
      auto gradients = vjp_(dy);
      check(gradients.size() == N, op_, "its backward returned ", gradients.size(), " gradients for ", N, " inputs");
      for (int i = 0; i < N; ++i) give(i, std::move(gradients[static_cast<std::size_t>(i)]));
    }
  }

  void name(std::string_view op) { op_ = op; }

 private:
  void give(int i, Array gradient) {
    const auto& node = inputs_[static_cast<std::size_t>(i)];
    if (!node) return;
    if (anomaly().on) check_finite(gradient, "backward", op_, {});
    node->accumulate(std::move(gradient), op_);
  }

  std::array<GradNodePtr, N> inputs_;
  std::string_view op_;
  Vjp vjp_;
};

template <int N, class Vjp>
using EdgeToPtr = Owned<EdgeTo<N, Vjp>>;

}  // namespace detail

/// Gradient recipe for one input: vjp(dy) returns dL/dx. Nothing is kept when x needs no gradient.
template <class Vjp>
detail::EdgeToPtr<1, Vjp> wrt(const Tensor& x, Vjp vjp) {
  if (!grad_enabled() || !x.requires_grad()) return {};
  return make_owned<detail::EdgeTo<1, Vjp>>(std::array{x.node()}, "", std::move(vjp));
}

/// Gradient recipe for several inputs computed by one fused kernel: vjp(dy) returns a std::array or std::vector of
/// Arrays in input order. Inputs may be undefined Tensors; their gradients are ignored and may be undefined too.
template <std::size_t N, class Vjp>
detail::EdgeToPtr<static_cast<int>(N), Vjp> wrt(const Tensor (&xs)[N], Vjp vjp) {
  std::array<detail::GradNodePtr, N> nodes;
  bool any = false;
  for (std::size_t i = 0; i < N; ++i)
    if (xs[i].requires_grad()) nodes[i] = xs[i].node(), any = true;
  if (!grad_enabled() || !any) return {};
  return make_owned<detail::EdgeTo<static_cast<int>(N), Vjp>>(std::move(nodes), "", std::move(vjp));
}

namespace detail {

/// The value as a Tensor; as the result of `op` where an edge needs it to be. `needed` is false when no edge is left.
AKIN_LAZY Tensor recorded(std::string_view op, Array value, bool needed) {
  const bool in_module = anomaly().on && !anomaly().modules.empty();
  if (anomaly().on) check_finite(value, "forward", op, in_module ? anomaly().modules.back() : std::string());
  Tensor out(std::move(value), needed);
  if (!needed) return out;
  out.node()->op = op;
  if (in_module) out.node()->module_path = anomaly().modules.back();
  return out;
}

template <int N, class Vjp>
void keep(const Tensor& out, std::string_view op, EdgeToPtr<N, Vjp> edge) {
  if (!edge) return;
  edge->name(op);
  out.node()->edges.push_back(std::move(edge));
}

}  // namespace detail

/// A freshly computed value with its recipes. `op` must outlive the graph: use a string literal.
template <int... N, class... Vjp>
Tensor record(std::string_view op, Array value, detail::EdgeToPtr<N, Vjp>... edges) {
  const bool needed = (static_cast<bool>(edges) || ...);
  Tensor out = detail::recorded(op, std::move(value), needed);
  if (needed) out.node()->edges.reserve(sizeof...(edges));
  (detail::keep(out, op, std::move(edges)), ...);
  return out;
}

/// The same for any number of inputs with recipes of one type.
template <int N, class Vjp>
Tensor record(std::string_view op, Array value, std::vector<detail::EdgeToPtr<N, Vjp>> edges) {
  const bool needed = std::any_of(edges.begin(), edges.end(), [](const auto& edge) { return static_cast<bool>(edge); });
  Tensor out = detail::recorded(op, std::move(value), needed);
  for (auto& edge : edges) detail::keep(out, op, std::move(edge));
  return out;
}

}  // namespace akin::inline AKIN_ABI
