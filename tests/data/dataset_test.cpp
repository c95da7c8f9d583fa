#include <akin/data/dataset.hpp>

#include "support/test.hpp"

namespace akin::data {
namespace {

/// n images of 2 x 3 x 1; every pixel of image i is i. Labels i % 3.
DatasetPtr of_six_pixels(std::int64_t n) {
  Array images = Array::empty({n, 2, 3, 1}, DType::u8), labels = Array::empty({n}, DType::i64);
  for (std::int64_t i = 0; i < 6 * n; ++i) images.mut<std::uint8_t>()[i] = static_cast<std::uint8_t>(i / 6);
  for (std::int64_t i = 0; i < n; ++i) labels.mut<std::int64_t>()[i] = i % 3;
  return in_memory("numbered", images, labels, {"a", "b", "c"});
}

TEST(Dataset, StatesItsFacts) {
  const auto d = of_six_pixels(7);
  EXPECT_EQ(d->name(), "numbered");
  EXPECT_EQ(d->size(), 7);
  EXPECT_EQ(d->height(), 2);
  EXPECT_EQ(d->width(), 3);
  EXPECT_EQ(d->channels(), 1);
  EXPECT_EQ(d->image_bytes(), 6);
  EXPECT_EQ(d->class_names().size(), 3u);
}

TEST(Dataset, TakesImagesInTheOrderAskedFor) {
  const Samples samples = take(*of_six_pixels(257), {200, 3, 3, 0, 256}, 9);
  EXPECT_EQ(samples.images.shape(), (Shape{5, 2, 3, 1}));
  EXPECT_EQ(samples.epoch, 9u);
  EXPECT_EQ(samples.indices, (std::vector<std::uint32_t>{200, 3, 3, 0, 256}));
  const int expected[] = {200, 3, 3, 0, 0};  // 256 wraps in u8
  for (int i = 0; i < 30; ++i) EXPECT_EQ(at(samples.images, i), expected[i / 6]);
}

TEST(Dataset, TakesNothing) { EXPECT_EQ(take(*of_six_pixels(3), {}).images.shape(), (Shape{0, 2, 3, 1})); }

TEST(Dataset, GivesLabelsByIndexAndAll) {
  const auto d = of_six_pixels(7);
  expect_close(labels(*d, {6, 1, 2}), Array::from<std::int64_t>({3}, {0, 1, 2}), tol::exact);
  expect_close(labels(*d), Array::from<std::int64_t>({7}, {0, 1, 2, 0, 1, 2, 0}), tol::exact);
}

TEST(Dataset, LabelsAreMinusOneWhenThereAreNone) {
  const auto d = in_memory("plain", Array::zeros({2, 1, 1, 3}, DType::u8));
  EXPECT_EQ(d->label(1), -1);
  EXPECT_TRUE(d->class_names().empty());
}

TEST(Dataset, RejectsIndicesThatDoNotExist) {
  const auto d = of_six_pixels(7);
  std::uint8_t pixels[6];
  expect_error([&] { d->read(7, pixels); }, "read: image 7 does not exist in numbered, which has 7");
  expect_error([&] { d->read(-1, pixels); }, "image -1");
  expect_error([&] { d->label(7); }, "label: image 7");
  expect_error([&] { take(*d, {0, 7}); }, "image 7");
  expect_error([&] { take(*d, {0}, 1u << 24); }, "epoch below 2^24");
}

TEST(MemoryDataset, RejectsArraysOfTheWrongKind) {
  const Array images = Array::zeros({2, 4, 4, 1}, DType::u8);
  expect_error([&] { in_memory("m", Array::zeros({2, 4, 4}, DType::u8)); }, "needs 4 axes, got shape [2, 4, 4]");
  expect_error([&] { in_memory("m", Array::zeros({2, 4, 4, 1})); }, "contiguous u8, got f32");
  expect_error([&] { in_memory("m", images.transpose(1, 2).slice(1, 0, 2)); }, "contiguous u8");
  expect_error([&] { in_memory("m", Array::zeros({2, 0, 4, 1}, DType::u8)); }, "at least one pixel");
  expect_error([&] { in_memory("m", images, Array::zeros({2}, DType::i32)); }, "labels must be contiguous i64");
  expect_error([&] { in_memory("m", images, Array::zeros({3}, DType::i64)); }, "labels has shape [3], expected [2]");
  expect_error(
      [&] {
        in_memory("m", images, Array::from<std::int64_t>({2}, {0, 2}), {"a", "b"});
      },
      "label 2 of image 1");
  expect_error([&] { in_memory("m", images, Array::from<std::int64_t>({2}, {-2, 0})); }, "label -2 of image 0");
}

}  // namespace
}  // namespace akin::data
