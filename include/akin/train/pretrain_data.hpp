// The data of a pre-training run: opened, divided, and checked for what would come to light only after the training.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "../augment/normalize.hpp"
#include "../data/channel_statistics.hpp"
#include "../data/subset.hpp"
#include "../data/table.hpp"
#include "pretrain_options.hpp"

namespace akin::inline AKIN_ABI::train {

struct PretrainData {
  data::DatasetPtr train, test;         ///< test: what RankMe and evaluation look at
  augment::Normalize normalize;         ///< by the statistics of the training images
  std::vector<std::string> notes = {};  ///< what a person should be told: pictures that were left out
};

/// Says which pictures of a folder were left out, and why: the first ten.
AKIN_LAZY void note_skipped(const data::Dataset& dataset, std::vector<std::string>& notes) {
  const auto* folder = dynamic_cast<const data::ImageFolder*>(&dataset);
  if (!folder || folder->skipped().empty()) return;
  const std::size_t skipped = folder->skipped().size(), shown = std::min<std::size_t>(10, skipped);
  notes.push_back(cat(skipped, " of the ", static_cast<std::size_t>(dataset.size()) + skipped, " pictures in ",
                      dataset.name(), " cannot be read and were left out", shown < skipped ? "; the first are" : ":"));
  for (std::size_t i = 0; i < shown; ++i)
    notes.push_back(cat("  ", folder->skipped()[i].path, ": ", folder->skipped()[i].reason));
}

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
        " classes, and evaluation needs two or more; train without evaluation (--no-eval)");
}

/// The test images. Where there are none and nothing is evaluated, RankMe looks at the first training images instead.
AKIN_LAZY data::DatasetPtr pretrain_test_images(const PretrainOptions& options, const data::OpenOptions& open,
                                                const data::DatasetPtr& train) {
  if (data::has_test_images(options.data)) {
    data::OpenOptions test = open;
    test.split = data::Split::test;
    return data::open(options.data, test);
  }
  const bool unlabelled = train->class_names().size() < 2;  // check_pretrain_data says so
  check(!options.evaluate || unlabelled, "pretrain", train->name(), " has no test images; hold out some of its ",
        train->size(), " images (--holdout ", std::max<std::int64_t>(1, train->size() / 10),
        ", say), or train without evaluation (--no-eval)");
  return data::head(train, std::min<std::int64_t>(train->size(), 5000));
}

/// Errors: an option that only folders of pictures know, and this is none.
AKIN_LAZY void check_folder_options(const PretrainOptions& o) {
  if (data::is_path(o.data) && !data::is_npy(o.data)) return;
  check(o.image_size == 0 || o.data == "synthetic", "pretrain", "'", o.data,
        "' has pictures of its own size; image_size is for folders of pictures and synthetic ones");
  check(!o.strict && o.cache.empty(), "pretrain", "strict and cache are for folders of pictures; '", o.data,
        "' is none");
}

/// Errors: those of data::open and check_pretrain_data; a limit or holdout that leaves no images.
AKIN_LAZY PretrainData open_pretrain_data(const PretrainOptions& options) {
  check(options.limit >= 0 && options.holdout >= 0, "pretrain", "limit and holdout must be >= 0, got ", options.limit,
        " and ", options.holdout);
  data::OpenOptions open{.folder = options.data_folder};
  check_folder_options(options);
  if (options.image_size > 0) open.pictures.size = open.synthetic.size = options.image_size;
  open.pictures.cache = options.cache;
  if (options.strict) open.pictures.max_unread = 0;
  PretrainData found{data::open(options.data, open), {}, {}};
  note_skipped(*found.train, found.notes);
  if (options.holdout > 0) {
    check(options.holdout < found.train->size(), "pretrain", "a holdout of ", options.holdout, " leaves none of the ",
          found.train->size(), " training images");
    const auto parts = data::split_off(found.train, options.holdout, options.seed);
    found.train = parts.train;
    found.test = parts.validation;
  } else {
    found.test = pretrain_test_images(options, open, found.train);
    if (data::has_test_images(options.data)) note_skipped(*found.test, found.notes);
  }
  if (options.limit > 0) found.train = data::head(found.train, std::min(options.limit, found.train->size()));
  check_pretrain_data(*found.train, *found.test, options.evaluate);
  const auto statistics = data::channel_statistics(*found.train);
  found.normalize = {statistics.mean, statistics.std};
  return found;
}

}  // namespace akin::inline AKIN_ABI::train
