#include <akin/data/stl10.hpp>
#include <filesystem>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

/// One picture after the other; planes hold columns.
std::string stl_images(int n) {
  std::string bytes;
  for (int i = 0; i < n; ++i)
    for (int c = 0; c < 3; ++c)
      for (int x = 0; x < 96; ++x)
        for (int y = 0; y < 96; ++y) bytes += static_cast<char>(i * 50 + c * 7 + y * 2 + x);
  return bytes;
}

struct SmallStl : test::Folder {
  SmallStl() {
    io::write_file(*this / "train_X.bin", stl_images(2));
    io::write_file(*this / "train_y.bin", "\x01\x0a");
    io::write_file(*this / "unlabeled_X.bin", stl_images(3));
  }
};

TEST(Stl10, PutsColumnsUpright) {
  const SmallStl folder;
  const auto d = detail::stl10(folder.path(), Stl10Part::train, 2);
  EXPECT_EQ(d->size(), 2);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(d->image_bytes()));
  d->read(1, pixels.data());
  for (int y = 0; y < 96; ++y)
    for (int x = 0; x < 96; ++x)
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(pixels[static_cast<std::size_t>((y * 96 + x) * 3 + c)],
                  static_cast<std::uint8_t>(50 + c * 7 + y * 2 + x));
  EXPECT_EQ(d->label(0), 0);
  EXPECT_EQ(d->label(1), 9);
  EXPECT_EQ(d->class_names()[9], "truck");
}

TEST(Stl10, HasAPartWithoutLabels) {
  const SmallStl folder;
  const auto d = detail::stl10(folder.path(), Stl10Part::unlabeled, 3);
  EXPECT_EQ(d->size(), 3);
  EXPECT_EQ(d->label(2), -1);
  EXPECT_TRUE(d->class_names().empty());
}

TEST(Stl10, SaysWhatIsWrong) {
  const SmallStl folder;
  expect_error([&] { detail::stl10(folder.path(), Stl10Part::test, 2); }, "stl-10: there is no test_y.bin in '");
  expect_error([&] { stl10(folder.path()); }, "expected 5000 labels of one byte, found 2");
  expect_error([&] { stl10(folder.path(), Stl10Part::unlabeled); },
               "expected 100000 records of 27648 bytes, 2764800000 bytes in all, found 82944");
  for (const auto* labels : {"\x01\x0b", "\x0b\x01"}) {
    io::write_file(folder / "train_y.bin", labels);
    expect_error([&] { detail::stl10(folder.path(), Stl10Part::train, 2); }, "expected 1 ... 10, found 11");
  }
  io::write_file(folder / "train_y.bin", std::string("\x01\0", 2));
  expect_error([&] { detail::stl10(folder.path(), Stl10Part::train, 2); }, "label 1: expected 1 ... 10, found 0");
}

}  // namespace
}  // namespace akin::data
