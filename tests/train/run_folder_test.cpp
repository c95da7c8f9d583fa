#include <sys/resource.h>

#include <akin/train/run_folder.hpp>
#include <csignal>
#include <new>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::train {
namespace {

/// A run that has written one of everything.
void make_run(const std::string& path) {
  RunFolder run(path);
  run.write_config(io::Json::Object{{"lr", 0.1}}, {.seed = 7, .threads = 2});
  run.write_result(io::Json::Object{{"knn", 0.5}});
  run.metrics().add({{"loss", 1.5}});
  run.log("done");
  for (const auto* name : {"last", "encoder"}) io::write_file(run.checkpoint(name), "weights");
  for (const auto* name : {"config.json.tmp-12-0", "checkpoints/last.safetensors.tmp-3-14"})
    io::write_file(run.path(name), "x");
}

/// Removes files until it may no more.
struct FailingCalls : io::FileCalls {
  int left;
  int remove(const char* path) { return left-- > 0 ? io::FileCalls::remove(path) : (errno = EIO, -1); }
};

TEST(RunFolder, IsMadeWithItsParents) {
  const test::Folder folder;
  const RunFolder run(folder / "runs/2026/a");
  EXPECT_EQ(folder.names("runs/2026/a"), "checkpoints config.json log.txt metrics.csv metrics.jsonl");
  EXPECT_EQ(run.checkpoint("last"), folder / "runs/2026/a/checkpoints/last.safetensors");
}

TEST(RunFolder, WritesWhatDecidesTheResult) {
  const test::Folder folder;
  make_run(folder / "run");
  const io::Json config = io::parse_json(io::read_file(folder / "run/config.json"));
  EXPECT_EQ(config.at("akin").string(), AKIN_VERSION);
  EXPECT_EQ(config.at("seed").integer(), 7);
  EXPECT_EQ(config.at("threads").integer(), 2);
  EXPECT_EQ(config.at("options").at("lr").number(), 0.1);
  EXPECT_FALSE(config.at("compiler").string().empty());
  EXPECT_FALSE(config.at("instruction_set").string().empty());
  EXPECT_EQ(io::parse_json(io::read_file(folder / "run/result.json")).at("knn").number(), 0.5);
}

TEST(RunFolder, LogLinesCarryTheTimeAndNoControlCharacters) {
  const test::Folder folder;
  RunFolder(folder / "run").log("a\n\x1b[2J\tb");
  const std::string log = io::read_file(folder / "run/log.txt");
  ASSERT_EQ(log.size(), 20 + 2 + 1 + 1 + 2 + 6 + 1u) << log;
  EXPECT_EQ(log.substr(4, 1) + log.substr(10, 1) + log.substr(19), "-TZ  a\n  ?[2J?b\n") << "no line of its own";
}

TEST(RunFolder, HasOneWriterAtATime) {
  const test::Folder folder;
  {
    const RunFolder first(folder / "run");
    for (const auto if_exists : {IfExists::overwrite, IfExists::resume})
      expect_error([&] { RunFolder(folder / "run", if_exists); }, "another process is writing into '");
    EXPECT_EQ(folder.names("run"), "checkpoints config.json log.txt metrics.csv metrics.jsonl");
  }
  RunFolder(folder / "run", IfExists::resume);
}

TEST(RunFolder, WhatWentWrongIsToldEvenIfItCannotBeLogged) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit none { 0, before.rlim_max };
  ::setrlimit(RLIMIT_FSIZE, &none);  // the disk is full
  expect_error([&] { run.watch([] { throw Error("the first reason"); }); }, "the first reason");
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
}

TEST(RunFolder, RefusesAFolderThatIsNotEmpty) {
  const test::Folder folder;
  make_run(folder / "run");
  const std::string before = folder.names("run");
  expect_error(
      [&] { RunFolder(folder / "run"); },
      "'" + folder / "run' is not empty; pass IfExists::overwrite to replace that run, or choose another folder");
  EXPECT_EQ(folder.names("run"), before);
  EXPECT_EQ(io::read_file(folder / "run/checkpoints/last.safetensors"), "weights");
}

TEST(RunFolder, OverwriteRemovesTheEarlierRunAndNothingElse) {
  const test::Folder folder;
  make_run(folder / "run");
  io::make_folders(folder / "run/report.d");
  const std::vector<std::string> mine = {"config.json.tmp-backup",
                                         "notes.txt",
                                         "report-final.txt",
                                         "report.d/a",
                                         "report.md",
                                         "result.json.bak",
                                         "checkpoints/best_keep.safetensors",
                                         "checkpoints/keep.txt"};
  for (const auto& name : mine) io::write_file(folder / "run/" + name, "mine");
  const RunFolder run(folder / "run", IfExists::overwrite);
  for (const auto& name : mine) EXPECT_EQ(io::read_file(run.path(name)), "mine") << name;
  EXPECT_EQ(folder.names("run"),
            "checkpoints config.json config.json.tmp-backup log.txt metrics.csv metrics.jsonl notes.txt "
            "report-final.txt report.d report.md result.json.bak");
  EXPECT_EQ(folder.names("run/checkpoints"), "best_keep.safetensors keep.txt");
  EXPECT_EQ(run.foreign_files(), (std::vector<std::string>{
                                     "config.json.tmp-backup", "notes.txt", "report-final.txt", "report.d", "report.md",
                                     "result.json.bak", "checkpoints/best_keep.safetensors", "checkpoints/keep.txt"}));
  EXPECT_NE(io::read_file(run.path("log.txt")).find("kept 'notes.txt', which is not a file of an earlier run\n"),
            std::string::npos);
  EXPECT_EQ(io::read_file(run.path("metrics.csv")), "");
}

