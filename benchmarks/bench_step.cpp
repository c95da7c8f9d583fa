// Training steps of SimCLR: the demo network on 2 x 256 views of 28x28x1, ResNet-18 on 2 x 128 views of 32x32x3; in f32
// and in bf16; with gradient checkpointing. Forward, backward, optimizer, all three, and memory.
//
//   bench_step [--threads N] [--steps N] [--pairs N] [--lr X] [--dump FOLDER] [--benchmark_filter=demo/f32]
//
// Time is that of all steps, warm-up included; *_ms are medians of one, and peak% is the share of a whole step.
// loss_1 ... loss_3 are the first losses. --dump writes the initial weights and the batches, for a rival to load.
// RSS_MiB is what the process grows by; arrays_MiB the largest sum of all arrays, where no earlier line had a larger
// one.
#include "support/training.hpp"

using namespace bench;

namespace {

/// Seconds of each step, by its parts, and the losses.
struct Record {
  std::vector<double> forward, backward, optimizer, whole, losses;
  PeakBeside beside;
};

Record run_steps(const Network& network, methods::Method& method, const Batches& batches, int steps, double base_lr) {
  optim::Sgd optimizer(method.parameter_groups(5e-4), {.lr = base_lr, .momentum = 0.9});
  const auto lr = optim::cosine({.base = base_lr, .warmup_steps = 100, .total_steps = 1 << 20});
  Record record;
  for (int i = 0; i < steps + network.warm_up; ++i) {
    const double start = seconds_now();
    optimizer.set_lr(lr(i));
    const auto out = method.forward(batches[static_cast<std::size_t>(i) % batches.size()]);
    record.losses.push_back(out.loss.item());
    const double forward = seconds_now();
    optimizer.zero_grad();
    out.loss.backward();
    const double backward = seconds_now();
    optimizer.step();
    const double end = seconds_now();
    if (i < network.warm_up) continue;
    record.forward.push_back(forward - start);
    record.backward.push_back(backward - forward);
    record.optimizer.push_back(end - backward);
    record.whole.push_back(end - start);
    record.beside.look(end - start);
  }
  return record;
}

void report(benchmark::State& state, const Record& record, const Work& work) {
  count(state, work, 1 / median(record.whole), record.beside.rate());
  state.counters["forward_ms"] = 1e3 * median(record.forward);
  state.counters["backward_ms"] = 1e3 * median(record.backward);
  state.counters["optimizer_ms"] = 1e3 * median(record.optimizer);
  state.counters["step_ms"] = 1e3 * median(record.whole);
  for (std::size_t i = 0; i < std::min<std::size_t>(3, record.losses.size()); ++i)
    state.counters[cat("loss_", i + 1)] = record.losses[i];
}

void add_step(const Network& network, bool bf16, bool checkpointing, const StepOptions& o) {
  const std::string name = cat("step/", network.name, bf16 ? "/bf16" : "/f32", checkpointing ? "/checkpointing" : "");
  benchmark::RegisterBenchmark(name.c_str(), [=, &network, &o](benchmark::State& state) {
    const std::int64_t pairs = o.pairs ? o.pairs : network.pairs;
    const MixedPrecision precision(bf16);
    for (auto _ : state) {
      const std::size_t peak_before = memory_stats().peak;
      const MemoryWatch memory;
      const Batches batches = make_batches(network, pairs);
      methods::SimClr method(network.encoder(), {.features = network.features, .hidden = network.hidden});
      if (checkpointing) nn::checkpoint_stages(method.encoder());
      if (!o.dump.empty()) dump(o.dump, network.name, method, batches);
      const Record record = run_steps(network, method, batches, o.steps ? o.steps : network.steps, o.lr);
      report(state, record, {.flops = step_flops(network, pairs), .views = 2.0 * static_cast<double>(pairs)});
      const std::size_t peak = memory_stats().peak;
      if (peak > peak_before) state.counters["arrays_MiB"] = static_cast<double>(peak) / (1 << 20);
      state.counters["RSS_MiB"] = memory.grown_mib();
    }
  })->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Times training steps of SimCLR.");
  StepOptions o;
  add_options(program.app, o);
  return program.run(argc, argv, [&o] {
    for (const Network* network : {&demo(), &resnet18()})  // in the order of their memory
      for (const bool checkpointing : {true, false})
        for (const bool bf16 : {true, false}) add_step(*network, bf16, checkpointing, o);
  });
}
