#include <akin/train/same_run.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::train {
namespace {

const io::Json::Object options = {
    {"data", "here"}, {"lr", 0.1}, {"epochs", 3}, {"workers", 1}, {"params", io::Json::Object{{"temperature", 0.5}}}};

io::Json changed(std::string_view name, const io::Json& value) {
  io::Json::Object now = options;
  for (auto& [key, old] : now)
    if (key == name) old = value;
  return now;
}

class CompareRuns : public ::testing::Test {
 protected:
  CompareRuns() { RunFolder(path_).write_config(options, {.seed = 3}); }
  void expect_refused(const io::Json& now, const RunFacts& facts, const std::string& text) {
    expect_error([&] { compare_runs(path_, now, facts); },
                 cat("resume: the run in '", path_, "' was begun differently:", text,
                     "\ngo on with the options of then, or choose another folder"));
  }
  test::Folder folder_;
  std::string path_ = folder_ / "run";
};

TEST_F(CompareRuns, TheSameRunGoesOn) {
  const RunComparison same = compare_runs(path_, options, {.seed = 3, .threads = 2});
  EXPECT_TRUE(same.begun);
  EXPECT_TRUE(same.warnings.empty());
  EXPECT_TRUE(compare_runs(path_, changed("workers", 5), {.seed = 3}).begun) << "changes no weight";
  EXPECT_TRUE(compare_runs(path_, changed("data", "there"), {.seed = 3}).begun) << "the same pictures elsewhere";
}

TEST_F(CompareRuns, EveryDifferenceIsNamedWithBothValues) {
  expect_refused(options, {.seed = 4}, "\n  seed: 3, now 4");
  expect_refused(changed("lr", 0.2), {.seed = 3, .device = "cuda"},
                 "\n  device: \"cpu\", now \"cuda\"\n  lr: 0.1, now 0.2");
  expect_refused(changed("params", io::Json::Object{{"temperature", 1.0}, {"momentum", 0.9}}), {.seed = 3},
                 "\n  params.temperature: 0.5, now 1.0\n  params.momentum: nothing, now 0.9");
  expect_refused(changed("params", 7), {.seed = 3}, "\n  params: {\"temperature\":0.5}, now 7");
}

TEST_F(CompareRuns, AnotherCompilerIsAWarning) {
  std::string config = io::read_file(path_ + "/config.json");
  const std::string name = compiler_name();
  config.replace(config.find(name), name.size(), "GCC 1.0");
  io::write_file(path_ + "/config.json", config);
  const RunComparison other = compare_runs(path_, options, {.seed = 3});
  EXPECT_TRUE(other.begun);
  ASSERT_EQ(other.warnings.size(), 1u);
  EXPECT_EQ(other.warnings[0], cat("compiler: \"GCC 1.0\", now \"", name, "\""));
}

TEST_F(CompareRuns, ARunThatWroteNothingStartsAnew) {
  EXPECT_FALSE(compare_runs(folder_ / "none", options, {}).begun);
  io::make_folders(folder_ / "empty/checkpoints");
  EXPECT_FALSE(compare_runs(folder_ / "empty", options, {}).begun);
  RunFolder begun(folder_ / "begun");  // killed before it wrote its options
  EXPECT_FALSE(compare_runs(folder_ / "begun", options, {}).begun);
}

TEST_F(CompareRuns, WhatIsNoRunIsRefused) {
  io::write_file(folder_ / "letter.txt", "mine");
  expect_error([&] { compare_runs(folder_.path(), options, {}); }, "is not empty, but holds no run of akin");
}

}  // namespace
}  // namespace akin::train
