// GraphedPass: what is done with batches of one shape, as a CUDA graph.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "../autograd/tensor.hpp"
#include "../core/cuda_graph.hpp"
#include "../ops/elementwise.hpp"

namespace akin::inline AKIN_ABI::train {

/// What a batch leaves behind, on the device of the method.
struct BatchOutput {
  Array loss;            ///< [] f64
  Array embedding;       ///< [N, D] f32
  Array step_loss = {};  ///< [] f64: the sum over the batches of the step so far
  Array gate = {};       ///< of the update, behind the last batch of a step
};

/// The first batch passes as usual, so that all that happens only once has happened. The second is recorded, and from
/// then on its ops run as one launch, on other values: the same kernels in the same order, so the same bits.
class GraphedPass {
 public:
  /// parameters  whose gradients a pass leaves; they have none when it begins
  /// counters    whole numbers on the host that a pass counts up, as batch norms do: a launch does it too
  AKIN_LAZY GraphedPass(std::vector<Tensor> parameters, std::vector<Tensor> counters)
      : parameters_(std::move(parameters)), counters_(std::move(counters)) {}

  /// What pass(views) returns and leaves behind; results hold until the next call. Views of other shapes than the second
  /// batch pass as usual. Errors: those of CudaGraph::record.
  template <class Pass>
  BatchOutput run(const std::vector<Array>& views, Pass pass) {
    if (passes_++ == 0 || (graph_ && !fits(views))) return pass(views);
    graph_ ? load(views) : record(views, pass);
    graph_->launch();
    return output_;
  }

 private:
  AKIN_LAZY bool fits(const std::vector<Array>& views) const {
    bool same = views.size() == views_.size();
    for (std::size_t i = 0; same && i < views.size(); ++i)
      same = views[i].shape() == views_[i].shape() && views[i].dtype() == views_[i].dtype();
    return same;
  }

  template <class Pass>
  void record(const std::vector<Array>& views, Pass pass) {
    for (const Array& view : views) views_.push_back(ops::clone(view));
    std::vector<std::int64_t> before;
    for (const Tensor& counter : counters_) before.push_back(count(counter));
    auto graph = std::make_unique<CudaGraph>();
    graph->record([&] { output_ = pass(views_); });
    for (std::size_t i = 0; i < counters_.size(); ++i) counted_.push_back(count(counters_[i]) - before[i]);
    for (const Tensor& parameter : parameters_) gradients_.push_back(parameter.node()->grad);
    graph_ = std::move(graph);
  }

  /// What a pass on these views finds and does, but for what it queues.
  AKIN_LAZY void load(const std::vector<Array>& views) {
    for (std::size_t i = 0; i < views.size(); ++i) ops::assign(views_[i], views[i]);
    for (std::size_t i = 0; i < counters_.size(); ++i) *counters_[i].mutable_value().mut<std::int64_t>() += counted_[i];
    for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].node()->grad = gradients_[i];
  }

  static std::int64_t count(const Tensor& counter) { return *counter.value().data<std::int64_t>(); }

  std::vector<Tensor> parameters_, counters_;
  std::int64_t passes_ = 0;
  std::unique_ptr<CudaGraph> graph_;
  std::vector<Array> views_, gradients_;  // where the graph reads and leaves them
  std::vector<std::int64_t> counted_;     // by a pass
  BatchOutput output_;
};

}  // namespace akin::inline AKIN_ABI::train
