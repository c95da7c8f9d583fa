// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747), and any data set with the same four files.
#pragma once
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataset.hpp"
#include "idx.hpp"

namespace akin::inline AKIN_ABI::data {

/// Where and what the four files of MNIST and its relatives are.
struct MnistLike {
  std::string name;
  std::string folder;                    ///< holds {train,t10k}-images-idx3-ubyte and -labels-idx1-ubyte, .gz or not
  std::vector<std::string> class_names;  ///< labels are 0 ... classes-1
  std::string install = {};              ///< the command that fetches it, for the message when a file is missing
};

namespace detail {

AKIN_LAZY bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

AKIN_LAZY std::string find_idx(const MnistLike& from, const std::string& file) {
  const std::string path = from.folder + "/" + file;
  if (exists(path)) return path;
  check(exists(path + ".gz"), from.name, "there is no ", file, "[.gz] in ", from.folder, "; ",
        from.install.empty() ? "is this the right folder?" : "install it with: " + from.install,
        "  (the data set synthetic needs no download)");
  return path + ".gz";
}

AKIN_LAZY Array read_mnist_labels(const MnistLike& from, const std::string& path, std::int64_t images) {
  const Array raw = read_idx(path);
  check(raw.dtype() == DType::u8 && raw.rank() == 1, from.name, path,
        ": expected labels of type u8 with 1 axis, found ", raw.dtype(), " ", raw.shape());
  check(raw.size() == images, from.name, path, ": expected ", images, " labels, one per image, found ", raw.size());
  Array labels = Array::empty(raw.shape(), DType::i64);
  for (std::int64_t i = 0; i < raw.size(); ++i) {
    const std::uint8_t label = raw.data<std::uint8_t>()[i];
    check(label < from.class_names.size(), from.name, path, ": label ", i, " (byte ", 8 + i, "): expected 0 ... ",
          from.class_names.size() - 1, ", found ", int{label});
    labels.mut<std::int64_t>()[i] = label;
  }
  return labels;
}

}  // namespace detail

/// Reads MNIST, Fashion-MNIST, KMNIST, ... into memory. Errors: a file is missing, damaged, or does not fit the other.
AKIN_LAZY DatasetPtr mnist_like(const MnistLike& from, Split split) {
  const std::string prefix = split == Split::train ? "train" : "t10k";
  const std::string path = detail::find_idx(from, prefix + "-images-idx3-ubyte");
  const std::string labels_path = detail::find_idx(from, prefix + "-labels-idx1-ubyte");
  const Array images = read_idx(path);  // [N, H, W]
  check(images.dtype() == DType::u8 && images.rank() == 3, from.name, path,
        ": expected images of type u8 with 3 axes, found ", images.dtype(), " ", images.shape());
  const Array labels = detail::read_mnist_labels(from, labels_path, images.dim(0));
  return in_memory(from.name, images.reshape({images.dim(0), images.dim(1), images.dim(2), 1}), labels,
                   from.class_names);
}

inline constexpr std::string_view fashion_mnist_folder = "/usr/share/datasets/fashion-mnist";
inline constexpr std::string_view fashion_mnist_install = "sudo apt-get install dataset-fashion-mnist";

/// 60,000 training and 10,000 test images of clothes, 28 x 28 grey, ten classes. Errors: those of mnist_like; where a
/// file is missing, the message names the folder and how to install the data set: fashion_mnist_install.
AKIN_LAZY DatasetPtr fashion_mnist(std::string_view folder = fashion_mnist_folder, Split split = Split::train) {
  return mnist_like({.name = "fashion-mnist",
                     .folder = std::string(folder),
                     .class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                                     "Sneaker", "Bag", "Ankle boot"},
                     .install = std::string(fashion_mnist_install)},
                    split);
}

}  // namespace akin::inline AKIN_ABI::data
