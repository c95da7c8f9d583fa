// CIFAR-10 and CIFAR-100 in their binary versions (Krizhevsky, "Learning multiple layers of features from tiny images",
// 2009): 50,000 training and 10,000 test images, 32 x 32 colour.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "planar_records.hpp"

namespace akin::inline AKIN_ABI::data {

inline constexpr std::string_view cifar10_folder = "data/cifar-10-batches-bin";
inline constexpr std::string_view cifar10_install =
    "mkdir -p data && curl -L https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz | tar xz -C data";
inline constexpr std::string_view cifar100_folder = "data/cifar-100-binary";
inline constexpr std::string_view cifar100_install =
    "mkdir -p data && curl -L https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz | tar xz -C data";

/// The two levels of CIFAR-100's labels: 100 classes, which lie in 20 groups.
enum class Cifar100Labels : unsigned char { fine, coarse };

namespace detail {

AKIN_LAZY std::vector<std::string> cifar10_names() {
  return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
}

AKIN_LAZY std::vector<std::string> cifar100_fine_names() {
  return {"apple",      "aquarium_fish", "baby",         "bear",       "beaver",      "bed",         "bee",
          "beetle",     "bicycle",       "bottle",       "bowl",       "boy",         "bridge",      "bus",
          "butterfly",  "camel",         "can",          "castle",     "caterpillar", "cattle",      "chair",
          "chimpanzee", "clock",         "cloud",        "cockroach",  "couch",       "crab",        "crocodile",
          "cup",        "dinosaur",      "dolphin",      "elephant",   "flatfish",    "forest",      "fox",
          "girl",       "hamster",       "house",        "kangaroo",   "keyboard",    "lamp",        "lawn_mower",
          "leopard",    "lion",          "lizard",       "lobster",    "man",         "maple_tree",  "motorcycle",
          "mountain",   "mouse",         "mushroom",     "oak_tree",   "orange",      "orchid",      "otter",
          "palm_tree",  "pear",          "pickup_truck", "pine_tree",  "plain",       "plate",       "poppy",
          "porcupine",  "possum",        "rabbit",       "raccoon",    "ray",         "road",        "rocket",
          "rose",       "sea",           "seal",         "shark",      "shrew",       "skunk",       "skyscraper",
          "snail",      "snake",         "spider",       "squirrel",   "streetcar",   "sunflower",   "sweet_pepper",
          "table",      "tank",          "telephone",    "television", "tiger",       "tractor",     "train",
          "trout",      "tulip",         "turtle",       "wardrobe",   "whale",       "willow_tree", "wolf",
          "woman",      "worm"};
}

AKIN_LAZY std::vector<std::string> cifar100_coarse_names() {
  return {"aquatic_mammals",
          "fish",
          "flowers",
          "food_containers",
          "fruit_and_vegetables",
          "household_electrical_devices",
          "household_furniture",
          "insects",
          "large_carnivores",
          "large_man-made_outdoor_things",
          "large_natural_outdoor_scenes",
          "large_omnivores_and_herbivores",
          "medium_mammals",
          "non-insect_invertebrates",
          "people",
          "reptiles",
          "small_mammals",
          "trees",
          "vehicles_1",
          "vehicles_2"};
}

/// `per_file` records in each file; tests make small ones.
template <class Lazy = void>
DatasetPtr cifar10(const std::string& folder, Split split, std::int64_t per_file) {
  const RecordLayout layout{.name = "cifar-10",
                            .folder = folder,
                            .install = std::string(cifar10_install),
                            .label_bytes = 1,
                            .class_names = names_from(folder + "/batches.meta.txt", cifar10_names())};
  std::vector<std::string> files = {"test_batch.bin"};
  if (split == Split::train)
    files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"};
  return std::make_shared<PlanarRecords<Lazy>>(layout, files, per_file);
}

template <class Lazy = void>
DatasetPtr cifar100(const std::string& folder, Split split, Cifar100Labels labels, std::int64_t records) {
  const bool fine = labels == Cifar100Labels::fine;
  const RecordLayout layout{
      .name = "cifar-100",
      .folder = folder,
      .install = std::string(cifar100_install),
      .label_bytes = 2,
      .label_at = fine ? 1 : 0,
      .class_names = fine ? names_from(folder + "/fine_label_names.txt", cifar100_fine_names())
                          : names_from(folder + "/coarse_label_names.txt", cifar100_coarse_names())};
  return std::make_shared<PlanarRecords<Lazy>>(
      layout, std::vector<std::string>{split == Split::train ? "train.bin" : "test.bin"}, records);
}

}  // namespace detail

/// Ten classes of animals and vehicles, 6,000 images each. Errors: a file is missing (with what to download), has
/// another size than the published one, or holds labels that cannot be.
AKIN_LAZY DatasetPtr cifar10(std::string_view folder = cifar10_folder, Split split = Split::train) {
  return detail::cifar10(std::string(folder), split, 10000);
}

/// A hundred classes of 600 images. Errors: as for cifar10.
AKIN_LAZY DatasetPtr cifar100(std::string_view folder = cifar100_folder, Split split = Split::train,
                              Cifar100Labels labels = Cifar100Labels::fine) {
  return detail::cifar100(std::string(folder), split, labels, split == Split::train ? 50000 : 10000);
}

}  // namespace akin::inline AKIN_ABI::data
