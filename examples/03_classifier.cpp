// A classifier with labels: the usual loop of layers, loss, optimizer. The yardstick for what comes without labels.
//
//   g++ -std=c++20 -O3 -march=native -Iinclude examples/03_classifier.cpp -o classifier && ./classifier
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

namespace {

/// Mean of -log p(label). logits [N, classes], labels [N] i64 -> [], nats; guessing gives log(classes).
Tensor cross_entropy(const Tensor& logits, const Array& labels) {
  return -mean(gather_last(log_softmax(logits), labels));
}

double accuracy(const nn::Module& model, const data::Dataset& dataset, const augment::Pipeline& pipeline) {
  const NoGrad no_gradients;
  model.eval();
  std::int64_t right = 0;
  for (std::int64_t begin = 0; begin < dataset.size(); begin += 500) {
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(std::min<std::int64_t>(500, dataset.size() - begin)));
    std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(begin));
    const Array guess = ops::argmax(model(Tensor(pipeline.apply(data::take(dataset, indices).images))).value());
    const Array label = data::labels(dataset, indices);
    for (std::int64_t i = 0; i < label.size(); ++i)
      right += guess.data<std::int64_t>()[i] == label.data<std::int64_t>()[i];
  }
  model.train();
  return static_cast<double>(right) / static_cast<double>(dataset.size());
}

}  // namespace

int main(int argc, char** argv) try {
  const int epochs = argc > 1 ? std::atoi(argv[1]) : 5;
  check(epochs >= 1, "03_classifier", "expects a number of epochs, 1 or more, got '", argv[1], "'");
  const auto train = data::synthetic({.size = 28, .channels = 1, .count = 4000});
  const auto test = data::synthetic({.size = 28, .channels = 1, .count = 1000, .split = data::Split::test});
  const augment::Pipeline plain = augment::plain({{0.5}, {0.25}});
  const auto pictures = [&](const Samples& samples) { return std::vector{plain.apply(samples.images)}; };
  data::Loader loader(train, {.batch_size = 64}, pictures);

  const auto classes = static_cast<std::int64_t>(train->class_names().size());
  const nn::Module model =
      nn::Sequential(nn::convnet({.channels = 1, .widths = {16, 32, 64}}), nn::Linear({.in = 64, .out = classes}));
  std::printf("%s", nn::summary(model, {1, 28, 28, 1}).c_str());
  optim::AdamW optimizer(model, {.lr = 3e-3, .weight_decay = 1e-2});
  const auto lr = optim::cosine({.base = 3e-3, .total_steps = epochs * loader.steps_per_epoch()});

  for (int epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0;
    for (const auto& batch : loader.epoch(epoch)) {
      const Tensor loss = cross_entropy(model(Tensor(batch.views[0])), batch.labels);
      optimizer.zero_grad();
      loss.backward();
      optimizer.set_lr(lr(optimizer.steps()));
      optimizer.step();
      sum += loss.item();
    }
    std::printf("epoch %d  loss %.3f  (chance %.3f)  test accuracy %.1f %%\n", epoch + 1,
                sum / static_cast<double>(loader.steps_per_epoch()), std::log(static_cast<double>(classes)),
                100 * accuracy(model, *test, plain));
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
