// What mixed precision and gradient checkpointing cost and save: one SimCLR step of a ResNet-18 on CIFAR-sized pictures.
//
//   training_options [--batch-size N] [--threads N] [--steps N]
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

struct Settings {
  std::int64_t batch_size = 64;
  int threads = 0, steps = 3;
};

/// Prints one row: median seconds per step, largest sum of all arrays, loss of the first step.
void measure(const char* name, const Settings& settings, const train::TrainerOptions& options) {
  if (settings.threads > 0) set_threads(settings.threads);
  const auto images = data::synthetic({.size = 32, .count = settings.batch_size});
  data::Loader loader(images, {.batch_size = settings.batch_size, .workers = 0}, augment::two_views(augment::simclr()));
  const auto views = loader.epoch(0).begin()->views;
  methods::SimClr method(nn::resnet18({.small_images = true}), {.features = 512});
  train::TrainingStep step(method, options, 1000);
  train::TrainingPosition position;
  std::vector<double> seconds;
  double loss = 0;
  for (int i = 0; i < settings.steps + 1; ++i) {
    const double start = data::steady_seconds();
    step.begin(position.step);
    const double now = step.add(views, 1).loss.item();
    step.finish(position, views);
    ++position.step;
    if (i == 0)
      loss = now;
    else
      seconds.push_back(data::steady_seconds() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf("%-28s %8.3f s  %8.1f MiB  loss %.6f\n", name, seconds[seconds.size() / 2],
              static_cast<double>(memory_stats().peak) / (1 << 20), loss);
}

/// In a process of its own: the peak of the memory is one per process.
void measure_apart(const char* name, const Settings& settings, const train::TrainerOptions& options) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  check(child >= 0, "training_options", "cannot start a process");
  if (child == 0) {
    measure(name, settings, options);
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  check(status == 0, "training_options", "'", name, "' did not end well");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times a SimCLR step of ResNet-18 with mixed precision and gradient checkpointing.");
  Settings settings;
  app.set_version_flag("--version", "akin " AKIN_VERSION);
  app.add_option("--batch-size", settings.batch_size, "pictures, each in two views")->capture_default_str();
  app.add_option("--threads", settings.threads, "0 = one per core")->capture_default_str();
  app.add_option("--steps", settings.steps, "timed steps, after one that is not")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    check(settings.steps >= 1 && settings.batch_size >= 2, "training_options",
          "needs 1 step and 2 pictures or more, got ", settings.steps, " and ", settings.batch_size);
    measure_apart("f32", settings, {});
    measure_apart("f32, gradient checkpointing", settings, {.gradient_checkpointing = true});
    measure_apart("bf16", settings, {.bf16 = true});
    measure_apart("bf16, gradient checkpointing", settings, {.bf16 = true, .gradient_checkpointing = true});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
