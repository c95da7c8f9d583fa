#include <akin/data/fashion_mnist.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

/// A folder with three 2 x 2 training images and their labels.
struct SmallFolder : test::Folder {
  SmallFolder() {
    write("train-images-idx3-ubyte", std::string("\0\0\x08\x03\0\0\0\x03\0\0\0\x02\0\0\0\x02", 16) + "abcdefghijkl");
    write("train-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x03\x01\0\x02", 11));
  }
  void write(const std::string& name, const std::string& bytes) const { io::write_file(*this / name, bytes); }
  DatasetPtr read(Split split = Split::train) const {
    return mnist_like({.name = "small", .folder = path(), .class_names = {"x", "y", "z"}, .install = "fetch small"},
                      split);
  }
};

TEST(MnistLike, ReadsImagesAndLabels) {
  const SmallFolder folder;
  const auto d = folder.read();
  EXPECT_EQ(d->name(), "small");
  expect_close(labels(*d), Array::from<std::int64_t>({3}, {1, 0, 2}), tol::exact);
  const Samples samples = take(*d, {2});
  EXPECT_EQ(samples.images.shape(), (Shape{1, 2, 2, 1}));
  EXPECT_EQ(at(samples.images, 3), 'l');
}

TEST(MnistLike, SaysHowToGetMissingFiles) {
  const SmallFolder folder;
  expect_error([&] { folder.read(Split::test); }, "small: there is no t10k-images-idx3-ubyte[.gz] in " + folder.path());
  expect_error([&] { folder.read(Split::test); }, "install it with: fetch small");
}

TEST(MnistLike, RejectsFilesThatDoNotFitEachOther) {
  const SmallFolder folder;
  const auto labels_file = [&](const std::string& bytes) { folder.write("train-labels-idx1-ubyte", bytes); };
  labels_file(std::string("\0\0\x08\x01\0\0\0\x02\x01\0", 10));
  expect_error([&] { folder.read(); }, "expected 3 labels, one per image, found 2");
  labels_file(std::string("\0\0\x08\x01\0\0\0\x03\x01\0\x03", 11));
  expect_error([&] { folder.read(); }, "label 2 (byte 10): expected 0 ... 2, found 3");
  labels_file(std::string("\0\0\x09\x01\0\0\0\x03\x01\0\x02", 11));
  expect_error([&] { folder.read(); }, "expected labels of type u8 with 1 axis, found i32 [3]");
  folder.write("train-images-idx3-ubyte", std::string("\0\0\x08\x01\0\0\0\x03\x01\0\x02", 11));
  expect_error([&] { folder.read(); }, "expected images of type u8 with 3 axes, found u8 [3]");
}

TEST(FashionMnist, SaysHowToInstallIt) {
  expect_error([] { fashion_mnist("/nowhere"); }, "sudo apt-get install dataset-fashion-mnist");
  expect_error([] { fashion_mnist("/nowhere"); }, "the data set synthetic needs no download");
}

TEST(FashionMnist, HoldsThePublishedImages) {  // expected values computed from the files with another program
#if !defined(AKIN_WITH_ZLIB)
  GTEST_SKIP() << "compiled without zlib";
#endif
  if (!detail::exists(std::string(fashion_mnist_folder) + "/t10k-images-idx3-ubyte.gz"))
    GTEST_SKIP() << "not installed";
  const auto d = fashion_mnist(fashion_mnist_folder, Split::test);
  const Samples all = take(*d, first_indices(d->size()));
  EXPECT_EQ(all.images.shape(), (Shape{10000, 28, 28, 1}));
  std::int64_t sum = 0, weighted = 0;
  const auto* pixels = all.images.data<std::uint8_t>();
  for (std::int64_t i = 0; i < all.images.size(); ++i) sum += pixels[i], weighted += (i % 251 + 1) * pixels[i];
  EXPECT_EQ(sum, 573469082);
  EXPECT_EQ(weighted, 72253401797);
  const Array first = labels(*d, first_indices(12));
  expect_close(first, Array::from<std::int64_t>({12}, {9, 2, 1, 1, 6, 1, 4, 6, 5, 7, 4, 5}), tol::exact);
  std::vector<int> counts(10);
  for (std::int64_t i = 0; i < d->size(); ++i) ++counts[static_cast<std::size_t>(d->label(i))];
  EXPECT_EQ(counts, std::vector<int>(10, 1000));
  EXPECT_EQ(d->class_names()[9], "Ankle boot");
}

}  // namespace
}  // namespace akin::data
