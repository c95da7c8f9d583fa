// Binary files of equal records, each an image as three planes, with or without its labels: CIFAR and STL-10. They stay
// where they are and are mapped into memory, so nothing is read before it is asked for.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../io/folder.hpp"
#include "../io/mapped_file.hpp"
#include "dataset.hpp"

namespace akin::inline AKIN_ABI::data::detail {

/// How a record is laid out, and what the files of a data set are.
struct RecordLayout {
  std::string name, folder, install;  ///< install: how to get the files, for the message when one is missing
  std::int64_t side = 32;             ///< images are side x side x 3
  std::int64_t label_bytes = 0;       ///< before the planes
  std::int64_t label_at = 0;          ///< which of these is the label
  bool by_columns = false;            ///< planes hold columns, not rows
  std::vector<std::string> class_names;

  std::int64_t record_bytes() const { return label_bytes + 3 * side * side; }
};

AKIN_LAZY std::string record_path(const RecordLayout& layout, const std::string& file) {
  const std::string path = layout.folder + "/" + file;
  check(io::kind_of(path) != io::PathKind::missing, layout.name, "there is no ", file, " in '", layout.folder,
        "'; get it with: ", layout.install, "  (or say where it is: the data folder)");
  return path;
}

/// The lines of a text file of names. If there is no such file, the published names.
AKIN_LAZY std::vector<std::string> names_from(const std::string& path, std::vector<std::string> published) {
  if (io::kind_of(path) == io::PathKind::missing) return published;
  const std::string text = io::read_file(path, 1 << 20);
  std::vector<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    if (end > at) names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  check(names.size() == published.size(), "data", "'", path, "': expected ", published.size(),
        " names, one a line, found ", names.size());
  return names;
}

template <class Lazy>
class AKIN_ABI_TAG PlanarRecords final : public Dataset {
 public:
  /// `per_file` records in each of `files`; labels apart from the records, if there are any there.
  PlanarRecords(const RecordLayout& layout, const std::vector<std::string>& files, std::int64_t per_file,
                std::vector<std::int16_t> labels = {})
      : Dataset({layout.name, per_file * static_cast<std::int64_t>(files.size()), layout.side, layout.side, 3,
                 layout.class_names}),
        side_(layout.side),
        label_bytes_(layout.label_bytes),
        by_columns_(layout.by_columns),
        per_file_(per_file),
        labels_(std::move(labels)) {
    for (const auto& file : files) {
      const std::string path = record_path(layout, file);
      files_.emplace_back(path);
      const auto bytes = static_cast<std::int64_t>(files_.back().bytes().size());
      check(bytes == per_file * layout.record_bytes(), layout.name, "'", path, "': expected ", per_file, " records of ",
            layout.record_bytes(), " bytes, ", per_file * layout.record_bytes(), " bytes in all, found ", bytes,
            "; unpack it again");
      if (label_bytes_ > 0) take_labels(layout, path);
    }
  }

 private:
  void take_labels(const RecordLayout& layout, const std::string& path) {
    const auto classes = static_cast<int>(layout.class_names.size());
    for (std::int64_t i = 0; i < per_file_; ++i) {
      const std::int64_t at = i * layout.record_bytes() + layout.label_at;
      const int label = static_cast<std::uint8_t>(files_.back().bytes()[static_cast<std::size_t>(at)]);
      check(label < classes, name(), "'", path, "': label of record ", i, " (byte ", at, "): expected 0 ... ",
            classes - 1, ", found ", label);
      labels_.push_back(static_cast<std::int16_t>(label));
    }
  }
  void read_image(std::int64_t index, std::uint8_t* pixels) const override {
    const std::int64_t plane = side_ * side_, record = label_bytes_ + 3 * plane;
    const auto* file = files_[static_cast<std::size_t>(index / per_file_)].bytes().data();
    const auto* planes = reinterpret_cast<const std::uint8_t*>(file) + index % per_file_ * record + label_bytes_;
    const std::int64_t down = by_columns_ ? 1 : side_, right = by_columns_ ? side_ : 1;
    for (std::int64_t y = 0; y < side_; ++y)
      for (std::int64_t x = 0; x < side_; ++x)
        for (std::int64_t c = 0; c < 3; ++c) *pixels++ = planes[c * plane + y * down + x * right];
  }
  std::int64_t read_label(std::int64_t index) const override {
    return labels_.empty() ? -1 : labels_[static_cast<std::size_t>(index)];
  }

  std::int64_t side_, label_bytes_;
  bool by_columns_;
  std::int64_t per_file_;
  std::vector<io::MappedFile> files_;
  std::vector<std::int16_t> labels_;
};

}  // namespace akin::inline AKIN_ABI::data::detail
