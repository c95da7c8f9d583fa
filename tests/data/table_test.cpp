#include <akin/data/table.hpp>
#include <set>

#include "support/folder.hpp"
#include "support/pictures.hpp"
#include "support/table_names.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

TEST(DataTable, OpensByName) {
  const auto d =
      open("synthetic", {.split = Split::test, .synthetic = {.size = 16, .channels = 1, .count = 5, .seed = 3}});
  EXPECT_EQ(d->name(), "synthetic");
  EXPECT_EQ(d->size(), 5);
  EXPECT_EQ(d->height(), 16);
  const auto same = synthetic({.size = 16, .channels = 1, .count = 5, .seed = 3, .split = Split::test});
  expect_close(take(*d, {4}).images, take(*same, {4}).images, tol::exact);
}

TEST(DataTable, PassesTheFolderOn) {
  expect_error([] { open("fashion-mnist", {.folder = "/nowhere"}); }, "in /nowhere; install it with: ");
}

TEST(DataTable, RefusesAFolderThatNothingWouldBeReadFrom) {
  expect_error([] { open("synthetic", {.folder = "pictures"}); },
               "synthetic: pictures are rendered, not read; leave the folder 'pictures' out");
}

TEST(DataTable, GuessesWhatWasMeant) {
  expect_error([] { open("FashionMNIST"); },
               "data: unknown data set 'FashionMNIST'; " + test::guess("fashion-mnist", table()));
}

TEST(DataTable, SaysThatThereIsNoFolderOfThatNameEither) {
  expect_error([] { open("cifar10-"); },
               test::guess("cifar-10", table()) + "; nor is there a folder or .npy file of that");
  expect_error([] { open("/nowhere/at-all"); }, "nor is there a folder or .npy file of that name");
  expect_error([] { open(""); }, "unknown data set ''");
}

TEST(DataTable, OpensAFolderOfPictures) {
  const test::Folder folder;
  io::make_folders(folder / "train/a");
  io::make_folders(folder / "test/a");
  io::write_file(folder / "train/a/1.ppm", test::plain_ppm({4, 4}, 7, 0, 0));
  io::write_file(folder / "test/a/2.ppm", test::plain_ppm({4, 4}, 8, 0, 0));
  OpenOptions options{.pictures = {.size = 2}};
  EXPECT_TRUE(is_path(folder.path()));
  EXPECT_TRUE(has_test_images(folder.path()));
  EXPECT_EQ(at(take(*open(folder.path() + "/", options), {0}).images, 0), 7);
  options.split = Split::test;
  const auto d = open(folder.path(), options);
  EXPECT_EQ(at(take(*d, {0}).images, 0), 8);
  EXPECT_EQ(d->height(), 2);
  EXPECT_FALSE(has_test_images(folder / "train"));
  options.folder = "elsewhere";
  expect_error([&] { open(folder.path(), options); }, "is itself a path; leave the folder 'elsewhere' out");
}

TEST(DataTable, OpensAnArrayOfPictures) {
  const test::Folder folder;
  io::save_npy(folder / "images.npy", Array::zeros({3, 4, 4, 1}, DType::u8));
  EXPECT_EQ(open(folder.path())->size(), 3);
  EXPECT_EQ(open(folder / "images.npy")->size(), 3);
  EXPECT_FALSE(has_test_images(folder.path()));
  EXPECT_FALSE(has_test_images(folder / "images.npy"));
  expect_error([&] { open(folder.path(), {.split = Split::test}); }, "images.npy' has no test images; hold out some");
  expect_error([&] { open(folder / "labels.npy"); }, "nor is there a folder or .npy file of that name");
}

TEST(DataTable, PrefersItsNamesToFolders) {
  EXPECT_FALSE(is_path("synthetic"));
  EXPECT_TRUE(has_test_images("synthetic"));
  EXPECT_FALSE(is_path("no-such-thing"));
}

TEST(DataTable, SaysHowToGetEachDataSet) {
  for (const auto& row : table())
    if (!row.install.empty()) expect_error([&] { row.open({.folder = "/nowhere"}); }, std::string(row.install));
}

TEST(DataTable, NamesEachDataSetOnceAndDescribesIt) {
  std::set<std::string_view> names;
  for (const auto& row : table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.what.empty()) << row.name;
  }
}

}  // namespace
}  // namespace akin::data
