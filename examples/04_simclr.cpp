// SimCLR in one file: learns features of pictures without a single label, then shows what they are worth.
//
//   g++ -std=c++20 -O3 -march=native -Iinclude examples/04_simclr.cpp -o simclr && ./simclr
#include <akin/akin.hpp>
#include <cstdio>

using namespace akin;

int main(int argc, char** argv) try {
  const int epochs = argc > 1 ? std::atoi(argv[1]) : 5;
  check(epochs >= 1, "04_simclr", "expects a number of epochs, 1 or more, got '", argv[1], "'");

  // Small grey pictures of eight shapes, drawn on the fly. Hue, size, angle and place vary; the label is the shape.
  const auto train = data::synthetic({.size = 28, .channels = 1, .count = 8000});
  const auto test = data::synthetic({.size = 28, .channels = 1, .count = 2000, .split = data::Split::test});

  // Two random views of every picture: cropped, flipped, brighter or darker.
  data::Loader loader(train, {.batch_size = 128}, augment::two_views(augment::demo({.normalize = {{0.5}, {0.25}}})));

  // The encoder is what we want; the projector behind it is thrown away after training.
  const auto encoder = nn::convnet({.channels = 1});
  // Its seed is another one: equal seeds and names would draw equal weights.
  const nn::Module model = nn::Sequential(encoder, nn::mlp({.widths = {256, 256, 128}, .seed = 1}));
  optim::Sgd optimizer(model, {.lr = 0.1, .momentum = 0.9, .weight_decay = 5e-4});
  const auto lr = optim::cosine({.base = 0.1, .warmup_steps = 50, .total_steps = epochs * loader.steps_per_epoch()});

  for (int epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0;
    for (const auto& batch : loader.epoch(epoch)) {
      const Tensor a = model(Tensor(batch.views[0])), b = model(Tensor(batch.views[1]));  // [128, 128] each
      const Tensor loss = losses::nt_xent(a, b, {.temperature = 0.2});
      optimizer.zero_grad();
      loss.backward();
      optimizer.set_lr(lr(optimizer.steps()));
      optimizer.step();
      sum += loss.item();
    }
    std::printf("epoch %d  loss %.3f  (chance %.3f)\n", epoch + 1, sum / loader.steps_per_epoch(), std::log(255.0));
  }

  const auto plain = [](const Array& images) { return augment::plain({{0.5}, {0.25}}).apply(images); };
  const double learned = eval::knn_accuracy(eval::embed(encoder, *train, plain), eval::embed(encoder, *test, plain));
  std::printf("kNN on learned features %.1f %%, on raw pixels %.1f %%\n", 100 * learned,
              100 * eval::knn_accuracy(eval::raw_pixels(*train), eval::raw_pixels(*test)));
  io::save(encoder, "encoder.safetensors");
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
