// GraphedStep: a training step on batches of one shape, as a CUDA graph.
#pragma once
#include <utility>
#include <vector>

#include "../autograd/tensor.hpp"
#include "../core/cuda_graph.hpp"
#include "../core/owned.hpp"
#include "../ops/elementwise.hpp"

namespace akin::inline AKIN_ABI::train {

/// What a batch leaves behind, on the device of the method.
struct BatchOutput {
  Array loss;            ///< [] f64
  Array embedding;       ///< [N, D] f32
  Array step_loss = {};  ///< [] f64: the sum over the batches of the step so far
  Array gate = {};       ///< of the update, behind the last batch of a step
};

/// Batches pass as usual until one has the shapes of the batch before: by then all that happens only once has happened.
/// That step is recorded, and from then on its ops run as one launch, on other values: the same kernels in the same
/// order, so the same bits. A launch does not tell Arrays that their values changed: handles from before it read new ones.
class GraphedStep {
 public:
  /// parameters  whose gradients a step leaves; they have none when it begins
  /// counters    whole numbers on the host that a step counts up, as batch norms do: a launch does it too
  AKIN_LAZY GraphedStep(std::vector<Tensor> parameters, std::vector<Tensor> counters)
      : parameters_(std::move(parameters)), counters_(std::move(counters)) {}

  /// What step(views) returns and leaves behind; results hold until the next call. Views of other shapes than the
  /// recorded ones pass as usual. Nothing but shapes is compared: training mode, dtypes, and which parameters get a
  /// gradient must stay as they were when the step was recorded. Errors: those of CudaGraph::record.
  template <class Step>
  BatchOutput run(const std::vector<Array>& views, Step step) {
    std::vector<Shape> shapes;
    for (const Array& view : views) shapes.push_back(view.shape());
    if (shapes != shapes_) {
      BatchOutput out = step(views);
      if (!recorded_) shapes_ = shapes;
      return out;
    }
    recorded_ ? load(views) : record(views, step);
    recorded_->graph.launch();
    return recorded_->output;
  }

  /// Gives the memory of the graph back.
  AKIN_LAZY void forget() { recorded_.reset(); }

 private:
  struct Recorded {
    std::vector<Array> views, gradients;  // where the graph reads and leaves them
    std::vector<std::int64_t> counted;    // by a step
    BatchOutput output;
    CudaGraph graph;  // destroyed first
  };

  template <class Step>
  void record(const std::vector<Array>& views, Step step) {
    auto now = make_owned<Recorded>();
    for (const Array& view : views) now->views.push_back(ops::clone(view));
    const std::vector<std::int64_t> before = counts();
    try {
      now->graph.record([&] { now->output = step(now->views); });
    } catch (...) {
      set_counts(before);
      throw;
    }
    now->counted = counts();
    for (std::size_t i = 0; i < before.size(); ++i) now->counted[i] -= before[i];
    for (const Tensor& parameter : parameters_) now->gradients.push_back(parameter.node()->grad);
    recorded_ = std::move(now);
  }

  /// What a step on these views finds and does, but for what it queues.
  AKIN_LAZY void load(const std::vector<Array>& views) {
    for (std::size_t i = 0; i < views.size(); ++i) ops::assign(recorded_->views[i], views[i]);
    std::vector<std::int64_t> now = counts();
    for (std::size_t i = 0; i < now.size(); ++i) now[i] += recorded_->counted[i];
    set_counts(now);
    for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].node()->grad = recorded_->gradients[i];
  }

  AKIN_LAZY std::vector<std::int64_t> counts() const {
    std::vector<std::int64_t> all;
    for (const Tensor& counter : counters_) all.push_back(*counter.value().data<std::int64_t>());
    return all;
  }
  AKIN_LAZY void set_counts(const std::vector<std::int64_t>& counts) const {
    for (std::size_t i = 0; i < counts.size(); ++i) *counters_[i].mutable_value().mut<std::int64_t>() = counts[i];
  }

  std::vector<Tensor> parameters_, counters_;
  std::vector<Shape> shapes_;  // of the recorded views; before, of those of the last batch
  Owned<Recorded> recorded_;
};

}  // namespace akin::inline AKIN_ABI::train
