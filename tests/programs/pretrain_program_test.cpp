// What the programs do for the people who run them.
#include <sys/stat.h>

#include <akin/io/json_parser.hpp>
#include <akin/train/pretrain.hpp>

#include "support/programs.hpp"
#include "support/small_data.hpp"
#include "support/table_names.hpp"
#include "support/test.hpp"

namespace akin {
namespace {

using test::Outcome;
using test::Programs;

const std::string small = "--data synthetic --limit 128 --holdout 64 --batch-size 64 --no-eval ",
                  quick = small + "--epochs 1 ";

TEST_F(Programs, PretrainExplainsItself) {
  const Outcome help = pretrain("--help"), version = pretrain("--version");
  EXPECT_EQ(help.code, 0);
  for (const auto* option : {"--data", "--method", "--param", "--seed", "--threads", "--device", "--out", "--json",
                             "--overwrite", "--resume"})
    EXPECT_NE(help.out.find(option), std::string::npos) << option;
  for (const auto& names :
       {test::names_in(data::table()), test::names_in(methods::table()), test::names_in(nn::encoders()),
        test::names_in(augment::table()), test::names_in(train::optimizers())})
    EXPECT_NE(help.out.find(names), std::string::npos) << names;
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "akin " AKIN_VERSION "\n");
}

TEST_F(Programs, PretrainLeavesAWholeRunFolder) {
  const Outcome outcome = pretrain("--data synthetic --limit 512 --epochs 1 --batch-size 64 --seed 3 --out runs/a");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos) << "no colours in a file";
  EXPECT_NE(outcome.out.find("\nepoch 1/1  8/8  100%  loss "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\npre-trained encoder "), std::string::npos) << outcome.out;
  EXPECT_EQ(folder_.names("runs/a"), "checkpoints config.json log.txt metrics.csv metrics.jsonl result.json");
  EXPECT_EQ(folder_.names("runs/a/checkpoints"), "encoder.safetensors last.safetensors");
  const io::Json config = io::parse_json(io::read_file(folder_ / "runs/a/config.json"));
  EXPECT_EQ(config.at("seed").integer(), 3);
  EXPECT_EQ(config.at("options").at("images").integer(), 512);
  const io::Json result = io::parse_json(io::read_file(folder_ / "runs/a/result.json"));
  EXPECT_GT(result.at("linear").number(), 0.125 - 0.05);  // eight classes
  EXPECT_NE(io::read_file(folder_ / "runs/a/log.txt").find("evaluating raw pixels"), std::string::npos);
}

TEST_F(Programs, PretrainNeverReplacesARunUnasked) {
  ASSERT_EQ(pretrain(quick + "--out a").code, 0);
  const auto before = snapshot();
  EXPECT_EQ(before.size(), 7u);
  const Outcome refused = pretrain(quick + "--out a --seed 1");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("'a' is not empty; go on with that run with --resume, replace it with --overwrite"),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(snapshot(), before);
  EXPECT_EQ(pretrain(quick + "--out a --overwrite --temperature 1").code, 109);  // CLI11: no such option
  EXPECT_EQ(pretrain(small + "--out a --overwrite --epochs 0").code, 1);
  EXPECT_EQ(pretrain(quick + "--out a --overwrite --param temperature=0").code, 1);
  EXPECT_EQ(pretrain(quick + "--out a --overwrite --json /dev/null/result.json").code, 1);
  EXPECT_EQ(pretrain(quick + "--out a --overwrite --seed one").code, 1);
  EXPECT_EQ(snapshot(), before) << "wrong options must not cost the earlier run";
  EXPECT_EQ(pretrain(quick + "--out a --overwrite --seed 1").code, 0);
  const auto after = snapshot();
  EXPECT_EQ(after.size(), 7u);
  EXPECT_NE(after.at(folder_ / "a/checkpoints/encoder.safetensors"),
            before.at(folder_ / "a/checkpoints/encoder.safetensors"));
}

TEST_F(Programs, PretrainGivesTheSameWeightsForTheSameSeed) {
  ASSERT_EQ(pretrain(quick + "--out a --threads 1 --workers 0 --quiet").code, 0);
  ASSERT_EQ(pretrain(quick + "--out b --threads 2 --workers 2 --quiet").code, 0);
  const auto files = snapshot();
  EXPECT_EQ(files.at(folder_ / "a/checkpoints/last.safetensors"), files.at(folder_ / "b/checkpoints/last.safetensors"));
}

TEST_F(Programs, PretrainPrintsNothingButJsonWhenAskedTo) {
  const Outcome outcome = pretrain(quick + "--json -");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  const io::Json result = io::parse_json(outcome.out);
  EXPECT_TRUE(result.at("linear").is_null());  // --no-eval
  EXPECT_GT(result.at("images_per_second").number(), 0);
  EXPECT_EQ(outcome.out, io::read_file(folder_ / "runs/pretrain/result.json"));
}

TEST_F(Programs, PretrainPrintsNothingWhenQuiet) {
  const Outcome outcome = pretrain(quick + "--quiet --json result.json");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out + outcome.err, "");
  EXPECT_EQ(io::read_file(folder_ / "result.json"), io::read_file(folder_ / "runs/pretrain/result.json"));
}

TEST_F(Programs, PretrainLogsWhyATrainingFailed) {
  const Outcome outcome = pretrain(quick + "--out a --lr 1e30");
  EXPECT_EQ(outcome.code, 1);
  const std::string why = "error: embed: the features of image 0 hold a NaN or an infinity; did training diverge?";
  EXPECT_NE(outcome.err.find(why), std::string::npos) << outcome.err;
  const std::string log = io::read_file(folder_ / "a/log.txt");
  EXPECT_NE(log.find("warning: step 1 was skipped: the loss is nan"), std::string::npos) << log;
  EXPECT_NE(log.find(why), std::string::npos) << log;
}

TEST_F(Programs, PretrainRefusesWhatItCannotDo) {
  expect_refused(quick + "--method simcrl", "unknown method 'simcrl'; " + test::guess("simclr", methods::table()));
  expect_refused(quick + "--param temprature=0.1", "did you mean 'temperature'?");
  expect_refused(quick + "--param temperature", "--param expects name=number, got 'temperature'");
  expect_refused(quick + "--param temperature=warm", "--param expects name=number, got 'temperature=warm'");
  expect_refused(quick + "--param temperature=1 --param temperature=2", "the parameter 'temperature' is given twice");
  expect_refused(quick + "--device cuda", "cuda");
  expect_refused(quick + "--device gpu", "unknown device 'gpu'; known are cpu and cuda");
  expect_refused(quick + "--threads -1", "--threads must be >= 0, got -1");
  expect_refused("--data-folder /nowhere", "install it with: sudo apt-get install dataset-fashion-mnist");
  expect_refused(quick + "--data-folder pictures", "leave the folder 'pictures' out");
  expect_refused(small + "--epochs 16777217", "epochs must lie in 1 ... 2^24, got 16777217");
  for (const auto* seed : {"-1", "18446744073709551616", "0x10", "1.5", "''"})
    expect_refused(quick + "--seed " + seed, "--seed expects a whole number in 0 ... 2^64-1, got '");
}

TEST_F(Programs, PretrainTakesTheLargestSeedAndNoOctalOnes) {
  for (const auto& [text, seed] :
       {std::pair{"18446744073709551615", ~std::uint64_t{0}}, std::pair{"010", std::uint64_t{10}}}) {
    ASSERT_EQ(pretrain(quick + "--quiet --overwrite --seed " + text).code, 0);
    EXPECT_EQ(io::parse_json(io::read_file(folder_ / "runs/pretrain/config.json")).at("seed").natural(), seed);
  }
}

TEST_F(Programs, PretrainRefusesResultFilesItCouldNotWriteBeforeItTrains) {
  io::make_folders(folder_ / "sub");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  for (const auto& [json, text] : {std::pair{"sub", "cannot replace 'sub': it is not a regular file"},
                                   std::pair{"pipe", "cannot replace 'pipe': it is not a regular file"},
                                   std::pair{"/dev/null/a.json", "cannot create '/dev/null': Not a directory"},
                                   std::pair{"/proc/a.json", "cannot create a temporary file for '/proc/a.json'"}}) {
    const Outcome outcome = pretrain(quick + "--json " + json);
    EXPECT_EQ(outcome.code, 1) << json;
    EXPECT_EQ(outcome.out, "") << json;
    EXPECT_TRUE(outcome.err.starts_with("error: ") && outcome.err.find(text) != std::string::npos) << outcome.err;
    EXPECT_EQ(folder_.names(), "pipe sub");
  }
  EXPECT_EQ(pretrain(quick + "--quiet --json new/folder/a.json").code, 0);
  EXPECT_EQ(io::read_file(folder_ / "new/folder/a.json"), io::read_file(folder_ / "runs/pretrain/result.json"));
}

TEST_F(Programs, PretrainRefusesDataThatItCouldNotEvaluate) {
  const test::SmallData wide({48, 8, 12}, {24, 8, 12}), larger({48}, {24, 5, 5}), none({48}, {0});
  const std::string options = "--batch-size 24 --epochs 1 --data-folder ";
  expect_refused(options + wide.path(), "8 x 12 pixels; views are square");
  expect_refused(options + larger.path(), "[4, 4, 1] vs [5, 5, 1]");
  expect_refused(options + none.path(), "has no test images");
}

TEST_F(Programs, PretrainMakesControlCharactersInErrorsVisible) {
  expect_refused(quick + "--method $(printf 'sim\\033[2J')", "unknown method 'sim?[2J'");
}

TEST_F(Programs, PretrainTrainsWithEveryOptimizer) {
  for (const auto& row : train::optimizers()) {
    ASSERT_EQ(pretrain(quick + "--quiet --overwrite --optimizer " + std::string(row.name)).code, 0) << row.name;
    const io::Json config = io::parse_json(io::read_file(folder_ / "runs/pretrain/config.json"));
    EXPECT_EQ(config.at("options").at("optimizer").at("name").string(), row.name);
  }
  EXPECT_EQ(pretrain(quick + "--quiet --overwrite --nesterov").code, 0);
  const Outcome refused = pretrain(quick + "--quiet --overwrite --nesterov --optimizer adamw");
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "error: adamw: has no nesterov; it is a variant of sgd and lars\n");
}

}  // namespace
}  // namespace akin
