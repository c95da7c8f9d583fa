// A data set whose images say their own number.
#pragma once
#include <akin/data/dataset.hpp>

namespace akin::test {

/// n images of one pixel: pixel and label of image i are i.
inline data::DatasetPtr numbered(std::int64_t n) {
  Array images = Array::empty({n, 1, 1, 1}, DType::u8), labels = Array::empty({n}, DType::i64);
  for (std::int64_t i = 0; i < n; ++i) {
    images.mut<std::uint8_t>()[i] = static_cast<std::uint8_t>(i);
    labels.mut<std::int64_t>()[i] = i;
  }
  return data::in_memory("numbered", images, labels);
}

}  // namespace akin::test
