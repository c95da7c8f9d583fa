// What the tape costs: a step of a network so small that there is next to nothing to compute.
//
//   bench_overhead [--threads N]
//
// Linear 8-8, ReLU, linear 8-8, mean of squares; 64 rows, SGD. ns/op: time per op that was recorded. loss_1 ... loss_3
// are for others to compare with: entry k of the input is cos(k), entry k of parameter number i is sin(1 + i + k) / 2.
#include "support/bench.hpp"

using namespace bench;

namespace {

struct TinyNetwork {
  nn::Module model = nn::mlp({.widths = {8, 8, 8}, .hidden_norm = false});
  Tensor x = Tensor(Array::empty({64, 8}));
  std::shared_ptr<optim::Sgd> optimizer;

  TinyNetwork() {
    for (std::int64_t k = 0; k < x.size(); ++k)
      x.mutable_value().mut<float>()[k] = static_cast<float>(std::cos(static_cast<double>(k)));
    std::int64_t i = 0;
    for (const Tensor& p : model.parameters()) {
      for (std::int64_t k = 0; k < p.size(); ++k)
        p.mutable_value().mut<float>()[k] = static_cast<float>(0.5 * std::sin(static_cast<double>(1 + i + k)));
      ++i;
    }
    optimizer = std::make_shared<optim::Sgd>(model, optim::SgdOptions{.lr = 0.1});
  }

  Tensor forward() const { return mean(square(model(x))); }
  double step() const {
    const Tensor loss = forward();
    optimizer->zero_grad();
    loss.backward();
    optimizer->step();
    return loss.item();
  }
};

/// Ops that lead to a result.
double recorded_ops(const Tensor& result) {
  std::vector<detail::GradNodePtr> found = {result.node()};
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const auto& edge : found[i]->edges)
      for (int input = 0; input < edge->input_count(); ++input) {
        const auto node = edge->input(input);
        const bool known = std::find(found.begin(), found.end(), node) != found.end();
        if (node && !known && node->op != detail::leaf) found.push_back(node);
      }
  return static_cast<double>(found.size());
}

template <class Call>
void add_line(const char* name, Call call) {
  const auto run = [=](benchmark::State& state) {
    const TinyNetwork network;
    for (const char* loss : {"loss_1", "loss_2", "loss_3"}) state.counters[loss] = network.step();
    const double ops = recorded_ops(network.forward()), start = seconds_now();
    for (auto _ : state) call(network);
    const double seconds = (seconds_now() - start) / static_cast<double>(state.iterations());
    state.counters["us"] = 1e6 * seconds;
    state.counters["ops"] = ops;
    state.counters["ns/op"] = 1e9 * seconds / ops;
  };
  benchmark::RegisterBenchmark(name, run)->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Times the tape.");
  return program.run(argc, argv, [] {
    add_line("tape/forward_unrecorded", [](const TinyNetwork& n) {
      const NoGrad nothing_recorded;
      n.forward();
    });
    add_line("tape/forward", [](const TinyNetwork& n) { n.forward(); });
    add_line("tape/forward_backward", [](const TinyNetwork& n) {
      n.optimizer->zero_grad();
      n.forward().backward();
    });
    add_line("tape/step", [](const TinyNetwork& n) { n.step(); });
  });
}
