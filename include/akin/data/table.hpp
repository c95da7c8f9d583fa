// The data sets by name, and folders of pictures by their path: what --data accepts.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../core/names.hpp"
#include "cifar.hpp"
#include "fashion_mnist.hpp"
#include "image_folder.hpp"
#include "npy.hpp"
#include "stl10.hpp"
#include "synthetic.hpp"

namespace akin::inline AKIN_ABI::data {

/// Everything that opening any data set may need; each takes what concerns it.
struct OpenOptions {
  std::string folder = {};  ///< where the files are; empty: where the package installs them
  Split split = Split::train;
  SyntheticOptions synthetic = {};   ///< its split is the one above
  ImageFolderOptions pictures = {};  ///< likewise
};

struct DatasetRow {
  std::string_view name;
  std::string_view what;
  std::string_view install;  ///< the command that fetches it; empty when there is nothing to fetch
  DatasetPtr (*open)(const OpenOptions&);
};

/// Adding a data set = one header, one test, one row.
AKIN_LAZY const std::vector<DatasetRow>& table() {
  static const std::vector<DatasetRow> rows = {
      {"cifar-10", "50,000 + 10,000 animals and vehicles, 32 x 32 colour, 10 classes", cifar10_install,
       [](const OpenOptions& o) { return cifar10(o.folder.empty() ? cifar10_folder : o.folder, o.split); }},
      {"cifar-100", "50,000 + 10,000 things of all kinds, 32 x 32 colour, 100 classes", cifar100_install,
       [](const OpenOptions& o) { return cifar100(o.folder.empty() ? cifar100_folder : o.folder, o.split); }},
      {"fashion-mnist", "60,000 + 10,000 clothes, 28 x 28 grey, 10 classes", fashion_mnist_install,
       [](const OpenOptions& o) { return fashion_mnist(o.folder.empty() ? fashion_mnist_folder : o.folder, o.split); }},
      {"stl-10", "5,000 + 8,000 animals and vehicles, 96 x 96 colour, 10 classes", stl10_install,
       [](const OpenOptions& o) {
         return stl10(o.folder.empty() ? stl10_folder : o.folder,
                      o.split == Split::train ? Stl10Part::train : Stl10Part::test);
       }},
      {"stl-10-unlabeled", "100,000 without labels to train on, and the 8,000 test images of stl-10", stl10_install,
       [](const OpenOptions& o) {
         return stl10(o.folder.empty() ? stl10_folder : o.folder,
                      o.split == Split::train ? Stl10Part::unlabeled : Stl10Part::test);
       }},
      {"synthetic", "shapes with known factors, rendered on the fly, any size, 8 classes", "",
       [](const OpenOptions& o) -> DatasetPtr {
         check(o.folder.empty(), "synthetic", "pictures are rendered, not read; leave the folder '", o.folder, "' out");
         SyntheticOptions options = o.synthetic;
         options.split = o.split;
         return synthetic(options);
       }},
  };
  return rows;
}

namespace detail {

AKIN_LAZY bool is_folder(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

/// The .npy file of images that a path stands for: itself, or images.npy in the folder; "" when it is neither.
AKIN_LAZY std::string npy_at(const std::string& path) {
  const std::string file = is_folder(path) ? path + "/images.npy" : path;
  const bool npy = file.size() > 4 && file.compare(file.size() - 4, 4, ".npy") == 0;
  return npy && exists(file) ? file : "";
}

AKIN_LAZY DatasetPtr open_path(const std::string& path, const OpenOptions& options) {
  check(options.folder.empty(), "data", "'", path, "' is itself a path; leave the folder '", options.folder, "' out");
  const std::string npy = npy_at(path);
  if (npy.empty()) {
    ImageFolderOptions pictures = options.pictures;
    pictures.split = options.split;
    return image_folder(path, pictures);
  }
  check(options.split == Split::train, "data", "'", npy, "' has no test images; hold out some of the training images ",
        "instead");
  return npy_images(npy);
}

}  // namespace detail

/// Whether a name is that of a folder of pictures or of a .npy file, and not in table(): ./synthetic is always a path.
AKIN_LAZY bool is_path(const std::string& name) {
  for (const auto& row : table())
    if (row.name == name) return false;
  return detail::is_folder(name) || !detail::npy_at(name).empty();
}

/// Whether that path stands for a .npy file.
AKIN_LAZY bool is_npy(const std::string& path) { return !detail::npy_at(path).empty(); }

/// Opens a data set by its name in table(), or the pictures at a path: see image_folder and npy_images; a folder that
/// holds images.npy stands for that file. Errors: unknown name (with the nearest known one); missing files; theirs.
AKIN_LAZY DatasetPtr open(std::string_view name, const OpenOptions& options = {}) {
  if (is_path(std::string(name))) return detail::open_path(std::string(name), options);
  const DatasetRow* row = nullptr;
  try {
    row = &find_row("data", "data set", table(), name);
  } catch (const Error& error) {
    throw Error(cat(error.what(), "; nor is there a folder or .npy file of that name"));
  }
  return row->open(options);
}

/// Whether a data set has test images of its own, as those in table() have. Errors: its folder cannot be read.
AKIN_LAZY bool has_test_images(const std::string& name) {
  return !is_path(name) || (detail::npy_at(name).empty() && !split_folders(name).test.empty());
}

}  // namespace akin::inline AKIN_ABI::data
