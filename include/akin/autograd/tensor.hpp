// Tensor: an Array plus, when it needs a gradient, the recipe for it.
//
// The graph is made of GradNodes. A node knows the shape of a value and how to pass a gradient on; it never holds the
// value. So an intermediate result that no backward recipe captured is freed during forward, as soon as the Tensor
// that names it goes out of scope; one that can be computed again even if a recipe captured it (saved.hpp).
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../core/array.hpp"
#include "../core/owned.hpp"
#include "../ops/elementwise.hpp"
#include "saved.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

inline constexpr std::string_view leaf = "leaf";

template <class Lazy>
struct GradNodeOf;
using GradNode = GradNodeOf<void>;
using GradNodePtr = std::shared_ptr<GradNode>;

/// One backward recipe and the inputs it serves. A single allocation: see EdgeTo in record.hpp.
struct Edge {
  virtual ~Edge() = default;
  virtual void pass_back(const Array& dy) = 0;  ///< dL/d(output) in; adds to the gradients of the inputs
  virtual int input_count() const = 0;
  virtual GradNodePtr& input(int i) = 0;  ///< null where the input needs no gradient
};
using EdgePtr = Owned<Edge>;

AKIN_LAZY std::uint64_t next_node_order() {
  static std::atomic<std::uint64_t> order{0};
  return order.fetch_add(1, std::memory_order_relaxed);
}

template <class Lazy>
struct GradNodeOf {
  Shape shape;
  DType dtype;
  Array grad;  // undefined until backward reaches this node
  std::string_view op = leaf;
  std::string module_path;                  // where it was recorded; only in anomaly mode
  std::uint64_t order = next_node_order();  // inputs are older than outputs
  std::uint64_t visit = 0;                  // the backward pass that queued this node last
  std::vector<EdgePtr> edges;
  bool released = false;  // backward ran through: the recipes are gone

  explicit GradNodeOf(const Array& value) : shape(value.shape()), dtype(value.dtype()) {}

  /// Takes the graph apart with a work list: default destructors would recurse once per op and overflow the stack.
  ~GradNodeOf() {
    std::vector<EdgePtr> work = std::move(edges);
    while (!work.empty()) {
      const EdgePtr edge = std::move(work.back());
      work.pop_back();
      for (int i = 0; i < edge->input_count(); ++i) {
        GradNodePtr input = std::move(edge->input(i));
        if (!input || input.use_count() != 1) continue;
        for (auto& older : input->edges) work.push_back(std::move(older));
        input->edges.clear();
      }
    }
  }

  /// Adds to the gradient, in place when nobody else can see it.
  void accumulate(Array g, std::string_view from) {
    check(g.defined(), from, "its backward returned no gradient for an input that is ", dtype, " ", shape);
    check(g.shape() == shape && g.dtype() == dtype, from, "its backward returned ", g.dtype(), " ", g.shape(),
          " for an input that is ", dtype, " ", shape);
    if (!grad.defined())
      grad = ops::contiguous(g);
    else if (grad.is_unique())
      ops::accumulate(grad, g);
    else
      grad = ops::add(grad, g);
  }
};

}  // namespace detail

struct BackwardOptions {
  Array gradient = {};        ///< dL/d(this tensor): needed where it is not a scalar; of a scalar it is 1
  bool retain_graph = false;  ///< keep the recipes (and all they captured) for another backward
};

/// A value, shared by all copies of the handle. Parameters are Tensors with requires_grad = true.
class AKIN_ABI_TAG Tensor {
 public:
  Tensor() = default;  ///< no value at all, as for a layer without bias; defined() is false
  AKIN_LAZY explicit Tensor(Array value, bool requires_grad = false) : body_(std::make_shared<Body>()) {
    body_->value = std::move(value);
    set_requires_grad(requires_grad);
  }

  bool defined() const { return body_ != nullptr; }
  const Array& value() const { return body().value; }
  /// For optimizers and the like: change the values through mut().
  AKIN_LAZY Array& mutable_value() const {
    body().again.reset();  // it would give the values of before
    return body().value;
  }
  /// What a recipe captures to have the value in backward.
  AKIN_LAZY Saved saved() const { return body().again ? Saved(body().again) : Saved(value()); }
  /// From now on recipes capture `way` to have this value again. Without effect where backward will not come by: what
  /// `way` needs is kept for no other reason there.
  AKIN_LAZY Tensor saved_as(const Saved& way) const {
    if (requires_grad()) body().again = way.again();
    return *this;
  }

  const Shape& shape() const { return value().shape(); }
  int rank() const { return value().rank(); }
  AKIN_LAZY std::int64_t dim(int axis) const { return value().dim(axis); }
  std::int64_t size() const { return value().size(); }
  DType dtype() const { return value().dtype(); }
  Device device() const { return value().device(); }
  AKIN_LAZY double item() const { return value().item(); }

  bool requires_grad() const { return body_ && body_->node; }
  /// Leaves only. Errors: the tensor was computed from others.
  AKIN_LAZY void set_requires_grad(bool on) const {
    check(!requires_grad() || body().node->op == detail::leaf, "set_requires_grad", "this tensor is the result of '",
          requires_grad() ? body().node->op : "", "'; use detach() to cut it off");
    if (on)
      check(is_floating(dtype()), "set_requires_grad", "only floating-point tensors have gradients, this one is ",
            dtype());
    if (on != requires_grad()) body().node = on ? std::make_shared<detail::GradNode>(value()) : nullptr;
  }

  bool has_grad() const { return requires_grad() && body_->node->grad.defined(); }
  /// dL/d(this). Errors: there is none yet.
  AKIN_LAZY const Array& grad() const {
    check(has_grad(), "grad", "no gradient: call backward() on a scalar that depends on this tensor of shape ",
          shape());
    return body_->node->grad;
  }
  AKIN_LAZY void zero_grad() const {
    if (requires_grad()) body_->node->grad = Array();
  }

  /// The same value, cut off from the graph: stop-gradient.
  AKIN_LAZY Tensor detach() const { return Tensor(value()); }

  /// Adds dL/dx to every leaf x that this scalar L (or, with a gradient given, tensor) depends on. After an Error the
  /// gradients of the leaves are incomplete: zero_grad() before going on. Defined in backward.hpp.
  AKIN_LAZY_MEMBER void backward(const BackwardOptions& options = {}) const;

  const detail::GradNodePtr& node() const { return body().node; }

  /// Puts another value in its place, of any shape and dtype, for all copies of the handle. A leaf stays a leaf; its
  /// gradient is dropped.
  AKIN_LAZY void replace(Array value) const {
    const bool wanted = requires_grad();
    set_requires_grad(false);
    body().value = std::move(value);
    set_requires_grad(wanted);
  }
  /// True if both are handles of one value.
  bool shares_with(const Tensor& other) const { return body_ == other.body_; }
  const void* id() const { return body_.get(); }

 private:
  struct Body {
    Array value;
    detail::GradNodePtr node;        // null when no gradient is needed
    detail::ComputedAgainPtr again;  // null where recipes capture the value itself
    Body() = default;
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    ~Body() {
      if (again) again->value = Array();
    }
  };
  AKIN_LAZY Body& body() const {
    check(defined(), "tensor", "has no value (a default-constructed Tensor)");
    return *body_;
  }
  std::shared_ptr<Body> body_;
};

AKIN_LAZY void check_same_shape(std::string_view op, const Tensor& a, const Tensor& b) {
  check_same_shape(op, a.value(), b.value());
}

}  // namespace akin::inline AKIN_ABI
