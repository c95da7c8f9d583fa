// Training runs of a fraction of a second, and what tests ask of them.
#pragma once
#include <akin/augment/recipes.hpp>
#include <akin/data/synthetic.hpp>
#include <akin/io/json_parser.hpp>
#include <akin/methods/simclr.hpp>
#include <akin/nn/models/convnet.hpp>
#include <akin/train/trainer.hpp>
#include <algorithm>

#include "test.hpp"

namespace akin::train::small {

inline constexpr std::int64_t images = 96, batch = 32, steps_per_epoch = images / batch;

/// Grey pictures of shapes, 12 x 12, rendered once.
inline const data::DatasetPtr& pictures() {
  static const auto rendered = [] {
    const auto drawn = data::synthetic({.size = 12, .channels = 1, .count = images});
    return data::in_memory("pictures", data::take(*drawn, data::first_indices(images)).images);
  }();
  return rendered;
}

inline data::Loader loader(std::uint64_t seed = 5, int workers = 0) {
  const auto views = augment::two_views(augment::demo({.size = 12, .normalize = {{0.5}, {0.25}}}), {.seed = seed});
  return data::Loader(pictures(), {.batch_size = batch, .seed = seed, .workers = workers}, views);
}

inline nn::Module dense_encoder() {
  return nn::Sequential(nn::Flatten{}, nn::mlp({.widths = {144, 16, 8}, .seed = 1}));
}
inline nn::Module convolutional_encoder() { return nn::convnet({.channels = 1, .widths = {4, 8}, .seed = 1}); }

inline methods::SimClr small_simclr(const nn::Module& encoder = dense_encoder()) {
  return methods::SimClr(encoder, {.features = 8, .hidden = 16, .out = 8, .seed = 2});
}

inline TrainerReport train(methods::Method& method, data::Loader batches, const TrainerOptions& options,
                           RunFolder* folder = nullptr) {
  Progress silent(stdout, {.quiet = true});
  return Trainer(method, batches, options).run(silent, folder);
}

/// A method of the test's own making: one linear layer, a loss that falls, and embeddings as told.
struct OwnMethod : methods::Method {
  nn::Module layer;
  Array embedding;                                          // undefined: the layer's output
  void (*before_step)(std::int64_t) = [](std::int64_t) {};  // is told how many steps were made
  std::int64_t steps = 0;

  OwnMethod() : OwnMethod(nn::Sequential(nn::Flatten{}, nn::Linear({.in = 144, .out = 8}))) {}
  explicit OwnMethod(const nn::Module& model) : Method(1, {{"encoder", model}}), layer(model) { layer.initialize(1); }
  methods::StepOutput forward(const std::vector<Array>& views) override {
    before_step(steps++);
    const Tensor y = layer(Tensor(views[0]));
    return {mean(y * y), embedding.defined() ? embedding : y.value()};
  }
};

/// Every parameter and buffer after two epochs.
inline std::vector<nn::NamedTensor> trained(const data::Loader& batches) {
  auto method = small_simclr(convolutional_encoder());
  train(method, batches, {.epochs = 2, .lr = 0.1});
  return method.named_tensors();
}

inline bool same(const std::vector<nn::NamedTensor>& a, const std::vector<nn::NamedTensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    bool equal = x.name == y.name && x.tensor.shape() == y.tensor.shape();
    for (std::int64_t i = 0; equal && i < x.tensor.size(); ++i)
      equal = at(x.tensor.value(), i) == at(y.tensor.value(), i);
    return equal;
  });
}

inline std::vector<io::Json> rows_of(const std::string& jsonl) {
  std::vector<io::Json> rows;
  const std::string text = io::read_file(jsonl);
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    rows.push_back(io::parse_json(text.substr(begin, end - begin)));
  return rows;
}

}  // namespace akin::train::small
