// What a run measures on frozen features.
#pragma once
#include <algorithm>

#include "../augment/recipes.hpp"
#include "../eval/features.hpp"
#include "../eval/knn.hpp"
#include "../eval/linear_probe.hpp"
#include "../io/json.hpp"
#include "pretrain_data.hpp"

namespace akin::inline AKIN_ABI::train {

/// Features of images that are normalised and nothing else.
AKIN_LAZY eval::Features pretrain_features(const nn::Module& encoder, const data::Dataset& images,
                                           const PretrainData& data) {
  const auto pipeline = augment::plain(data.normalize);
  return eval::embed(encoder, images, [&](const Array& batch) { return pipeline.apply(batch); });
}

/// With a limit there may be fewer images than neighbours.
AKIN_LAZY eval::KnnOptions pretrain_knn(const PretrainData& data) {
  return {.k = static_cast<int>(std::min<std::int64_t>(eval::KnnOptions{}.k, data.train->size()))};
}

/// Accuracies on the test images, in [0, 1].
struct PretrainScores {
  double linear, knn;
};

/// Of features of the training and of the test images.
AKIN_LAZY PretrainScores pretrain_scores(const eval::Features& train, const eval::Features& test,
                                         const PretrainData& data) {
  const auto classes = static_cast<std::int64_t>(data.train->class_names().size());
  const double knn = eval::knn_accuracy(train, test, pretrain_knn(data));
  return {eval::accuracy(eval::fit_linear_probe(train, classes), test), knn};
}

/// What config.json says of both.
AKIN_LAZY io::Json::Object knn_config(const PretrainData& data) {
  const eval::KnnOptions knn = pretrain_knn(data);
  return {{"k", knn.k}, {"temperature", knn.temperature}};
}
AKIN_LAZY io::Json::Object linear_probe_config() {
  const eval::LinearProbeOptions probe;
  return {{"l2", probe.l2},
          {"max_iterations", probe.max_iterations},
          {"gradient_tolerance", probe.gradient_tolerance},
          {"value_tolerance", probe.value_tolerance}};
}

}  // namespace akin::inline AKIN_ABI::train
