#include <akin/train/pretrain.hpp>
#include <algorithm>
#include <set>

#include "support/folder.hpp"
#include "support/small_data.hpp"
#include "support/table_names.hpp"
#include "support/test.hpp"

namespace akin::train {
namespace {

constexpr std::int64_t train_images = 48, test_images = 24;

using test::SmallData;

PretrainOptions options_for(const SmallData& data) {
  return {.data = "fashion-mnist", .data_folder = data.path(), .epochs = 1, .batch_size = 24, .workers = 0};
}

const SmallData& small_data() {
  static const SmallData data({train_images}, {test_images});
  return data;
}

template <class Change>
void expect_refused(Change change, const std::string& text) {
  PretrainOptions options = options_for(small_data());
  change(options);
  expect_error([&] { Pretrain{options}; }, text);
}

std::set<std::string> pictures_of(const data::Dataset& dataset) {
  std::set<std::string> found;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    std::string pixels(static_cast<std::size_t>(dataset.image_bytes()), '\0');
    dataset.read(i, reinterpret_cast<std::uint8_t*>(pixels.data()));
    found.insert(pixels);
  }
  return found;
}

TEST(Pretrain, UnknownNamesAreRefusedWithTheNearestOne) {
  using O = PretrainOptions;
  const auto& simclr = methods::find("simclr");
  std::string params;
  for (const auto name : simclr.params) params += (params.empty() ? "" : ", ") + std::string(name);
  expect_refused([](O& o) { o.data = "fashion_mnits"; },
                 "unknown data set 'fashion_mnits'; " + test::guess("fashion-mnist", data::table()));
  expect_refused([](O& o) { o.recipe = "wmse_4"; },
                 "simclr takes 2 views, but the recipe wmse_4 makes 4; choose another recipe");
  expect_refused([](O& o) { o.recipe = "swav"; }, "simclr takes 2 views, but the recipe swav makes 8");
  expect_refused([](O& o) { o.method = "SimCLR2"; },
                 "unknown method 'SimCLR2'; " + test::guess("simclr", methods::table()));
  expect_refused([](O& o) { o.encoder = "resnet-8"; },
                 "unknown encoder 'resnet-8'; " + test::guess("resnet18", nn::encoders()));
  expect_refused([](O& o) { o.recipe = "dmo"; }, "unknown recipe 'dmo'; " + test::guess("demo", augment::table()));
  expect_refused([](O& o) { o.optimizer = "adam-w2"; },
                 "unknown optimizer 'adam-w2'; " + test::guess("adamw", optimizers()));
  expect_refused(
      [](O& o) {
        o.params = {{"temprature", 1}};
      },
      "unknown parameter of simclr 'temprature'; did you mean 'temperature'? known are " + params);
  expect_refused([](O& o) { o.method = "byol", o.params = {{"temperature", 1}}; }, "known are target_momentum");
  expect_refused(
      [](O& o) {
        o.params = {{"temperature", 1}, {"temperature", 1}};
      },
      "the parameter 'temperature' is given twice");
}

TEST(Pretrain, OptionsOutOfRangeAreRefusedBeforeAnythingIsWritten) {
  using O = PretrainOptions;
  expect_refused([](O& o) { o.batch_size = 1; }, "batch_size must be >= 2, got 1");
  expect_refused([](O& o) { o.batch_size = 49; }, "batch_size 49 exceeds the 48 images of fashion-mnist");
  expect_refused([](O& o) { o.limit = 20; }, "batch_size 24 exceeds the 20 images of fashion-mnist");
  expect_refused([](O& o) { o.epochs = 0; }, "epochs must lie in 1 ... 2^24, got 0");
  expect_refused([](O& o) { o.lr = -1; }, "lr must be >= 0, got -1");
  expect_refused([](O& o) { o.weight_decay = -1; }, "weight_decay must be >= 0, got -1");
  expect_refused([](O& o) { o.limit = -1; }, "limit and holdout must be >= 0, got -1 and 0");
  expect_refused([](O& o) { o.holdout = -1; }, "limit and holdout must be >= 0, got 0 and -1");
  expect_refused([](O& o) { o.holdout = 48; }, "a holdout of 48 leaves none of the 48 training images");
  expect_refused([](O& o) { o.workers = -1; }, "expected 0 ... 256 workers, got -1");
  expect_refused([](O& o) { o.data_folder = "/nowhere"; },
                 "install it with: sudo apt-get install dataset-fashion-mnist");
}

TEST(Pretrain, CudaIsRefusedAndNeverSilentlyReplaced) {
  expect_refused([](auto& o) { o.device = Device::cuda; },
                 "pretrain: this build has no CUDA backend; use --device cpu");
  expect_refused([](auto& o) { o.cuda_graph = true; },
                 "pretrain: a CUDA graph needs --device cuda; leave out --cuda-graph on the cpu");
}

TEST(Pretrain, RefusesImagesThatItWouldSquash) {
  const SmallData wide({48, 8, 12}, {24, 8, 12});
  expect_error([&] { Pretrain{options_for(wide)}; },
               "fashion-mnist has images of 8 x 12 pixels; views are square and would squash them");
}

TEST(Pretrain, RefusesTestImagesThatItCouldNotEvaluate) {
  const SmallData larger({48, 4, 4}, {24, 5, 5}), none({48}, {0});
  expect_error([&] { Pretrain{options_for(larger)}; }, "differ in [height, width, channels]: [4, 4, 1] vs [5, 5, 1]");
  expect_error([&] { Pretrain{options_for(none)}; },
               "fashion-mnist has no test images; hold out some of the training images");
  const auto grey = data::in_memory("grey", Array::zeros({3, 4, 4, 1}, DType::u8), {}, {"a", "b"});
  const auto colour = data::in_memory("colour", Array::zeros({3, 4, 4, 3}, DType::u8), {}, {"a", "b"});
  const auto unlabelled = data::in_memory("unlabelled", Array::zeros({3, 4, 4, 1}, DType::u8));
  expect_error([&] { check_pretrain_data(*grey, *colour, true); }, "[4, 4, 1] vs [4, 4, 3]");
  expect_error([&] { check_pretrain_data(*unlabelled, *unlabelled, true); },
               "unlabelled has 0 classes, and evaluation needs two or more");
  check_pretrain_data(*unlabelled, *unlabelled, false);
}

TEST(Pretrain, WhatTheFirstStepWouldRefuseIsRefusedAtOnce) {
  expect_refused([](auto& o) { o.params = {{"temperature", 0}}; }, "temperature must be");
  expect_refused([](auto& o) { o.params = {{"temperature", std::nan("")}}; }, "");
}

TEST(Pretrain, LooksAtTheFirstStepWithoutTakingIt) {  // running statistics of batch norms are where it would show
  const auto options = options_for(small_data());
  const Pretrain pretrain(options);
  const auto encoder = nn::find_encoder(options.encoder).make({4, 1, options.seed});
  const auto fresh =
      methods::find(options.method).make({encoder, nn::find_encoder(options.encoder).features, options.seed, {}});
  const auto got = pretrain.method().named_tensors(), want = fresh->named_tensors();
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    expect_close(got[i].tensor.value(), want[i].tensor.value(), tol::exact, want[i].name);
}

TEST(Pretrain, ResolvesEveryOptionInItsConfig) {
  const Pretrain pretrain(options_for(small_data()));
  const io::Json config = pretrain.config();
  EXPECT_EQ(config.at("method").string(), "simclr");
  EXPECT_EQ(config.at("recipe").string(), "demo");  // grey pictures
  EXPECT_EQ(config.at("images").integer(), train_images);
  EXPECT_EQ(config.at("test_images").integer(), test_images);
  EXPECT_EQ(config.at("lr").number(), methods::find("simclr").optimizer.lr);
  EXPECT_EQ(config.at("weight_decay").number(), methods::find("simclr").optimizer.weight_decay);
  EXPECT_EQ(config.at("params").at("temperature").number(), 0.2);
  EXPECT_EQ(config.at("normalize").at("mean").list().at(0).number(),
            data::channel_statistics(pretrain.train_set()).mean.at(0));
  EXPECT_EQ(config.at("optimizer").at("name").string(), "sgd");
  EXPECT_EQ(config.at("optimizer").at("momentum").number(), 0.9);
  EXPECT_EQ(config.at("warmup_steps").integer(), 0);  // a tenth of two steps
  EXPECT_EQ(config.at("log_every").integer(), 10);
  EXPECT_EQ(config.at("knn").at("k").integer(), 20);
  EXPECT_EQ(config.at("knn").at("temperature").number(), 0.07);
  EXPECT_EQ(config.at("linear_probe").at("l2").number(), 1e-3);
  std::string keys;
  for (const auto& [key, value] : config.object()) keys += (keys.empty() ? "" : " ") + key;
  EXPECT_EQ(keys,
            "data data_folder image_size data_crc32c images test_images method params encoder init recipe normalize "
            "epochs batch_size "
            "optimizer lr "
            "weight_decay "
            "warmup_steps accumulate clip_norm bf16 gradient_checkpointing log_every limit holdout workers evaluate "
            "knn linear_probe anomaly");
}

TEST(Pretrain, SaysInItsConfigWhatTookEffect) {
  auto options = options_for(small_data());
  options.optimizer = "adamw", options.limit = options.batch_size = 10, options.epochs = 30;
  const io::Json config = Pretrain(options).config();
  EXPECT_EQ(config.at("optimizer").at("name").string(), "adamw");
  EXPECT_EQ(config.at("lr").number(), find_optimizer("adamw").defaults->lr);
  EXPECT_EQ(config.at("weight_decay").number(), find_optimizer("adamw").defaults->weight_decay);
  EXPECT_EQ(config.at("warmup_steps").integer(), 3);
  EXPECT_EQ(config.at("knn").at("k").integer(), 10);
}

TEST(Pretrain, TakesWhatItWasGiven) {
  auto options = options_for(small_data());
  options.method = "byol", options.recipe = "byol", options.params = {{"target_momentum", 0.5}}, options.lr = 0.25,
  options.weight_decay = 0;
  const io::Json config = Pretrain(options).config();
  EXPECT_EQ(config.at("recipe").string(), "byol");
  EXPECT_EQ(config.at("params").at("target_momentum").number(), 0.5);
  EXPECT_EQ(config.at("lr").number(), 0.25);
  EXPECT_EQ(config.at("weight_decay").number(), 0);
}

TEST(Pretrain, ALimitKeepsTheFirstImages) {
  auto options = options_for(small_data());
  options.limit = 30;
  const Pretrain pretrain(options);
  EXPECT_EQ(pretrain.train_set().size(), 30);
  EXPECT_EQ(pretrain.test_set().size(), test_images);
  const Pretrain all(options_for(small_data()));
  expect_close(data::take(pretrain.train_set(), {29}).images, data::take(all.train_set(), {29}).images, tol::exact);
  options.limit = 1000;  // more than there are
  EXPECT_EQ(Pretrain(options).train_set().size(), train_images);
}

TEST(Pretrain, AHoldoutNeverTouchesTheTestSet) {
  const SmallData without_test;
  for (const auto* part : {"images-idx3", "labels-idx1"})
    std::filesystem::remove(without_test / cat("t10k-", part, "-ubyte"));
  auto options = options_for(without_test);
  expect_error([&] { Pretrain{options}; }, "there is no t10k-images-idx3-ubyte");
  options.holdout = 16;
  const Pretrain pretrain(options);
  const auto kept = pictures_of(pretrain.train_set()), held_out = pictures_of(pretrain.test_set());
  EXPECT_EQ(kept.size(), 32u);
  EXPECT_EQ(held_out.size(), 16u);
  for (const auto& picture : held_out) EXPECT_EQ(kept.count(picture), 0u);
}

TEST(Pretrain, ReportsEveryMeasurement) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  Progress silent(stdout, {.quiet = true});
  Pretrain pretrain(options_for(small_data()));
  pretrain.train(silent, &run);
  std::vector<std::string> said;
  pretrain.evaluate([&](const char* what) { said.push_back(what); });
  EXPECT_EQ(said, (std::vector<std::string>{"evaluating the encoder", "evaluating raw pixels",
                                            "evaluating the untrained encoder"}));
  const io::Json result = pretrain.result().to_json();
  std::string keys;
  for (const auto& [key, value] : result.object()) {
    keys += (keys.empty() ? "" : " ") + key;
    EXPECT_TRUE(value.is_number() && std::isfinite(value.number())) << key;
    const bool is_accuracy = key.starts_with("linear") || key.starts_with("knn");
    if (is_accuracy)
      EXPECT_TRUE(value.number() >= 0 && value.number() <= 1) << key << " " << value.number();
    else
      EXPECT_TRUE(value.number() > 0 || key == "skipped_steps") << key;
  }
  EXPECT_EQ(keys,
            "linear knn linear_raw_pixels knn_raw_pixels linear_untrained knn_untrained seconds images_per_second "
            "embedding_std rankme loss chance_loss skipped_steps peak_memory_bytes");
  EXPECT_GT(result.at("linear_raw_pixels").number(), 0.5);  // brightness tells the classes apart
  expect_close(result.at("chance_loss").number(), std::log(47.0), tol::f64);
  EXPECT_EQ(folder.names("run/checkpoints"), "encoder.safetensors last.safetensors");
}

