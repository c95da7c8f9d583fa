// resume_runner FOLDER EVENT: trains BYOL in a run folder, going on from its last checkpoint, and kills itself with
// SIGKILL at the EVENT-th event: a forward pass of the encoder or its target, or the end of a step before its checkpoint.
// EVENT 0 never comes. Two threads, two workers, prefetch, targets, accumulated gradients of unequal groups of batches.
#include <akin/augment/recipes.hpp>
#include <akin/data/synthetic.hpp>
#include <akin/methods/byol.hpp>
#include <akin/nn/models/convnet.hpp>
#include <akin/train/trainer.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>

using namespace akin;

namespace {

long events = 0, fatal_event = 0;
void event() {
  if (++events == fatal_event) std::raise(SIGKILL);
}

struct KilledHere {
  Tensor operator()(const Tensor& x) const { return event(), x; }
};

void train_in(const std::string& path) {
  set_threads(2);
  const auto pictures = data::synthetic({.size = 12, .channels = 1, .count = 7 * 16});
  const auto views = augment::two_views(augment::demo({.size = 12, .normalize = {{0.5}, {0.25}}}), {.seed = 3});
  data::Loader loader(pictures, {.batch_size = 16, .seed = 3, .workers = 2}, views);
  const nn::Module encoder = nn::Sequential(KilledHere{}, nn::convnet({.channels = 1, .widths = {4, 8}}));
  encoder.initialize(3);
  methods::Byol byol(encoder, {.features = 8, .hidden = 16, .out = 8, .seed = 3});
  train::Trainer trainer(byol, loader, {.epochs = 3, .lr = 0.1, .accumulate = 2, .save_every = 3, .log_every = 1});
  train::RunFolder folder(path, train::IfExists::resume);
  const train::TrainingState state = train::load_state(folder, [](const std::string&) {});
  if (state.found()) trainer.resume(state);
  train::Progress silent(stdout, {.quiet = true});
  trainer.run(silent, &folder, [] { return event(), false; });
  std::printf("%ld\n", events);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  fatal_event = std::atol(argv[2]);
  try {
    train_in(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
