// A data set with the four files of Fashion-MNIST, but of tiny random pictures: class k is brighter than class k - 1.
#pragma once
#include <akin/core/philox.hpp>
#include <akin/io/file.hpp>

#include "folder.hpp"

namespace akin::test {

struct SmallDataShape {
  std::int64_t images, height = 4, width = 4;
};

struct SmallData : Folder {
  explicit SmallData(const SmallDataShape& train = {48}, const SmallDataShape& test = {24}) {
    write("train", train, 1);
    write("t10k", test, 2);
  }
  /// Writes images and labels of one split.
  void write(const std::string& prefix, const SmallDataShape& shape, unsigned seed) const {
    Draws draws(seed, {});
    std::string images =
        std::string("\0\0\x08\x03", 4) + number(shape.images) + number(shape.height) + number(shape.width);
    std::string labels = std::string("\0\0\x08\x01", 4) + number(shape.images);
    for (std::int64_t i = 0; i < shape.images; ++i) {
      labels += static_cast<char>(i % 10);
      for (std::int64_t k = 0; k < shape.height * shape.width; ++k)
        images += static_cast<char>(i % 10 * 20 + draws.below(60));
    }
    io::write_file(*this / (prefix + "-images-idx3-ubyte"), images);
    io::write_file(*this / (prefix + "-labels-idx1-ubyte"), labels);
  }
  static std::string number(std::int64_t value) {  // 32 bits, big-endian
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
  }
};

}  // namespace akin::test
