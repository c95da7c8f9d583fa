#include <akin/data/image_folder.hpp>
#include <filesystem>

#include "support/folder.hpp"
#include "support/pictures.hpp"
#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin::data {
namespace {

using test::plain_ppm;

/// A temporary folder of pictures.
struct Pictures : test::Folder {
  void add(const std::string& path, const std::string& bytes) const {
    io::make_folders(io::folder_of(*this / path));
    io::write_file(*this / path, bytes);
  }
  /// A picture of one colour, of which the first value tells it from the others.
  void add(const std::string& path, int red) const { add(path, plain_ppm({5, 7}, red, 100, 200)); }

  std::shared_ptr<const ImageFolder> open(const ImageFolderOptions& options = {.size = 4}) const {
    return image_folder(path(), options);
  }
};

int red_of(const Dataset& dataset, std::int64_t index) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(dataset.image_bytes()));
  dataset.read(index, pixels.data());
  return pixels[0];
}

/// Paths, first values and labels: all that tells one data set of these from another.
std::string contents(const ImageFolder& dataset) {
  std::string text;
  for (std::int64_t i = 0; i < dataset.size(); ++i)
    text += cat(dataset.path(i), " ", red_of(dataset, i), " ", dataset.label(i), "\n");
  return text;
}

std::string cache_in(const Pictures& folder) { return folder / ".akin-cache/all-4x4x3.pictures"; }

/// Gives the file the same time as before, so that its size or bytes alone tell of a change.
template <class Change>
void keep_time(const std::string& path, Change change) {
  const auto time = std::filesystem::last_write_time(path);
  change();
  std::filesystem::last_write_time(path, time);
}

TEST(ImageFolder, TakesFoldersForClassesInTheOrderOfTheirBytes) {
  const Pictures folder;
  folder.add("b/2.ppm", 1);
  folder.add("b/10.PPM", 2);
  folder.add("B/x.ppm", 3);
  folder.add("a/deep/er/y.ppm", 4);
  folder.add("a/deep-1/z.ppm", 5);
  folder.add("a/notes.txt", "no picture");
  folder.add("a/.hidden.ppm", "no picture either");
  folder.add(".git/w.ppm", 6);
  const auto d = folder.open();
  EXPECT_EQ(d->class_names(), (std::vector<std::string>{"B", "a", "b"}));
  EXPECT_EQ(contents(*d), "B/x.ppm 3 0\na/deep-1/z.ppm 5 1\na/deep/er/y.ppm 4 1\nb/10.PPM 2 2\nb/2.ppm 1 2\n");
  EXPECT_EQ(d->height(), 4);
  EXPECT_EQ(d->width(), 4);
  EXPECT_EQ(d->channels(), 3);
  EXPECT_EQ(d->name(), folder.path());
  EXPECT_TRUE(d->skipped().empty());
}

TEST(ImageFolder, TakesPicturesWithoutFoldersAsUnlabelled) {
  const Pictures folder;
  folder.add("b.ppm", 1);
  folder.add("a.ppm", 2);
  const auto d = folder.open();
  EXPECT_TRUE(d->class_names().empty());
  EXPECT_EQ(contents(*d), "a.ppm 2 -1\nb.ppm 1 -1\n");
}

TEST(ImageFolder, RefusesWhatItCannotTell) {
  const Pictures folder;
  expect_error([&] { folder.open(); }, "there are no pictures in '" + folder.path());
  folder.add("a/x.ppm", 1);
  folder.add("loose.ppm", 1);
  expect_error([&] { folder.open(); }, "beside them 1 pictures, such as 'loose.ppm'; move these into a folder");
  std::filesystem::remove(folder / "loose.ppm");
  folder.add("empty/notes.txt", "");
  expect_error([&] { folder.open(); }, "the class 'empty' in '" + folder.path() + "' has no pictures");
  expect_error([&] { image_folder(folder / "none"); }, "No such file");
  expect_error([&] { folder.open({.size = 0}); }, "size must lie in 1 ... 1024 pixels, got 0");
  expect_error([&] { folder.open({.channels = 2}); }, "expected 1 (grey) or 3 (colour) channels, got 2");
  expect_error([&] { folder.open({.max_unread = 2}); }, "max_unread must lie in [0, 1], got 2");
}

