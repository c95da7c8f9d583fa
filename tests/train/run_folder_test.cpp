#include <akin/train/run_folder.hpp>

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
  for (const auto* name : {"last", "epoch-1"}) io::write_file(run.checkpoint(name), "weights");
  for (const auto* name : {"report.html", "report_loss.svg", "config.json.tmp-12-0"})
    io::write_file(run.path(name), "x");
}

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
  ASSERT_EQ(log.size(), 20 + 2 + 8 + 1u) << log;
  EXPECT_EQ(log.substr(4, 1) + log.substr(10, 1) + log.substr(19), "-TZ  a??[2J?b\n");
}

TEST(RunFolder, RefusesAFolderThatIsNotEmpty) {
  const test::Folder folder;
  make_run(folder / "run");
  const std::string before = folder.names("run");
  expect_error([&] { RunFolder(folder / "run"); },
               "'" + folder / "run' is not empty; replace that run with --overwrite");
  EXPECT_EQ(folder.names("run"), before);
  EXPECT_EQ(io::read_file(folder / "run/checkpoints/last.safetensors"), "weights");
}

TEST(RunFolder, OverwriteRemovesTheEarlierRunAndNothingElse) {
  const test::Folder folder;
  make_run(folder / "run");
  io::make_folders(folder / "run/report.d");
  for (const auto* name : {"notes.txt", "reports.txt", "checkpoints/keep.txt", "report.d/a"})
    io::write_file(folder / "run" + "/" + name, "mine");
  const RunFolder run(folder / "run", IfExists::overwrite);
  EXPECT_EQ(folder.names("run"),
            "checkpoints config.json log.txt metrics.csv metrics.jsonl notes.txt report.d reports.txt");
  EXPECT_EQ(folder.names("run/checkpoints"), "keep.txt");
  EXPECT_EQ(run.foreign_files(),
            (std::vector<std::string>{"notes.txt", "report.d", "reports.txt", "checkpoints/keep.txt"}));
  EXPECT_NE(io::read_file(run.path("log.txt")).find("kept 'notes.txt', which is not a file of an earlier run\n"),
            std::string::npos);
  EXPECT_EQ(io::read_file(run.path("metrics.csv")), "");
}

TEST(RunFolder, OverwriteFollowsNoLinks) {
  const test::Folder folder;
  make_run(folder / "run");
  io::make_folders(folder / "elsewhere");
  io::write_file(folder / "elsewhere/a.safetensors", "mine");
  std::filesystem::remove_all(folder / "run/checkpoints");
  ASSERT_EQ(::symlink((folder / "elsewhere").c_str(), (folder / "run/checkpoints").c_str()), 0);
  ASSERT_EQ(::symlink((folder / "elsewhere").c_str(), (folder / "run/report").c_str()), 0);
  std::filesystem::remove(folder / "run/metrics.csv");
  ASSERT_EQ(::symlink((folder / "elsewhere/a.safetensors").c_str(), (folder / "run/metrics.csv").c_str()), 0);
  RunFolder(folder / "run", IfExists::overwrite).metrics().add({{"loss", 1}});
  EXPECT_EQ(folder.names("elsewhere"), "a.safetensors");
  EXPECT_EQ(io::read_file(folder / "elsewhere/a.safetensors"), "mine");
  EXPECT_EQ(io::kind_of(folder / "run/checkpoints"), io::PathKind::link);
  EXPECT_EQ(io::kind_of(folder / "run/report"), io::PathKind::missing);
}

TEST(RunFolder, OverwriteLeavesFoldersOfOtherProgramsAlone) {
  const test::Folder folder;
  io::write_file(folder / "config.json", "{\"name\": \"my project\"}");
  expect_error([&] { RunFolder(folder.path(), IfExists::overwrite); },
               "holds 'config.json', but no config.json of akin");
  EXPECT_EQ(folder.names(), "config.json");
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
