// A method of your own: networks, views, loss, and what happens after each step. The trainer does the rest: schedule,
// progress bar, metrics, checkpoints, resuming after a crash.
//
//   g++ -std=c++20 -O3 -march=native -Iinclude examples/06_custom_method.cpp -o custom_method && ./custom_method
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

/// VICReg, arXiv:2105.04906: views of one picture agree (invariance), every dimension varies over the batch (variance),
/// and no two say the same (covariance). No negatives, no target network: the last two terms forbid collapse.
class VicReg : public methods::Method {
 public:
  VicReg(const nn::Module& encoder, std::int64_t features)
      : VicReg(encoder, nn::mlp({.widths = {features, 256, 128}, .last_bias = false}), 0) {}

  methods::StepOutput forward(const std::vector<Array>& views) override {
    methods::check_views("vicreg", views, 2);
    const Tensor za = projector_(encoder()(Tensor(views[0]))), zb = projector_(encoder()(Tensor(views[1])));
    const Tensor invariance = mean(square(za - zb));
    return {
        25 * invariance + 12.5 * (variance_loss(za) + variance_loss(zb)) + covariance_loss(za) + covariance_loss(zb),
        za.value()};
  }

 private:
  VicReg(const nn::Module& encoder, const nn::Module& projector, std::uint64_t seed)
      : Method(seed, {{"encoder", encoder}, {"projector", projector}}), projector_(projector) {}

  /// Mean over dimensions of max(0, 1 - standard deviation).
  static Tensor variance_loss(const Tensor& z) {
    const double n = static_cast<double>(z.dim(0));
    return mean(relu(1 - sqrt(variance(z, 0) * (n / (n - 1)) + 1e-4)));
  }
  /// Sum of squared covariances between different dimensions, divided by their number.
  static Tensor covariance_loss(const Tensor& z) {
    const double n = static_cast<double>(z.dim(0)), d = static_cast<double>(z.dim(1));
    const Tensor centred = z - mean(z, 0, true);
    const Tensor covariance = matmul(centred, centred, {.transpose_a = true}) / (n - 1);  // [D, D]
    return sum(square(fill_diagonal(covariance, 0))) / d;
  }

  nn::Module projector_;
};

}  // namespace

int main(int argc, char** argv) try {
  const int epochs = argc > 1 ? std::atoi(argv[1]) : 5;
  check(epochs >= 1, "06_custom_method", "expects a number of epochs, 1 or more, got '", argv[1], "'");
  const auto train = data::synthetic({.size = 28, .channels = 1, .count = 8000});
  const auto test = data::synthetic({.size = 28, .channels = 1, .count = 2000, .split = data::Split::test});
  data::Loader loader(train, {.batch_size = 128}, augment::two_views(augment::demo({.normalize = {{0.5}, {0.25}}})));

  const nn::Module encoder = nn::convnet({.channels = 1});
  VicReg vicreg(encoder, 256);
  train::RunFolder folder("runs/vicreg", train::IfExists::overwrite);
  train::Progress progress(stdout, train::progress_for(stdout));
  // The loss is a large multiple of distances that nothing bounds: without clipped gradients, lr = 0.1 ends in NaN.
  train::Trainer trainer(vicreg, loader, {.epochs = epochs, .lr = 0.05, .clip_norm = 1});
  const train::TrainerReport report = trainer.run(progress, &folder);

  const auto plain = [](const Array& images) { return augment::plain({{0.5}, {0.25}}).apply(images); };
  const double knn = eval::knn_accuracy(eval::embed(encoder, *train, plain), eval::embed(encoder, *test, plain));
  std::printf("loss %.3f, kNN %.1f %% (raw pixels %.1f %%)\n", report.loss, 100 * knn,
              100 * eval::knn_accuracy(eval::raw_pixels(*train), eval::raw_pixels(*test)));
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