TEST(ImageFolder, EntersNoFolderTwice) {
  const Pictures folder;
  folder.add("a/x.ppm", 1);
  folder.add("other/y.ppm", 2);
  std::filesystem::create_directory_symlink(folder.path(), folder / "a/to-the-root");
  std::filesystem::create_directory_symlink(folder / "a", folder / "a/to-itself");
  std::filesystem::create_directory_symlink(folder / "other", folder / "a/to-other");
  std::filesystem::create_directory_symlink(folder / "other", folder / "a/to-other-again");
  EXPECT_EQ(contents(*folder.open()), "a/x.ppm 1 0\na/to-other/y.ppm 2 0\nother/y.ppm 2 1\n");
}

TEST(ImageFolder, DividesTrainAndTest) {
  const Pictures folder;
  folder.add("train/a/1.ppm", 1);
  folder.add("train/b/2.ppm", 2);
  folder.add("test/a/3.ppm", 3);
  folder.add("test/b/4.ppm", 4);
  EXPECT_EQ(contents(*folder.open()), "a/1.ppm 1 0\nb/2.ppm 2 1\n");
  EXPECT_EQ(contents(*folder.open({.size = 4, .split = Split::test})), "a/3.ppm 3 0\nb/4.ppm 4 1\n");
  std::filesystem::rename(folder / "test", folder / "val");
  EXPECT_EQ(contents(*folder.open({.size = 4, .split = Split::test})), "a/3.ppm 3 0\nb/4.ppm 4 1\n");
  folder.add("val/c/5.ppm", 5);
  expect_error([&] { folder.open({.size = 4, .split = Split::test}); }, "val' has 3 classes");
  folder.add("extra/6.ppm", 6);  // now they are three classes
  EXPECT_EQ(folder.open()->class_names(), (std::vector<std::string>{"extra", "train", "val"}));
  expect_error([&] { folder.open({.size = 4, .split = Split::test}); }, "so it has no test images; hold out some");
}

TEST(ImageFolder, CutsTheCentralSquareAndResizesIt) {
  const Pictures folder;
  std::string values;
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 8; ++x)
      values += std::string(3, static_cast<char>(x < 2 || x >= 6 ? 255 : 10 * y + 40 * (x - 2)));
  folder.add("a.ppm", test::ppm({4, 8}, values));
  const auto pixels = [](const DatasetPtr& d) {
    std::vector<std::uint8_t> read(static_cast<std::size_t>(d->image_bytes()));
    d->read(0, read.data());
    return std::vector<int>(read.begin(), read.end());
  };
  const auto same = pixels(folder.open({.size = 4, .channels = 1}));
  EXPECT_EQ(same, (std::vector<int>{0, 40, 80, 120, 10, 50, 90, 130, 20, 60, 100, 140, 30, 70, 110, 150}));
  // Each half of an axis weighs its own two pixels 3/7 each, and the next one 1/7.
  EXPECT_EQ(pixels(folder.open({.size = 2, .channels = 1})), (std::vector<int>{36, 99, 51, 114}));
  EXPECT_EQ(pixels(folder.open({.size = 1, .channels = 1})), (std::vector<int>{75}));
}

TEST(ImageFolder, DecodesOnceAndThenReadsTheCache) {
  const Pictures folder;
  folder.add("a.ppm", 1);
  folder.add("b.ppm", 2);
  const auto first = folder.open();
  EXPECT_TRUE(first->decoded());
  EXPECT_EQ(first->cache_path(), cache_in(folder));
  keep_time(folder / "a.ppm", [&] { folder.add("a.ppm", 9); });  // same size and time: no cache can see that
  const auto second = folder.open();
  EXPECT_FALSE(second->decoded());
  EXPECT_EQ(contents(*second), contents(*first));
  EXPECT_TRUE(folder.open({.size = 5})->decoded());
  EXPECT_TRUE(folder.open({.size = 4, .channels = 1})->decoded());
  EXPECT_FALSE(folder.open()->decoded());
}

