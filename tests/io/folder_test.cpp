#include <akin/io/folder.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

TEST(MakeFolders, MakesParentsAndAcceptsWhatExists) {
  const test::Folder folder;
  make_folders(folder / "a/b//c/");
  make_folders(folder / "a/b");
  EXPECT_EQ(kind_of(folder / "a/b/c"), PathKind::folder);
}

TEST(MakeFolders, NamesThePartThatFailedAndTheReason) {
  const test::Folder folder;
  write_file(folder / "file", "x");
  expect_error([&] { make_folders(folder / "file/a/b"); }, "cannot create '" + folder / "file': Not a directory");
  expect_error([] { make_folders("/proc/akin/a"); }, "cannot create '/proc/akin'");
  expect_error([] { make_folders(""); }, "the path is empty");
  if (::geteuid() == 0) return;  // root may write anywhere
  ASSERT_EQ(::chmod(folder.path().c_str(), 0500), 0);
  expect_error([&] { make_folders(folder / "a/b"); }, "Permission denied");
}

TEST(ListFolder, SortsNames) {
  const test::Folder folder;
  for (const auto* name : {"b", "c", ".a"}) write_file(folder / name, "");
  EXPECT_EQ(list_folder(folder.path()), (std::vector<std::string>{".a", "b", "c"}));
  expect_error([&] { list_folder(folder / "b"); }, "Not a directory");
}

TEST(KindOf, DoesNotFollowLinks) {
  const test::Folder folder;
  ASSERT_EQ(::symlink("/", (folder / "link").c_str()), 0);
  write_file(folder / "file", "");
  EXPECT_EQ(kind_of(folder / "link"), PathKind::link);
  EXPECT_EQ(kind_of(folder / "file"), PathKind::file);
  EXPECT_EQ(kind_of(folder / "none"), PathKind::missing);
  EXPECT_EQ(kind_of("/dev/null"), PathKind::other);
}

TEST(RemoveTemporariesOf, TakesThoseOfDeadProcessesAlone) {
  const test::Folder folder;
  const std::string alive = cat("a.tmp-", ::getpid(), "-0");
  for (const auto& name :
       {std::string("a"), alive, std::string("a.tmp-2147483646-0"), std::string("b.tmp-2147483646-0")})
    write_file(folder / name, "x");
  remove_temporaries_of(folder / "a");
  EXPECT_EQ(folder.names(), "a " + alive + " b.tmp-2147483646-0");
}

TEST(FolderLock, KeepsOthersOutUntilItEnds) {
  const test::Folder folder;
  {
    const FolderLock lock(folder.path());
    expect_error([&] { FolderLock second(folder.path()); }, "another process is writing into");
  }
  const FolderLock again(folder.path());
  expect_error([&] { FolderLock none(folder / "none"); }, "cannot open");
}

}  // namespace
}  // namespace akin::io
