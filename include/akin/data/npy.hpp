// Pictures that a NumPy program has saved: images.npy, and labels.npy beside it.
#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "../io/folder.hpp"
#include "../io/npy.hpp"
#include "dataset.hpp"

namespace akin::inline AKIN_ABI::data {
namespace detail {

/// Classes 0 ... largest, named by their numbers.
AKIN_LAZY Array npy_labels(const std::string& path, std::int64_t images, std::vector<std::string>& class_names) {
  const Array raw = io::load_npy(path);
  check(raw.rank() == 1 && raw.dim(0) == images && !is_floating(raw.dtype()), "npy", "'", path, "': expected ", images,
        " whole numbers, one per image, found ", raw.dtype(), " ", raw.shape());
  Array labels = Array::empty(raw.shape(), DType::i64);
  auto* to = labels.mut<std::int64_t>();
  std::int64_t largest = -1;
  on_any(raw.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < images; ++i) {
      to[i] = static_cast<std::int64_t>(static_cast<compute_t<T>>(raw.data<T>()[i]));
      check(-1 <= to[i] && to[i] < 1'000'000, "npy", "'", path, "': label ", i, ": expected -1 ... 999,999, found ",
            to[i]);
      largest = std::max(largest, to[i]);
    }
  });
  for (std::int64_t i = 0; i <= largest; ++i) class_names.push_back(cat(i));
  return labels;
}

}  // namespace detail

/// The images in a .npy file: u8 of shape [N, H, W, C] or [N, H, W], with labels from labels.npy in the same folder if
/// there is such a file: whole numbers from 0, or -1 where there is none. Errors: other types or shapes; see load_npy.
AKIN_LAZY DatasetPtr npy_images(const std::string& path) {
  Array images = io::load_npy(path);
  check(images.dtype() == DType::u8 && (images.rank() == 3 || images.rank() == 4), "npy", "'", path,
        "': expected images of type u8 and shape [N, H, W, C] or [N, H, W], found ", images.dtype(), " ",
        images.shape());
  if (images.rank() == 3) images = images.reshape({images.dim(0), images.dim(1), images.dim(2), 1});
  const std::string labels_path = io::folder_of(path) + "/labels.npy";
  std::vector<std::string> class_names;
  Array labels;
  if (io::kind_of(labels_path) != io::PathKind::missing)
    labels = detail::npy_labels(labels_path, images.dim(0), class_names);
  return in_memory(path, images, labels, std::move(class_names));
}

}  // namespace akin::inline AKIN_ABI::data
