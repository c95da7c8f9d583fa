#include <akin/data/npy.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

TEST(NpyImages, ReadsImagesAndTheLabelsBesideThem) {
  const test::Folder folder;
  io::save_npy(folder / "images.npy", Array::from<std::uint8_t>({2, 1, 2, 1}, {1, 2, 3, 4}));
  EXPECT_EQ(npy_images(folder / "images.npy")->label(0), -1);
  io::save_npy(folder / "labels.npy", Array::from<std::int32_t>({2}, {2, -1}));
  const auto d = npy_images(folder / "images.npy");
  EXPECT_EQ(d->size(), 2);
  EXPECT_EQ(d->width(), 2);
  EXPECT_EQ(d->label(0), 2);
  EXPECT_EQ(d->label(1), -1);
  EXPECT_EQ(d->class_names(), (std::vector<std::string>{"0", "1", "2"}));
  expect_close(take(*d, {1}).images, Array::from<std::uint8_t>({1, 1, 2, 1}, {3, 4}), tol::exact);
}

TEST(NpyImages, TakesThreeAxesForGrey) {
  const test::Folder folder;
  io::save_npy(folder / "x.npy", Array::zeros({2, 4, 5}, DType::u8));
  EXPECT_EQ(npy_images(folder / "x.npy")->channels(), 1);
}

TEST(NpyImages, SaysWhatIsWrong) {
  const test::Folder folder;
  const auto refused = [&](const Array& images, const Array& labels, const std::string& text) {
    io::save_npy(folder / "x.npy", images);
    io::save_npy(folder / "labels.npy", labels);
    expect_error([&] { npy_images(folder / "x.npy"); }, text);
  };
  const Array images = Array::zeros({2, 4, 5}, DType::u8), labels = int_array({0, 1});
  refused(Array::zeros({2, 4, 5}), labels, "expected images of type u8 and shape [N, H, W, C] or [N, H, W], found f32");
  refused(Array::zeros({2, 4}, DType::u8), labels, "found u8 [2, 4]");
  refused(images, int_array({0}), "expected 2 whole numbers, one per image, found i64 [1]");
  refused(images, Array::zeros({2}), "found f32 [2]");
  refused(images, int_array({0, -2}), "label 1: expected -1 ... 999,999, found -2");
  refused(images, int_array({0, 1000000}), "found 1000000");
}

}  // namespace
}  // namespace akin::data
