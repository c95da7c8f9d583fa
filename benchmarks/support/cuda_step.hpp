// Training steps on the GPU: what bench_step measures on the host, timed as all of bench_cuda.
#pragma once
#include "cuda.hpp"
#include "training.hpp"

namespace bench {

/// loss_1 ... loss_3 are those of the first steps, warm-up included.
inline void add_step_on_gpu(const Network& network, bool bf16, const StepOptions& o) {
  const int steps = smoke ? 1 : o.steps ? o.steps : 20;
  const std::int64_t pairs = smoke ? 3 : o.pairs ? o.pairs : network.pairs;
  benchmark::RegisterBenchmark(
      cat("step/", network.name, bf16 ? "/bf16" : "/f32").c_str(),
      [=, &network, &o](benchmark::State& state) {
        const MixedPrecision precision(bf16);
        Batches batches = make_batches(network, pairs);
        methods::SimClr method(network.encoder(), {.features = network.features, .hidden = network.hidden});
        if (!o.dump.empty()) dump(o.dump, network.name, method, batches);
        method.to(Device::cuda);
        for (auto& views : batches)
          for (Array& view : views) view = view.to(Device::cuda);
        optim::Sgd optimizer(method.parameter_groups(5e-4), {.lr = o.lr, .momentum = 0.9});
        const auto lr = optim::cosine({.base = o.lr, .warmup_steps = 100, .total_steps = 1 << 20});
        std::vector<Array> first;
        std::int64_t step = 0;
        const double seconds = measure_on_gpu(state, network.warm_up, [&] {
          optimizer.set_lr(lr(step));
          const auto out = method.forward(batches[static_cast<std::size_t>(step++) % batches.size()]);
          optimizer.zero_grad();
          out.loss.backward();
          optimizer.step();
          if (first.size() < 3) first.push_back(out.loss.value());
        });
        count_on_gpu(state,
                     {.flops = step_flops(network, pairs), .views = 2.0 * static_cast<double>(pairs), .pairs = bf16},
                     seconds);
        for (std::size_t i = 0; i < first.size(); ++i) state.counters[cat("loss_", i + 1)] = first[i].item();
      })
      ->Unit(benchmark::kMillisecond)
      ->Iterations(steps)
      ->UseManualTime();
}

}  // namespace bench
