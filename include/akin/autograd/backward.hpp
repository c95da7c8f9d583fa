// The backward engine: newest node first.
//
// A result is always newer than what it was computed from. So taking the newest waiting node, again and again, visits
// every node after all its consumers: a topological order without a search, and without recursion.
#pragma once
#include <queue>

#include "record.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

AKIN_LAZY std::uint64_t next_backward_pass() {
  static std::atomic<std::uint64_t> pass{0};
  return pass.fetch_add(1, std::memory_order_relaxed) + 1;
}

struct OlderNode {
  bool operator()(const GradNodePtr& a, const GradNodePtr& b) const { return a->order < b->order; }
};

inline void check_not_released(const GradNode& node) {
  check(!node.released, "backward", "the graph of '", node.op, "' was released by an earlier backward();"
        " run the forward pass again, or call backward({.retain_graph = true}) the first time");
}

/// Passes the node's gradient to its inputs, adding context to what goes wrong.
AKIN_LAZY void pass_back(GradNode& node, Edge& edge, const Array& dy) {
  try {
    edge.pass_back(dy);
  } catch (const Error& error) {
    throw Error(cat("backward of '", node.op, "'", node.module_path.empty() ? "" : " in module '", node.module_path,
                    node.module_path.empty() ? "" : "'", ": ", error.what()));
  }
}

}  // namespace detail

template <class Lazy>
void Tensor::backward(const BackwardOptions& options) const {
  check(size() == 1, "backward", "needs a scalar, got shape ", shape(), "; reduce it with mean() or sum()");
  check(requires_grad(), "backward", "nothing to differentiate: no input of this tensor has requires_grad");
  const std::uint64_t pass = detail::next_backward_pass();
  std::priority_queue<detail::GradNodePtr, std::vector<detail::GradNodePtr>, detail::OlderNode> waiting;
  const auto enqueue = [&](const detail::GradNodePtr& node) {
    if (!node || std::exchange(node->visit, pass) == pass) return;
    waiting.push(node);
  };
  detail::check_not_released(*node());
  node()->accumulate(Array::ones(shape(), dtype(), device()), "backward");
  enqueue(node());
  while (!waiting.empty()) {
    const detail::GradNodePtr current = waiting.top();
    waiting.pop();
    detail::check_not_released(*current);
    if (current->edges.empty()) continue;                // a leaf keeps its gradient
    const Array dy = std::move(current->grad);
    current->grad = Array();
    for (auto& edge : current->edges) {
      detail::pass_back(*current, *edge, dy);
      for (int i = 0; i < edge->input_count(); ++i) enqueue(edge->input(i));
      if (!options.retain_graph) edge.reset();           // frees what the recipe captured as soon as it has run
    }
    if (options.retain_graph) continue;
    current->edges.clear();
    current->released = true;
  }
}

}  // namespace akin::inline AKIN_ABI