TEST(ImageFolder, DecodesAnewWhatHasChanged) {
  const Pictures folder;
  folder.add("a.ppm", 1);
  folder.add("b.ppm", 2);
  folder.open();
  const auto reopened = [&](auto change) {
    change();
    const auto d = folder.open();
    EXPECT_TRUE(d->decoded());
    EXPECT_FALSE(folder.open()->decoded());
    return contents(*d);
  };
  const auto later = [&](const std::string& name, int seconds) {
    std::filesystem::last_write_time(folder / name,
                                     std::filesystem::file_time_type::clock::now() + std::chrono::seconds(seconds));
  };
  EXPECT_EQ(reopened([&] { folder.add("a.ppm", 3), later("a.ppm", 10); }), "a.ppm 3 -1\nb.ppm 2 -1\n");
  EXPECT_EQ(reopened([&] { folder.add("c.ppm", 4); }), "a.ppm 3 -1\nb.ppm 2 -1\nc.ppm 4 -1\n");
  EXPECT_EQ(reopened([&] { std::filesystem::remove(folder / "b.ppm"); }), "a.ppm 3 -1\nc.ppm 4 -1\n");
  EXPECT_EQ(reopened([&] { std::filesystem::rename(folder / "a.ppm", folder / "d.ppm"); }), "c.ppm 4 -1\nd.ppm 3 -1\n");
  keep_time(folder / "c.ppm", [&] { folder.add("c.ppm", plain_ppm({5, 8}, 5, 0, 0)); });
  EXPECT_EQ(reopened([] {}), "c.ppm 5 -1\nd.ppm 3 -1\n");
}

TEST(ImageFolder, MakesADamagedCacheAnew) {
  const Pictures folder;
  folder.add("a.ppm", 1);
  folder.add("b.ppm", "not a picture");
  const ImageFolderOptions options{.size = 4, .max_unread = 0.5};
  const std::string want = contents(*folder.open(options));
  const std::string whole = io::read_file(cache_in(folder));
  const auto repaired = [&](const std::string& bytes) {
    io::write_file(cache_in(folder), bytes);
    const auto d = folder.open(options);
    return d->decoded() && contents(*d) == want && d->skipped().size() == 1 && io::read_file(cache_in(folder)) == whole;
  };
  EXPECT_FALSE(folder.open(options)->decoded());
  for (const std::size_t length : {std::size_t{0}, std::size_t{39}, whole.size() / 2, whole.size() - 1})
    EXPECT_TRUE(repaired(whole.substr(0, length))) << length;
  for (const std::size_t at : {std::size_t{8}, std::size_t{50}, whole.size() - 1}) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 64);
    EXPECT_TRUE(repaired(bytes)) << at;
  }
  EXPECT_TRUE(repaired(whole + "x"));
  EXPECT_TRUE(repaired("another file"));
}

TEST(ImageFolder, LeavesOutWhatCannotBeReadAndSaysWhy) {
  const Pictures folder;
  for (int i = 0; i < 20; ++i) folder.add(cat("p", i + 10, ".ppm"), i);
  folder.add("bad.ppm", "P6 4 4 255 short");
  folder.add("empty.ppm", "");
  folder.add("old.tif", "II*");
  std::filesystem::create_symlink(folder / "nowhere", folder / "lost.ppm");
  const ImageFolderOptions lenient{.size = 4, .max_unread = 0.2};
  for (const bool decoded : {true, true}) {  // a file that the system refused is tried each time
    const auto d = folder.open(lenient);
    EXPECT_EQ(d->decoded(), decoded);
    EXPECT_EQ(d->size(), 20);
    EXPECT_EQ(d->path(0), "p10.ppm");
    EXPECT_EQ(red_of(*d, 19), 19);
    ASSERT_EQ(d->skipped().size(), 4u);
    EXPECT_EQ(d->skipped()[0].path, "bad.ppm");
    EXPECT_EQ(d->skipped()[0].reason, "pnm: truncated: expected 48 bytes of values, found 5");
    EXPECT_EQ(d->skipped()[1].reason, "image: the file is empty");
    EXPECT_NE(d->skipped()[2].reason.find("No such file"), std::string::npos);
    EXPECT_EQ(d->skipped()[3].reason, "of a kind that is not supported; convert it to PNG");
  }
  std::filesystem::remove(folder / "lost.ppm");
  EXPECT_TRUE(folder.open(lenient)->decoded());
  EXPECT_FALSE(folder.open(lenient)->decoded());
  EXPECT_EQ(folder.open(lenient)->skipped().size(), 3u);
}