TEST(Pretrain, KeepsTheResultOfEveryPartThatWasEvaluated) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  Progress silent(stdout, {.quiet = true});
  Pretrain pretrain(options_for(small_data()));
  const auto kept = [&] { return io::parse_json(io::read_file(run.path("result.json"))); };
  pretrain.train(silent, &run);
  EXPECT_GT(kept().at("loss").number(), 0);
  EXPECT_TRUE(kept().at("rankme").is_null());
  const auto fail_at = [](std::string_view stop) {
    return [stop](std::string_view what) { check(what != stop, "test", "stopped"); };
  };
  expect_error([&] { pretrain.evaluate(fail_at("evaluating raw pixels"), &run); }, "stopped");
  EXPECT_TRUE(kept().at("linear").is_number() && kept().at("rankme").is_number());
  EXPECT_TRUE(kept().at("linear_raw_pixels").is_null());
  expect_error([&] { pretrain.evaluate(fail_at("evaluating the untrained encoder"), &run); }, "stopped");
  EXPECT_TRUE(kept().at("linear_raw_pixels").is_number());
  EXPECT_TRUE(kept().at("linear_untrained").is_null());
  pretrain.evaluate([](const char*) {}, &run);
  EXPECT_TRUE(kept() == pretrain.result().to_json());
}

