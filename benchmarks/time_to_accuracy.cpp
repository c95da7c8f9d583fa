// Seconds of training until the features of the demonstration reach an accuracy: SimCLR on Fashion-MNIST, 20 nearest
// neighbours, evaluated every so many steps with the clock stopped.
//
//   time_to_accuracy [--threads N] [--seed N] [--every 50] [--mark 0.86] [--epochs 6]
//
// Prints one JSON object per evaluation: step, seconds, knn. Ends when the mark is reached, or after all epochs.
#include <CLI/CLI.hpp>
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

struct Options {
  int threads = 0;
  std::uint64_t seed = 0;
  std::int64_t every = 50, epochs = 6;
  double mark = 0.86;
};

double knn_accuracy(const nn::Module& encoder, const data::Dataset& train, const data::Dataset& test) {
  const auto plain = augment::plain(augment::fashion_mnist_normalize());
  const auto features = [&](const data::Dataset& images) {
    return eval::embed(encoder, images, [&](const Array& batch) { return plain.apply(batch); });
  };
  return eval::knn_accuracy(features(train), features(test));
}

void run(const Options& o) {
  check(o.every >= 1 && o.threads >= 0, "time_to_accuracy", "--every must be >= 1 and --threads >= 0");
  if (o.threads > 0) set_threads(o.threads);
  const auto train_set = data::fashion_mnist(),
             test_set = data::fashion_mnist(data::fashion_mnist_folder, data::Split::test);
  const data::Loader loader(train_set, {.batch_size = 256, .seed = o.seed, .workers = 1},
                            augment::two_views(augment::demo(), {.seed = o.seed}));
  methods::SimClr method(nn::convnet({.seed = o.seed}), {.seed = o.seed});
  const std::int64_t total = o.epochs * loader.steps_per_epoch();
  train::TrainingStep step(method, {.epochs = o.epochs, .warmup_steps = std::min<std::int64_t>(100, total / 10)},
                           total);
  train::TrainingPosition position;
  double seconds = 0, start = data::steady_seconds();
  for (const auto& batch : loader.epochs(0, o.epochs)) {
    step.begin(position.step);
    step.add(batch.views);
    step.finish(position, batch.views);
    if (++position.step % o.every) continue;
    seconds += data::steady_seconds() - start;
    const double knn = knn_accuracy(method.encoder(), *train_set, *test_set);
    const io::Json line = io::Json::Object{{"step", position.step}, {"seconds", seconds}, {"knn", knn}};
    std::printf("%s\n", io::to_json(line).c_str());
    std::fflush(stdout);
    if (knn >= o.mark) return;
    start = data::steady_seconds();
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures how soon SimCLR on Fashion-MNIST reaches a kNN accuracy.");
  Options o;
  app.set_version_flag("--version", "akin " AKIN_VERSION);
  app.add_option("--threads", o.threads, "0 = one per core")->capture_default_str();
  app.add_option("--seed", o.seed)->capture_default_str();
  app.add_option("--every", o.every, "steps between evaluations")->capture_default_str();
  app.add_option("--mark", o.mark, "the accuracy to reach, 0 ... 1")->capture_default_str();
  app.add_option("--epochs", o.epochs, "length of the schedule")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(o);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