TEST(ImageFolder, RefusesTooManyPicturesThatCannotBeRead) {
  const Pictures folder;
  for (int i = 0; i < 99; ++i) folder.add(cat("p", i, ".ppm"), i);
  folder.add("a\nb.ppm", "no picture");
  EXPECT_EQ(folder.open()->skipped().size(), 1u);  // one in a hundred
  expect_error(
      [&] { folder.open({.size = 4, .max_unread = 0}); },
      "1 of the 100 pictures in '" + folder.path() + "' cannot be read, more than 0 %; \"a\\nb.ppm\": image: ");
  for (int i = 0; i < 4; ++i) folder.add(cat("bad", i, ".ppm"), "no picture");
  expect_error([&] { folder.open(); }, "5 of the 104 pictures");
  expect_error([&] { folder.open(); },
               "; \"bad1.ppm\": image: not a PNG, JPEG, BMP, PPM or PGM file; ...; repair, convert");
}

TEST(ImageFolder, IsNoDataSetIfNothingCanBeRead) {
  const Pictures folder;
  folder.add("a.ppm", "no picture");
  expect_error([&] { folder.open({.size = 4, .max_unread = 1}); }, "1 of the 1 pictures");
}

TEST(ImageFolder, KeepsItsCacheWhereItIsTold) {
  const Pictures folder, cache, other;
  folder.add("a.ppm", 1);
  other.add("a.ppm", 2);
  EXPECT_TRUE(folder.open({.size = 4, .cache = cache / "new/one"})->decoded());
  EXPECT_FALSE(io::kind_of(folder / ".akin-cache") == io::PathKind::folder);
  EXPECT_TRUE(other.open({.size = 4, .cache = cache / "new/one"})->decoded());  // folders may share it
  EXPECT_FALSE(folder.open({.size = 4, .cache = cache / "new/one"})->decoded());
  EXPECT_EQ(red_of(*other.open({.size = 4, .cache = cache / "new/one"}), 0), 2);
  expect_error([&] { folder.open({.size = 4, .cache = folder / "a.ppm"}); },
               "found no place for the decoded pictures; make_folders: ");
}

TEST(ImageFolder, GoesToTheUsersCacheWhereTheFolderCannotBeWritten) {
  const Pictures folder, home;
  folder.add("a.ppm", 1);
  io::write_file(folder / ".akin-cache", "in the way");  // root may write everywhere else
  const char* const before = std::getenv("XDG_CACHE_HOME");
  const std::string kept = before ? before : "";
  ::setenv("XDG_CACHE_HOME", home.path().c_str(), 1);
  const std::string place = folder.open()->cache_path();
  const bool again = folder.open()->decoded();
  before ? ::setenv("XDG_CACHE_HOME", kept.c_str(), 1) : ::unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(place.rfind(home / "akin/", 0), 0u) << place;
  EXPECT_FALSE(again);
}

TEST(ImageFolder, HoldsTheSamePixelsAtAnyNumberOfThreads) {
  const Pictures folder;
  for (int i = 0; i < 300; ++i)
    folder.add(cat("p", 100 + i, ".ppm"), i % 7 == 0 ? "bad" : plain_ppm({3, 4}, i % 256, 0, 9));
  const ImageFolderOptions options{.size = 4, .max_unread = 1};
  const auto bytes = [&](int count) {
    const test::WithThreads threads(count);
    EXPECT_TRUE(folder.open(options)->decoded());
    std::string cache = io::read_file(cache_in(folder));
    std::filesystem::remove(cache_in(folder));
    return cache;
  };
  EXPECT_EQ(bytes(1), bytes(4));
}

TEST(ImageFolder, ReadsPhotographs) {
#if !defined(AKIN_WITH_STB)
  GTEST_SKIP() << "compiled without stb";
#endif
  const Pictures folder;
  folder.add("a.JPG", test::asset("gradient.jpg"));
  folder.add("b.png", test::png({2, 2}, 8, 0, "abcd"));
  folder.add("c.jpeg", "\xff\xd8" + test::exif(6) + test::asset("gradient.jpg").substr(2));
  EXPECT_EQ(folder.open({.size = 8})->size(), 3);
}

}  // namespace
}  // namespace akin::data
