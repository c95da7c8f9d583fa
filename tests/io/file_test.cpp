#include <sys/resource.h>
#include <akin/io/file.hpp>
#include <csignal>

#include "support/folder.hpp"
#include "support/shim_calls.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

using test::ShimCalls;

TEST(WriteFile, ReplacesTheWholeContent) {
  const test::Folder folder;
  write_file(folder / "a", "a long first text");
  write_file(folder / "a", {"sec", "", "ond"});
  EXPECT_EQ(read_file(folder / "a"), "second");
  write_file(folder / "a", "");
  EXPECT_EQ(read_file(folder / "a"), "");
  EXPECT_EQ(folder.names(), "a");
}

TEST(WriteFile, FlushesBeforeItRenamesAndTheFolderAfterwards) {
  const test::Folder folder;
  ShimCalls calls;
  write_file(folder / "a", {"one", "two"}, calls);
  EXPECT_EQ(calls.log, "cwwsxrosx");  // create write write sync close rename | open sync close of the folder
}

TEST(WriteFile, GoesOnAfterShortWritesAndInterruptions) {
  const test::Folder folder;
  ShimCalls calls;
  calls.most_bytes = 3;
  calls.interruptions = 4;
  write_file(folder / "a", {"0123456789", "abc"}, calls);
  EXPECT_EQ(read_file(folder / "a"), "0123456789abc");
}

TEST(WriteFile, KeepsTheOldFileAndLeavesNoTraceWhicheverCallFails) {
  for (int fail_at = 0; fail_at < 5 + 1; ++fail_at) {  // create, write, write, sync, close, rename
    const test::Folder folder;
    write_file(folder / "a", "old");
    ShimCalls calls;
    calls.fail_at = fail_at;
    calls.code = ENOSPC;
    expect_error([&] { write_file(folder / "a", {"new", "er"}, calls); }, "No space left on device (5 bytes needed, ");
    EXPECT_EQ(read_file(folder / "a"), "old") << fail_at;
    EXPECT_EQ(folder.names(), "a") << fail_at;
  }
}

TEST(WriteFile, ReportsAFolderThatCouldNotBeFlushed) {
  const test::Folder folder;
  ShimCalls calls;
  calls.fail_at = 6;  // create write sync close rename open SYNC
  expect_error([&] { write_file(folder / "a", {"new"}, calls); }, "flush the folder of");
  EXPECT_EQ(read_file(folder / "a"), "new");
}

TEST(WriteFile, StepsAsideForATemporaryFileThatAKilledRunLeft) {
  const test::Folder folder;
  const std::string leftover = cat("a.tmp-", ::getpid(), "-0");
  write_file(folder / leftover, "half");
  write_file(folder / "a", "whole");
  EXPECT_EQ(read_file(folder / "a"), "whole");
  EXPECT_EQ(read_file(folder / leftover), "half");
}

TEST(WriteFile, NamesThePathAndTheReason) {
  const test::Folder folder;
  write_file(folder / "file", "x");
  expect_error([&] { write_file(folder / "none/a", "x"); }, "none/a': No such file or directory (1 bytes needed");
  expect_error([&] { write_file(folder / "file/a", "x"); }, "Not a directory");
  ASSERT_EQ(::mkdir((folder / "sub").c_str(), 0755), 0);
  expect_error([&] { write_file(folder / "sub", "x"); }, "cannot replace");
  EXPECT_EQ(folder.names(), "file sub");
}

TEST(WriteFile, ReportsAFullDisk) {
  const test::Folder folder;
  write_file(folder / "a", "old");
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 4096, before.rlim_max };
  ::setrlimit(RLIMIT_FSIZE, &small);
  expect_error([&] { write_file(folder / "a", std::string(10000, 'x')); }, "cannot write");
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(folder.names(), "a");
}

