// The data of a pre-training run: opened, divided, and checked for what would come to light only after the training.
#pragma once
#include <algorithm>

#include "../augment/normalize.hpp"
#include "../data/channel_statistics.hpp"
#include "../data/subset.hpp"
#include "../data/table.hpp"
#include "pretrain_options.hpp"

namespace akin::inline AKIN_ABI::train {

struct PretrainData {
  data::DatasetPtr train, test;
  augment::Normalize normalize;  ///< by the statistics of the training images
};

/// Errors: images that are not square, of which training and test set differ in size or channels, or that evaluation
/// has no use for.
AKIN_LAZY void check_pretrain_data(const data::Dataset& train, const data::Dataset& test, bool evaluate) {
  const auto size_of = [](const data::Dataset& set) { return Shape{set.height(), set.width(), set.channels()}; };
  check(train.height() == train.width(), "pretrain", train.name(), " has images of ", train.height(), " x ",
        train.width(), " pixels; views are square and would squash them: crop them to squares first");
  check(test.size() > 0, "pretrain", test.name(), " has no test images; hold out some of the training images instead");
  check(size_of(train) == size_of(test), "pretrain", "training and test images of ", train.name(),
        " differ in [height, width, channels]: ", size_of(train), " vs ", size_of(test));
  check(!evaluate || train.class_names().size() >= 2, "pretrain", train.name(), " has ", train.class_names().size(),
        " classes, and evaluation needs two or more; train without evaluation");
}

/// Errors: those of data::open and check_pretrain_data; a limit or holdout that leaves no images.
AKIN_LAZY PretrainData open_pretrain_data(const PretrainOptions& options) {
  check(options.limit >= 0 && options.holdout >= 0, "pretrain", "limit and holdout must be >= 0, got ", options.limit,
        " and ", options.holdout);
  data::OpenOptions open{.folder = options.data_folder};
  PretrainData found{data::open(options.data, open), {}, {}};
  if (options.holdout > 0) {
    check(options.holdout < found.train->size(), "pretrain", "a holdout of ", options.holdout, " leaves none of the ",
          found.train->size(), " training images");
    const auto parts = data::split_off(found.train, options.holdout, options.seed);
    found.train = parts.train;
    found.test = parts.validation;
  } else {
    open.split = data::Split::test;
    found.test = data::open(options.data, open);
  }
  if (options.limit > 0) found.train = data::head(found.train, std::min(options.limit, found.train->size()));
  check_pretrain_data(*found.train, *found.test, options.evaluate);
  const auto statistics = data::channel_statistics(*found.train);
  found.normalize = {statistics.mean, statistics.std};
  return found;
}

}  // namespace akin::inline AKIN_ABI::train
