#include <akin/train/pretrain_data.hpp>

#include "support/folder.hpp"
#include "support/pictures.hpp"
#include "support/test.hpp"

namespace akin::train {
namespace {

/// Pictures of one colour each, in two classes or in none.
struct PictureFolder : test::Folder {
  void fill(const std::string& below, int n) const {
    io::make_folders(*this / below);
    for (int i = 0; i < n; ++i)
      io::write_file(*this / cat(below, "/", 100 + i, ".ppm"), test::plain_ppm({6, 8}, i * 9, 50, 255 - i));
  }
  PretrainOptions options(bool evaluate) const {
    PretrainOptions o;
    o.data = path();
    o.image_size = 8;
    o.evaluate = evaluate;
    return o;
  }
};

TEST(PretrainData, OpensAFolderOfUnlabelledPictures) {
  const PictureFolder folder;
  folder.fill(".", 12);
  const PretrainData data = open_pretrain_data(folder.options(false));
  EXPECT_EQ(data.train->size(), 12);
  EXPECT_EQ(data.train->height(), 8);
  EXPECT_EQ(data.test->size(), 12);  // RankMe looks at the same pictures
  EXPECT_EQ(data.normalize.mean.size(), 3u);
  EXPECT_TRUE(data.notes.empty());
  expect_error([&] { open_pretrain_data(folder.options(true)); },
               "has 0 classes, and evaluation needs two or more; train without evaluation (--no-eval)");
}

TEST(PretrainData, RefusesOptionsOfFoldersForOtherData) {
  expect_error([] { open_pretrain_data({.data = "cifar-10", .image_size = 8}); },
               "'cifar-10' has pictures of its own size");
  expect_error([] { open_pretrain_data({.data = "synthetic", .strict = true}); },
               "strict and cache are for folders of pictures; 'synthetic' is none");
  expect_error([] { open_pretrain_data({.data = "synthetic", .cache = "/tmp"}); }, "strict and cache are for folders");
  EXPECT_EQ(open_pretrain_data({.data = "synthetic", .image_size = 12, .limit = 8, .evaluate = false}).train->height(),
            12);
}

TEST(PretrainData, EvaluatesClassesOnHeldOutPictures) {
  const PictureFolder folder;
  folder.fill("a", 10);
  folder.fill("b", 10);
  auto options = folder.options(true);
  expect_error([&] { open_pretrain_data(options); },
               "has no test images; hold out some of its 20 images (--holdout 2, say), or train without evaluation "
               "(--no-eval)");
  options.holdout = 4;
  const PretrainData data = open_pretrain_data(options);
  EXPECT_EQ(data.train->size(), 16);
  EXPECT_EQ(data.test->size(), 4);
  EXPECT_EQ(data.test->class_names().size(), 2u);
  options.holdout = 0, options.evaluate = false, options.limit = 5;
  EXPECT_EQ(open_pretrain_data(options).train->size(), 5);
}

TEST(PretrainData, TakesTheTestImagesOfAFolder) {
  const PictureFolder folder;
  for (const auto* part : {"train/a", "train/b"}) folder.fill(part, 5);
  for (const auto* part : {"val/a", "val/b"}) folder.fill(part, 2);
  const PretrainData data = open_pretrain_data(folder.options(true));
  EXPECT_EQ(data.train->size(), 10);
  EXPECT_EQ(data.test->size(), 4);
}

TEST(PretrainData, TellsWhichPicturesWereLeftOut) {
  const PictureFolder folder;
  folder.fill(".", 100);
  io::write_file(folder / "bad.ppm", "no picture");
  auto options = folder.options(false);
  const PretrainData data = open_pretrain_data(options);
  ASSERT_EQ(data.notes.size(), 2u);
  EXPECT_EQ(data.notes[0], "1 of the 101 pictures in " + folder.path() + " cannot be read and were left out:");
  EXPECT_EQ(data.notes[1], "  bad.ppm: image: not a PNG, JPEG, BMP, PPM or PGM file");
  options.strict = true;
  expect_error([&] { open_pretrain_data(options); }, "1 of the 101 pictures");
}

TEST(PretrainData, KeepsTheDecodedPicturesWhereItIsTold) {
  const PictureFolder folder;
  const test::Folder cache;
  folder.fill(".", 3);
  auto options = folder.options(false);
  options.cache = cache.path();
  open_pretrain_data(options);
  EXPECT_NE(cache.names(), "");
}

TEST(PretrainData, OpensAnArray) {
  const test::Folder folder;
  io::save_npy(folder / "images.npy", Array::zeros({6, 4, 4, 3}, DType::u8));
  PretrainOptions options;
  options.data = folder / "images.npy", options.evaluate = false;
  EXPECT_EQ(open_pretrain_data(options).train->size(), 6);
}

}  // namespace
}  // namespace akin::train