TEST(Pretrain, TheRankIsThatOfTheTestFeaturesEvaluatedOrNot) {
  auto options = options_for(small_data());
  Pretrain all(options);
  options.evaluate = false;
  Pretrain rank_alone(options);
  all.evaluate([](const char*) {});
  rank_alone.evaluate([](const char*) { ADD_FAILURE() << "nothing is to be said"; });
  EXPECT_EQ(all.result().rankme, rank_alone.result().rankme);
  EXPECT_TRUE(std::isnan(rank_alone.result().linear));
}

TEST(Pretrain, EvaluatesFewerImagesThanNeighboursVote) {
  auto options = options_for(small_data());
  options.limit = options.batch_size = 10;
  Pretrain pretrain(options);
  pretrain.evaluate([](const char*) {});
  EXPECT_GE(pretrain.result().knn, 0);
  EXPECT_LE(pretrain.result().knn, 1);
}

TEST(Pretrain, ShowsAccuraciesInPercent) {
  PretrainResult result;
  result.linear = 0.8656, result.knn = 0.8489;
  result.linear_raw_pixels = 1;
  const Table table = result.to_table();
  EXPECT_EQ(table.header, (std::vector<std::string>{"features", "linear %", "kNN %"}));
  EXPECT_EQ(table.rows.at(0), (std::vector<std::string>{"pre-trained encoder", "86.56", "84.89"}));
  EXPECT_EQ(table.rows.at(1).at(1), "100.00");
}

TEST(Pretrain, LeavesOutWhatWasNotEvaluated) {
  const io::Json result = PretrainResult{}.to_json();
  EXPECT_TRUE(io::parse_json(io::to_json(result)).at("linear").is_null());
}

}  // namespace
}  // namespace akin::train
