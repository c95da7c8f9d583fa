// One training step of the demo network: SimCLR on 2 x 256 views of 28x28x1. Prints JSON: first losses, seconds per
// step.
//
//   demo_step [--threads N] [--steps N] [--dump FOLDER]
//
// With --dump, the initial weights and the batches are written first, for a rival to load (benchmarks/compare).
#include <CLI/CLI.hpp>
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

constexpr std::int64_t pairs = 256, batch_count = 4;

/// The views of a few batches, made once: the step alone is timed.
std::vector<std::vector<Array>> make_batches() {
  const auto images = data::synthetic({.size = 28, .channels = 1, .count = pairs * batch_count});
  data::Loader loader(images, {.batch_size = pairs}, augment::two_views(augment::demo()));
  std::vector<std::vector<Array>> batches;
  for (const auto& batch : loader.epoch(0)) batches.push_back(batch.views);
  return batches;
}

void dump(const std::string& folder, const methods::Method& method, const std::vector<std::vector<Array>>& batches) {
  io::save_tensors(folder + "/weights.safetensors", method.named_tensors());
  io::NamedArrays arrays;
  for (std::size_t i = 0; i < batches.size(); ++i)
    for (std::size_t v = 0; v < 2; ++v) arrays[cat(i, v ? ".b" : ".a")] = batches[i][v];
  io::save_safetensors(folder + "/batches.safetensors", arrays);
}

int run(int count, int steps, const std::string& folder) {
  check(count >= 0 && steps >= 1, "demo_step", "--threads must be >= 0 and --steps >= 1, got ", count, " and ", steps);
  if (count > 0) set_threads(count);
  const auto batches = make_batches();
  methods::SimClr method(nn::convnet(), {});
  if (!folder.empty()) dump(folder, method, batches);
  optim::Sgd optimizer(method.parameter_groups(5e-4), {.lr = 0.12, .momentum = 0.9});
  const auto lr = optim::cosine({.base = 0.12, .warmup_steps = 100, .total_steps = 1 << 20});

  io::Json::List losses, seconds;
  const int warm_up = 3;
  for (int i = 0; i < steps + warm_up; ++i) {
    const double start = data::steady_seconds();
    optimizer.set_lr(lr(i));
    const auto out = method.forward(batches[static_cast<std::size_t>(i) % batches.size()]);
    optimizer.zero_grad();
    out.loss.backward();
    optimizer.step();
    if (i < 3) losses.push_back(out.loss.item());
    if (i >= warm_up) seconds.push_back(data::steady_seconds() - start);
  }
  const io::Json report = io::Json::Object{{"losses", losses},
                                           {"seconds", seconds},
                                           {"threads", threads()},
                                           {"instruction_set", AKIN_QUOTE(AKIN_ISA)},
                                           {"peak_array_bytes", static_cast<std::int64_t>(memory_stats().peak)}};
  std::printf("%s\n", io::to_json(report).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times one training step of the demo network.");
  int count = 0, steps = 10;
  std::string folder;
  app.set_version_flag("--version", "akin " AKIN_VERSION);
  app.add_option("--threads", count, "0 = one per core");
  app.add_option("--steps", steps, "timed steps, after 3 that are not")->capture_default_str();
  app.add_option("--dump", folder, "write initial weights and batches to this folder");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(count, steps, folder);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
