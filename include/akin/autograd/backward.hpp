// The backward engine: newest node first.
//
// A result is always newer than what it was computed from. So taking the newest waiting node, again and again, visits
// every node after all its consumers: a topological order without a search, and without recursion.
#pragma once
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "../ops/elementwise.hpp"
#include "record.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

AKIN_LAZY std::uint64_t next_backward_pass() {
  static std::atomic<std::uint64_t> pass{0};
  return pass.fetch_add(1, std::memory_order_relaxed) + 1;
}

AKIN_LAZY void check_not_released(const GradNode& node) {
  check(!node.released, "backward", "the graph of '", node.op,
        "' was released by an earlier backward();"
        " run the forward pass again, or call backward({.retain_graph = true}) the first time");
}

/// The nodes that have a gradient to pass on, newest first. What an Error leaves waiting loses its gradient: another
/// backward() must not add to it.
template <class Lazy>
class WaitingNodes {
  using Node = std::shared_ptr<GradNodeOf<Lazy>>;

 public:
  explicit WaitingNodes(std::uint64_t pass) : pass_(pass) { heap_.reserve(16); }
  WaitingNodes(const WaitingNodes&) = delete;
  WaitingNodes& operator=(const WaitingNodes&) = delete;
  ~WaitingNodes() {
    for (const Node& node : heap_)
      if (node->op != leaf) node->grad = Array();
  }

  bool empty() const { return heap_.empty(); }
  void add(const Node& node) {
    if (!node || std::exchange(node->visit, pass_) == pass_) return;
    heap_.push_back(node);
    std::push_heap(heap_.begin(), heap_.end(), older);
  }
  Node take_newest() {
    std::pop_heap(heap_.begin(), heap_.end(), older);
    Node node = std::move(heap_.back());
    heap_.pop_back();
    return node;
  }

 private:
  static bool older(const Node& a, const Node& b) { return a->order < b->order; }

  std::uint64_t pass_;
  std::vector<Node> heap_;
};

/// Passes dy to the inputs of one edge, adding context to what goes wrong.
template <class Lazy>
void pass_back(const GradNode& node, Edge& edge, const Array& dy, WaitingNodes<Lazy>& waiting) {
  for (int i = 0; i < edge.input_count(); ++i) waiting.add(edge.input(i));
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
  const Array& given = options.gradient;
  check(given.defined() || size() == 1, "backward", "needs a scalar, got shape ", shape(),
        "; reduce it with mean() or sum(), or say its gradient");
  check(requires_grad(), "backward", "nothing to differentiate: no input of this tensor has requires_grad");
  detail::check_not_released(*node());
  detail::WaitingNodes<Lazy> waiting(detail::next_backward_pass());
  node()->accumulate(given.defined() ? given : ops::ones_like(value()), "backward");
  waiting.add(node());
  while (!waiting.empty()) {
    const detail::GradNodePtr current = waiting.take_newest();
    detail::check_not_released(*current);
    if (current->edges.empty()) continue;  // a leaf keeps its gradient
    const Array dy = std::exchange(current->grad, Array());
    if (options.retain_graph) {
      for (auto& edge : current->edges) detail::pass_back(*current, *edge, dy, waiting);
      continue;
    }
    auto edges = std::exchange(current->edges, {});
    current->released = true;
    for (auto& edge : edges) {
      detail::pass_back(*current, *edge, dy, waiting);
      edge.reset();  // frees what the recipe captured as soon as it has run
    }
  }
}

}  // namespace akin::inline AKIN_ABI
