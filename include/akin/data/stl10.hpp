// STL-10 (Coates, Lee and Ng, AISTATS 2011): 96 x 96 colour, ten classes; 5,000 training and 8,000 test images, and
// 100,000 without labels, from a wider range of animals and vehicles.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "planar_records.hpp"

namespace akin::inline AKIN_ABI::data {

enum class Stl10Part : unsigned char { train, test, unlabeled };

inline constexpr std::string_view stl10_folder = "data/stl10_binary";
inline constexpr std::string_view stl10_install =
    "mkdir -p data && curl -L http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz | tar xz -C data";

namespace detail {

/// One byte per image, 1 ... 10.
AKIN_LAZY std::vector<std::int16_t> stl10_labels(const RecordLayout& layout, const std::string& file,
                                                 std::int64_t images) {
  const std::string path = record_path(layout, file);
  const io::MappedFile mapped(path);
  const std::string_view bytes = mapped.bytes();
  check(static_cast<std::int64_t>(bytes.size()) == images, layout.name, "'", path, "': expected ", images,
        " labels of one byte, found ", bytes.size(), "; unpack it again");
  const auto classes = static_cast<int>(layout.class_names.size());
  std::vector<std::int16_t> labels;
  for (const char byte : bytes) {
    const int label = static_cast<std::uint8_t>(byte);
    check(1 <= label && label <= classes, layout.name, "'", path, "': label ", labels.size(), ": expected 1 ... ",
          classes, ", found ", label);
    labels.push_back(static_cast<std::int16_t>(label - 1));
  }
  return labels;
}

/// Tests make small files.
template <class Lazy = void>
DatasetPtr stl10(const std::string& folder, Stl10Part part, std::int64_t images) {
  RecordLayout layout{.name = "stl-10",
                      .folder = folder,
                      .install = std::string(stl10_install),
                      .side = 96,
                      .by_columns = true,
                      .class_names = {}};
  const std::string prefix = part == Stl10Part::train ? "train" : part == Stl10Part::test ? "test" : "unlabeled";
  std::vector<std::int16_t> labels;
  if (part != Stl10Part::unlabeled) {
    layout.class_names = names_from(folder + "/class_names.txt", {"airplane", "bird", "car", "cat", "deer", "dog",
                                                                  "horse", "monkey", "ship", "truck"});
    labels = stl10_labels(layout, prefix + "_y.bin", images);
  }
  return std::make_shared<PlanarRecords<Lazy>>(layout, std::vector<std::string>{prefix + "_X.bin"}, images,
                                               std::move(labels));
}

}  // namespace detail

/// Errors: a file is missing (with what to download), has another size than the published one, or holds labels that
/// cannot be. The 2.8 GB of unlabelled images are mapped: opening them reads nothing.
AKIN_LAZY DatasetPtr stl10(std::string_view folder = stl10_folder, Stl10Part part = Stl10Part::train) {
  const std::int64_t images = part == Stl10Part::train ? 5000 : part == Stl10Part::test ? 8000 : 100000;
  return detail::stl10(std::string(folder), part, images);
}

}  // namespace akin::inline AKIN_ABI::data
