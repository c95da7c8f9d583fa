// Training steps on the GPU: what bench_step measures on the host, timed as all of bench_cuda. Queued op by op, which is
// what the host can do at most, or as a CUDA graph.
#pragma once
#include "cuda.hpp"
#include "training.hpp"

namespace bench {

/// Steps on a few batches in turn, with the first three losses.
class StepsOnGpu {
 public:
  StepsOnGpu(const Network& network, std::int64_t pairs, const StepOptions& o)
      : batches_(make_batches(network, pairs)),
        method_(network.encoder(), {.features = network.features, .hidden = network.hidden}),
        lr_(optim::cosine({.base = o.lr, .warmup_steps = 100, .total_steps = 1 << 20})) {
    if (!o.dump.empty()) dump(o.dump, network.name, method_, batches_);
    method_.to(Device::cuda);
    for (auto& views : batches_)
      for (Array& view : views) view = view.to(Device::cuda);
    optimizer_.emplace(method_.parameter_groups(5e-4), optim::SgdOptions{.lr = o.lr, .momentum = 0.9});
  }

  void queue() {
    optimizer_->set_lr(lr_(step_));
    const Array loss = forward_to_update(next_batch());
    if (losses_.size() < 3) losses_.push_back(loss);
  }

  /// The same by one launch. The first call records it, for which an earlier queue() must have prepared all.
  void launch() {
    optimizer_->set_lr(lr_(step_));
    const auto& views = next_batch();
    if (fixed_views_.empty()) {
      for (const Array& view : views) fixed_views_.push_back(ops::clone(view));
      graph_.record([&] { forward_to_update(fixed_views_); });
    }
    for (std::size_t i = 0; i < views.size(); ++i) ops::assign(fixed_views_[i], views[i]);
    graph_.launch();
  }

  const std::vector<Array>& losses() const { return losses_; }

 private:
  const std::vector<Array>& next_batch() { return batches_[static_cast<std::size_t>(step_++) % batches_.size()]; }
  Array forward_to_update(const std::vector<Array>& views) {
    const auto out = method_.forward(views);
    optimizer_->zero_grad();
    out.loss.backward();
    optimizer_->step();
    return out.loss.value();
  }

  Batches batches_;
  methods::SimClr method_;
  optim::Cosine lr_;
  std::optional<optim::Sgd> optimizer_;  // of the parameters on the device
  std::int64_t step_ = 0;
  std::vector<Array> losses_, fixed_views_;
  CudaGraph graph_;
};

/// loss_1 ... loss_3 are those of the first steps, warm-up included.
inline void add_step_on_gpu(const Network& network, bool bf16, bool graph, const StepOptions& o) {
  const int steps = smoke ? 1 : o.steps ? o.steps : 20;
  const std::int64_t pairs = smoke ? 3 : o.pairs ? o.pairs : network.pairs;
  benchmark::RegisterBenchmark(
      cat("step/", network.name, bf16 ? "/bf16" : "/f32", graph ? "/graph" : "").c_str(),
      [=, &network, &o](benchmark::State& state) {
        const MixedPrecision precision(bf16);
        StepsOnGpu run(network, pairs, o);
        if (graph) run.queue();
        const double seconds = measure_on_gpu(state, network.warm_up, [&] { graph ? run.launch() : run.queue(); });
        count_on_gpu(state,
                     {.flops = step_flops(network, pairs), .views = 2.0 * static_cast<double>(pairs), .pairs = bf16},
                     seconds);
        for (std::size_t i = 0; i < run.losses().size(); ++i)
          state.counters[cat("loss_", i + 1)] = run.losses()[i].item();
      })
      ->Unit(benchmark::kMillisecond)
      ->Iterations(steps)
      ->UseManualTime();
}

}  // namespace bench