TEST(ReplaceFile, KeepsTheFileThatWasThere) {
  const test::Folder folder;
  for (const auto* text : {"one", "two", "three"}) replace_file(folder / "a", folder / "before", {text});
  EXPECT_EQ(read_file(folder / "a"), "three");
  EXPECT_EQ(read_file(folder / "before"), "two");
  EXPECT_EQ(folder.names(), "a before");
}

TEST(ReplaceFile, GivesTheOldFileASecondNameBeforeTheNewOneTakesItsPlace) {
  const test::Folder folder;
  write_file(folder / "a", "old");
  ShimCalls calls;
  replace_file(folder / "a", folder / "before", {"new"}, calls);
  EXPECT_EQ(calls.log, "cwsxdlrdrosx");  // ... sync close | link under a temporary name, rename it | rename ...
}

TEST(ReplaceFile, LeavesTheOldFileInItsPlaceWhicheverCallFails) {
  for (const int fail_at : {0, 1, 2, 3, 5, 6, 8}) {  // create, write, sync, close, link, rename, rename
    const test::Folder folder;
    replace_file(folder / "a", folder / "before", {"older"});
    replace_file(folder / "a", folder / "before", {"old"});
    ShimCalls calls;
    calls.fail_at = fail_at;
    expect_error([&] { replace_file(folder / "a", folder / "before", {"new"}, calls); }, "Input/output error");
    EXPECT_EQ(read_file(folder / "a"), "old") << fail_at;
    EXPECT_EQ(read_file(folder / "before"), fail_at == 8 ? "old" : "older") << fail_at;
    EXPECT_EQ(folder.names(), "a before") << fail_at;
  }
}

TEST(ReplaceFile, RenamesWhereThereAreNoHardLinks) {
  const test::Folder folder;
  write_file(folder / "a", "old");
  ShimCalls calls;
  calls.fail_at = 5;
  calls.code = EPERM;
  replace_file(folder / "a", folder / "before", {"new"}, calls);
  EXPECT_EQ(read_file(folder / "a"), "new");
  EXPECT_EQ(read_file(folder / "before"), "old");
}

TEST(ReplaceFile, PutsTheOldFileBackWhereThereAreNoHardLinksAndTheLastStepFails) {
  struct NoLinks : ShimCalls {
    int link(const char*, const char*) { return errno = EPERM, -1; }
    int renames = 0;
    int rename(const char* from, const char* to) {
      return ++renames == 2 ? (errno = EIO, -1) : FileCalls::rename(from, to);
    }
  } calls;
  const test::Folder folder;
  write_file(folder / "a", "old");
  expect_error([&] { replace_file(folder / "a", folder / "before", {"new"}, calls); }, "cannot replace");
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(folder.names(), "a");
}

TEST(ReadFile, RefusesFilesBeyondItsLimit) {
  const test::Folder folder;
  write_file(folder / "a", "12345");
  EXPECT_EQ(read_file(folder / "a", 5), "12345");
  expect_error([&] { read_file(folder / "a", 4); }, "longer than the limit of 4 bytes");
}

TEST(ReadFile, ReadsFilesThatClaimToBeEmpty) { EXPECT_NE(read_file("/proc/self/stat").find(' '), std::string::npos); }

TEST(ReadFile, RefusesWhatIsNotAFile) {
  const test::Folder folder;
  expect_error([&] { read_file(folder / "none"); }, "No such file or directory");
  expect_error([&] { read_file(folder.path()); }, "not a regular file");
  expect_error([&] { read_file("/dev/zero"); }, "not a regular file");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_error([&] { read_file(folder / "pipe"); }, "not a regular file");
}

TEST(AppendFile, AddsToWhatIsThereAndReportsAFullDevice) {
  const test::Folder folder;
  AppendFile(folder / "log").append("one\n");
  AppendFile(folder / "log").append("two\n");
  EXPECT_EQ(read_file(folder / "log"), "one\ntwo\n");
  expect_error([] { AppendFile("/dev/full").append("x"); }, "cannot write '/dev/full': No space left on device");
  expect_error([&] { AppendFile(folder / "none/log"); }, "No such file or directory");
}

}  // namespace
}  // namespace akin::io
