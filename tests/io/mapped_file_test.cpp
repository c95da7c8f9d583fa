#include <akin/io/mapped_file.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

TEST(MappedFile, HoldsTheBytesOfAFile) {
  const test::Folder folder;
  write_file(folder / "a", "some bytes");
  const MappedFile file(folder / "a");
  EXPECT_EQ(file.bytes(), "some bytes");
  write_file(folder / "a", "others");  // replaced, not changed
  EXPECT_EQ(file.bytes(), "some bytes");
  std::filesystem::remove(folder / "a");
  EXPECT_EQ(file.bytes(), "some bytes");
}

TEST(MappedFile, MayBeEmptyAndMayMove) {
  const test::Folder folder;
  write_file(folder / "empty", "");
  write_file(folder / "a", "bytes");
  EXPECT_EQ(MappedFile(folder / "empty").bytes(), "");
  MappedFile first(folder / "a"), second(std::move(first)), third;
  third = std::move(second);
  EXPECT_EQ(third.bytes(), "bytes");
  EXPECT_EQ(first.bytes(), "");
}

TEST(MappedFile, SaysWhyItCannot) {
  const test::Folder folder;
  expect_error([&] { MappedFile(folder / "none"); }, "No such file");
  expect_error([&] { MappedFile(folder.path()); }, "is not a regular file");
}

}  // namespace
}  // namespace akin::io
