// The data sets by name: what --data accepts.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../core/names.hpp"
#include "fashion_mnist.hpp"
#include "synthetic.hpp"

namespace akin::inline AKIN_ABI::data {

/// Everything that opening any data set may need; each takes what concerns it.
struct OpenOptions {
  std::string folder = {};  ///< where the files are; empty: where the package installs them
  Split split = Split::train;
  SyntheticOptions synthetic = {};  ///< its split is the one above
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
      {"fashion-mnist", "60,000 + 10,000 clothes, 28 x 28 grey, 10 classes", fashion_mnist_install,
       [](const OpenOptions& o) { return fashion_mnist(o.folder.empty() ? fashion_mnist_folder : o.folder, o.split); }},
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

/// Opens a data set by its name in table(). Errors: unknown name (with the nearest known one); missing files.
AKIN_LAZY DatasetPtr open(std::string_view name, const OpenOptions& options = {}) {
  return find_row("data", "data set", table(), name).open(options);
}

}  // namespace akin::inline AKIN_ABI::data