TEST(RunFolder, OverwriteThatWasKilledCanBeDoneAgain) {
  for (int removed = 0; removed < 9; ++removed) {  // a run leaves seven files and, here, two temporary ones
    const test::Folder folder;
    make_run(folder / "run");
    expect_error(
        [&] {
          detail::clear_run(folder / "run", FailingCalls{{}, removed});
        },
        "cannot remove '" + folder / "run/");
    EXPECT_TRUE(detail::is_run_folder(folder / "run")) << removed << " files removed";
    EXPECT_EQ(RunFolder(folder / "run", IfExists::overwrite).foreign_files(), std::vector<std::string>());
  }
}

TEST(RunFolder, OverwriteRemovesLinksAndNotWhatTheyPointTo) {
  const test::Folder folder;
  make_run(folder / "run");
  io::write_file(folder / "mine", "mine");
  for (const auto* name : {"metrics.csv", "checkpoints/last.safetensors"}) {
    std::filesystem::remove(folder / "run/" + name);
    ASSERT_EQ(::symlink((folder / "mine").c_str(), (folder / "run/" + name).c_str()), 0);
  }
  RunFolder run(folder / "run", IfExists::overwrite);
  run.metrics().add({{"loss", 1}});
  EXPECT_EQ(io::read_file(folder / "mine"), "mine");
  EXPECT_EQ(io::kind_of(run.path("metrics.csv")), io::PathKind::file);
}

TEST(RunFolder, CheckpointsBehindALinkAreNotOursToWrite) {
  const test::Folder folder;
  make_run(folder / "run");
  io::make_folders(folder / "elsewhere");
  io::write_file(folder / "elsewhere/last.safetensors", "mine");
  std::filesystem::remove_all(folder / "run/checkpoints");
  ASSERT_EQ(::symlink((folder / "elsewhere").c_str(), (folder / "run/checkpoints").c_str()), 0);
  const std::string before = folder.names("run");
  for (const IfExists if_exists : {IfExists::overwrite, IfExists::resume})
    expect_error([&] { RunFolder(folder / "run", if_exists); }, "run/checkpoints' is a link or a file");
  EXPECT_EQ(folder.names("run"), before);
  EXPECT_EQ(io::read_file(folder / "elsewhere/last.safetensors"), "mine");
}

TEST(RunFolder, OverwriteRemovesNothingWhenAFolderIsInTheWay) {
  const test::Folder folder;
  make_run(folder / "run");
  std::filesystem::remove(folder / "run/log.txt");
  io::make_folders(folder / "run/log.txt");
  const std::string before = folder.names("run");
  expect_error([&] { RunFolder(folder / "run", IfExists::overwrite); }, "run/log.txt' is not a file; move it away");
  EXPECT_EQ(folder.names("run"), before);
  EXPECT_EQ(io::read_file(folder / "run/checkpoints/last.safetensors"), "weights");
}

TEST(RunFolder, WritesWhatStopsARunToItsLog) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  expect_error([&] { run.watch([] { throw Error("trainer: \x1b[1mbad"); }); }, "trainer");
  EXPECT_THROW(run.watch([] { throw std::bad_alloc(); }), std::bad_alloc);
  run.watch([] {});
  const std::string log = io::read_file(run.path("log.txt"));
  EXPECT_NE(log.find("Z  error: trainer: ?[1mbad\n"), std::string::npos) << log;
  EXPECT_NE(log.find("error: std::bad_alloc\n"), std::string::npos) << log;
}

TEST(RunFolder, OverwriteLeavesFoldersOfOtherProgramsAlone) {
  const test::Folder folder;
  io::write_file(folder / "config.json", "{\"name\": \"my project\"}");
  expect_error([&] { RunFolder(folder.path(), IfExists::overwrite); },
               "holds 'config.json', but no config.json of akin");
  EXPECT_EQ(folder.names(), "config.json");
  const test::Folder weights;
  io::make_folders(weights / "checkpoints");
  io::write_file(weights / "checkpoints/last.safetensors", "mine");
  expect_error([&] { RunFolder(weights.path(), IfExists::overwrite); },
               "holds 'checkpoints/last.safetensors', but no config.json of akin");
  EXPECT_EQ(io::read_file(weights / "checkpoints/last.safetensors"), "mine");
}

TEST(RunFolder, ResumeKeepsEverythingAndAppends) {
  const test::Folder folder;
  make_run(folder / "run");
  RunFolder run(folder / "run", IfExists::resume);
  run.metrics().add({{"loss", 1.25}});
  run.log("more");
  EXPECT_EQ(io::read_file(run.path("metrics.csv")), "loss\n1.5\n1.25\n");
  EXPECT_EQ(io::read_file(run.checkpoint("last")), "weights");
  EXPECT_NE(io::read_file(run.path("log.txt")).find("done\n"), std::string::npos);
  EXPECT_EQ(io::parse_json(io::read_file(run.path("config.json"))).at("seed").integer(), 7);
}

TEST(RunFolder, NamesTheReasonWhenItCannotBeMade) {
  const test::Folder folder;
  io::write_file(folder / "file", "x");
  expect_error([&] { RunFolder(folder / "file/run"); }, "cannot create '" + folder / "file': Not a directory");
}

}  // namespace
}  // namespace akin::train
