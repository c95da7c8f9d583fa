// The two networks as they are trained in bench_step and bench_cuda: options, batches, operations, and files for a rival.
#pragma once
#include <filesystem>

#include "bench.hpp"
#include "networks.hpp"

namespace bench {

struct StepOptions {
  int steps = 0;           ///< timed, after the warm-up; 0: 10, or 3 of ResNet-18
  std::int64_t pairs = 0;  ///< 0: 256, or 128 of ResNet-18
  double lr = 0.12;        ///< reached after 100 steps
  std::string dump;
};

inline void add_options(CLI::App& app, StepOptions& o) {
  app.add_option("--steps", o.steps, "timed steps; 0 = 10, or 3 of ResNet-18")->check(CLI::NonNegativeNumber);
  app.add_option("--pairs", o.pairs, "pictures; 0 = 256, or 128 of ResNet-18")->check(CLI::NonNegativeNumber);
  app.add_option("--lr", o.lr, "learning rate after 100 steps")->capture_default_str();
  app.add_option("--dump", o.dump, "write initial weights and batches to this folder");
}

using Batches = std::vector<std::vector<Array>>;

/// A network as it is trained here.
struct Network {
  const char* name;
  std::int64_t pairs, batches, hidden, features;
  int steps, warm_up;
  const std::vector<ConvLayer>& layers;
  nn::Module (*encoder)();
  data::DatasetPtr (*images)(std::int64_t count);
  augment::Pipeline (*views)();
};

inline const Network& demo() {
  static const Network network = {.name = "demo",
                                  .pairs = 256,
                                  .batches = 4,
                                  .hidden = 256,
                                  .features = 256,
                                  .steps = 10,
                                  .warm_up = 3,
                                  .layers = demo_layers(),
                                  .encoder = [] { return nn::convnet(); },
                                  .images = [](std::int64_t count) -> data::DatasetPtr {
                                    return data::synthetic({.size = 28, .channels = 1, .count = count});
                                  },
                                  .views = [] { return augment::demo(); }};
  return network;
}

inline const Network& resnet18() {
  static const Network network = {
      .name = "resnet18",
      .pairs = 128,
      .batches = 3,
      .hidden = 512,
      .features = 512,
      .steps = 3,
      .warm_up = 1,
      .layers = resnet18_layers(),
      .encoder = [] { return nn::resnet18({.small_images = true}); },
      .images = [](std::int64_t count) -> data::DatasetPtr { return data::synthetic({.size = 32, .count = count}); },
      .views = [] { return augment::simclr(); }};
  return network;
}

/// The views of a few batches, made once: the step alone is timed.
inline Batches make_batches(const Network& network, std::int64_t pairs) {
  data::Loader loader(network.images(pairs * network.batches), {.batch_size = pairs, .workers = 0},
                      augment::two_views(network.views()));
  Batches batches;
  for (const auto& batch : loader.epoch(0)) batches.push_back(batch.views);
  return batches;
}

inline void dump(const std::string& folder, const char* network, const methods::Method& method,
                 const Batches& batches) {
  std::filesystem::create_directories(folder);
  io::save_tensors(cat(folder, "/", network, "_weights.safetensors"), method.named_tensors());
  io::NamedArrays arrays;
  for (std::size_t i = 0; i < batches.size(); ++i)
    for (std::size_t v = 0; v < 2; ++v) arrays[cat(i, v ? ".b" : ".a")] = batches[i][v];
  io::save_safetensors(cat(folder, "/", network, "_batches.safetensors"), arrays);
}

/// Of a step on n pairs: encoder, projector, and three products with the matrix of similarities.
inline double step_flops(const Network& network, std::int64_t n) {
  constexpr std::int64_t out = 128;
  const double projector = 3 * 2.0 * static_cast<double>(network.hidden * (network.features + out));
  return static_cast<double>(2 * n) * (training_flops(network.layers) + projector) +
         3 * 2.0 * static_cast<double>(2 * n * 2 * n * out);
}

}  // namespace bench
