// Dataset: images that can be read by index, from any thread. Everything above sees only this.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "../core/array.hpp"
#include "../core/parallel.hpp"
#include "../core/samples.hpp"

namespace akin::inline AKIN_ABI::data {

/// The two halves that published data sets come in.
enum class Split : unsigned char { train, test };

inline std::ostream& operator<<(std::ostream& os, Split split) {
  return os << (split == Split::train ? "train" : "test");
}

/// What is true of every image of a data set.
struct DatasetFacts {
  std::string name;
  std::int64_t size = 0;                             ///< number of images
  std::int64_t height = 0, width = 0, channels = 0;  ///< of each image
  std::vector<std::string> class_names = {};         ///< empty when there are no labels
};

/// Labelled or unlabelled images of one size. To add a format: derive, state the facts, override the two private
/// functions; both are called from several threads at once.
class AKIN_ABI_TAG Dataset {
 public:
  virtual ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const DatasetFacts& facts() const { return facts_; }
  const std::string& name() const { return facts_.name; }
  std::int64_t size() const { return facts_.size; }
  std::int64_t height() const { return facts_.height; }
  std::int64_t width() const { return facts_.width; }
  std::int64_t channels() const { return facts_.channels; }
  std::int64_t image_bytes() const { return height() * width() * channels(); }
  const std::vector<std::string>& class_names() const { return facts_.class_names; }

  /// Writes image `index` as height x width x channels bytes. Errors: no such index.
  AKIN_LAZY void read(std::int64_t index, std::uint8_t* pixels) const {
    check_index("read", index);
    read_image(index, pixels);
  }
  /// Class number of image `index`; -1 when it has none. Errors: no such index.
  AKIN_LAZY std::int64_t label(std::int64_t index) const {
    check_index("label", index);
    return read_label(index);
  }

 protected:
  /// Errors: sizes that are not positive, or 2^32 images and more (random draws are indexed with 32 bits).
  AKIN_LAZY explicit Dataset(DatasetFacts facts) : facts_(std::move(facts)) {
    check(size() >= 0 && size() <= std::numeric_limits<std::uint32_t>::max(), name(),
          "expected fewer than 2^32 images, got ", size());
    check(height() > 0 && width() > 0 && channels() > 0, name(), "images need at least one pixel, got [", height(),
          ", ", width(), ", ", channels(), "]");
    check_sizes(name(), {height(), width(), channels()}, 1);
  }

 private:
  virtual void read_image(std::int64_t index, std::uint8_t* pixels) const = 0;
  virtual std::int64_t read_label(std::int64_t index) const = 0;

  AKIN_LAZY void check_index(std::string_view op, std::int64_t index) const {
    check(0 <= index && index < size(), op, "image ", index, " does not exist in ", name(), ", which has ", size());
  }

  DatasetFacts facts_;
};

using DatasetPtr = std::shared_ptr<const Dataset>;

/// Images that lie in memory.
class AKIN_ABI_TAG MemoryDataset final : public Dataset {
 public:
  /// images [N, H, W, C] u8; labels [N] i64 in -1 ... classes-1, or undefined when there are none.
  AKIN_LAZY MemoryDataset(std::string name, Array images, Array labels, std::vector<std::string> class_names)
      : Dataset(facts_of(std::move(name), images, std::move(class_names))), images_(images), labels_(labels) {
    if (!labels.defined()) return;
    check(labels.dtype() == DType::i64 && labels.is_contiguous(), this->name(), "labels must be contiguous i64");
    check_shape(this->name(), "labels", labels, {size()});
    const auto classes = static_cast<std::int64_t>(this->class_names().size());
    for (std::int64_t i = 0; i < size(); ++i) {
      const std::int64_t label = labels.data<std::int64_t>()[i];
      check(-1 <= label && (classes == 0 || label < classes), this->name(), "label ", label, " of image ", i,
            " is not in -1 ... ", classes - 1);
    }
  }

 private:
  AKIN_LAZY static DatasetFacts facts_of(std::string name, const Array& images, std::vector<std::string> class_names) {
    check_rank(name, "images [N, H, W, C]", images, 4);
    check(images.dtype() == DType::u8 && images.is_contiguous(), name, "images must be contiguous u8, got ",
          images.dtype());
    return {std::move(name), images.dim(0), images.dim(1), images.dim(2), images.dim(3), std::move(class_names)};
  }
  void read_image(std::int64_t index, std::uint8_t* pixels) const override {
    std::memcpy(pixels, images_.data<std::uint8_t>() + index * image_bytes(), static_cast<std::size_t>(image_bytes()));
  }
  std::int64_t read_label(std::int64_t index) const override {
    return labels_.defined() ? labels_.data<std::int64_t>()[index] : -1;
  }

  Array images_, labels_;
};

/// A data set from arrays that already lie in memory; see MemoryDataset for shapes and errors.
AKIN_LAZY DatasetPtr in_memory(std::string name, const Array& images, const Array& labels = {},
                               std::vector<std::string> class_names = {}) {
  // new, not make_shared: one more type in a shared_ptr would cost every program 2 ms.
  return DatasetPtr(new MemoryDataset(std::move(name), images, labels, std::move(class_names)));
}

/// 0 ... n-1.
AKIN_LAZY std::vector<std::uint32_t> first_indices(std::int64_t n) {
  std::vector<std::uint32_t> indices(static_cast<std::size_t>(n));
  std::iota(indices.begin(), indices.end(), 0u);
  return indices;
}

/// Reads the images at `indices`. Errors: no such index; epoch >= 2^24.
AKIN_LAZY Samples take(const Dataset& dataset, std::vector<std::uint32_t> indices, std::uint32_t epoch = 0) {
  check(epoch < 1u << 24, "take", "expected an epoch below 2^24, got ", epoch);
  const auto n = static_cast<std::int64_t>(indices.size());
  Array images = Array::empty({n, dataset.height(), dataset.width(), dataset.channels()}, DType::u8);
  auto* pixels = images.mut<std::uint8_t>();
  parallel_for(n, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      dataset.read(indices[static_cast<std::size_t>(i)], pixels + i * dataset.image_bytes());
  });
  return {images, epoch, std::move(indices)};
}

/// The labels at `indices`: [N] i64, -1 where there is none.
AKIN_LAZY Array labels(const Dataset& dataset, const std::vector<std::uint32_t>& indices) {
  Array out = Array::empty({static_cast<std::int64_t>(indices.size())}, DType::i64);
  std::transform(indices.begin(), indices.end(), out.mut<std::int64_t>(), [&](auto i) { return dataset.label(i); });
  return out;
}

/// All labels, in order.
AKIN_LAZY Array labels(const Dataset& dataset) { return labels(dataset, first_indices(dataset.size())); }

}  // namespace akin::inline AKIN_ABI::data
