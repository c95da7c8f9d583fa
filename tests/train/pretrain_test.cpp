#include <akin/train/pretrain.hpp>
#include <algorithm>
#include <set>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::train {
namespace {

constexpr std::int64_t train_images = 48, test_images = 24, side = 4;

std::string big_endian(std::int64_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

/// A data set with the files of Fashion-MNIST, but of tiny random pictures: class k is brighter than class k - 1.
struct SmallData : test::Folder {
  explicit SmallData(bool with_test = true) {
    write("train", train_images, 1);
    if (with_test) write("t10k", test_images, 2);
  }
  void write(const std::string& prefix, std::int64_t count, unsigned seed) const {
    Draws draws(seed, {});
    std::string images = std::string("\0\0\x08\x03", 4) + big_endian(count) + big_endian(side) + big_endian(side);
    std::string labels = std::string("\0\0\x08\x01", 4) + big_endian(count);
    for (std::int64_t i = 0; i < count; ++i) {
      labels += static_cast<char>(i % 10);
      for (std::int64_t k = 0; k < side * side; ++k) images += static_cast<char>(i % 10 * 20 + draws.below(60));
    }
    io::write_file(*this / (prefix + "-images-idx3-ubyte"), images);
    io::write_file(*this / (prefix + "-labels-idx1-ubyte"), labels);
  }
  PretrainOptions options() const {
    return {.data = "fashion-mnist", .data_folder = path(), .epochs = 1, .batch_size = 24, .workers = 0};
  }
};

const SmallData& small_data() {
  static const SmallData data;
  return data;
}

template <class Change>
void expect_refused(Change change, const std::string& text) {
  PretrainOptions options = small_data().options();
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
  expect_refused([](O& o) { o.data = "fashion_mnits"; }, "unknown data set 'fashion_mnits'; did you mean 'fashion-mnist'? known are");
  expect_refused([](O& o) { o.method = "SimCLR2"; }, "unknown method 'SimCLR2'; did you mean 'simclr'? known are simclr, byol, simsiam");
  expect_refused([](O& o) { o.encoder = "resnet-8"; }, "unknown encoder 'resnet-8'; did you mean 'resnet18'? known are convnet, resnet18");
  expect_refused([](O& o) { o.recipe = "dmo"; }, "unknown recipe 'dmo'; did you mean 'demo'? known are demo, simclr, byol");
  expect_refused([](O& o) { o.params = {{"temprature", 1}}; }, "unknown parameter of simclr 'temprature'; did you mean 'temperature'? known are temperature");
  expect_refused([](O& o) { o.method = "byol", o.params = {{"temperature", 1}}; }, "known are target_momentum");
}

TEST(Pretrain, OptionsOutOfRangeAreRefusedBeforeAnythingIsWritten) {
  using O = PretrainOptions;
  expect_refused([](O& o) { o.batch_size = 1; }, "batch_size must be >= 2, got 1");
  expect_refused([](O& o) { o.batch_size = 49; }, "batch_size 49 exceeds the 48 images of fashion-mnist");
  expect_refused([](O& o) { o.limit = 20; }, "batch_size 24 exceeds the 20 images of fashion-mnist");
  expect_refused([](O& o) { o.epochs = 0; }, "epochs must be >= 1, got 0");
  expect_refused([](O& o) { o.lr = -1; }, "lr must be >= 0, got -1");
  expect_refused([](O& o) { o.weight_decay = -1; }, "weight_decay must be >= 0, got -1");
  expect_refused([](O& o) { o.limit = -1; }, "limit and holdout must be >= 0, got -1 and 0");
  expect_refused([](O& o) { o.holdout = -1; }, "limit and holdout must be >= 0, got 0 and -1");
  expect_refused([](O& o) { o.holdout = 48; }, "a holdout of 48 leaves none of the 48 training images");
  expect_refused([](O& o) { o.workers = -1; }, "expected 0 ... 256 workers, got -1");
  expect_refused([](O& o) { o.data_folder = "/nowhere"; }, "install it with: sudo apt-get install dataset-fashion-mnist");
}

TEST(Pretrain, CudaIsRefusedAndNeverSilentlyReplaced) {
  expect_refused([](auto& o) { o.device = Device::cuda; }, "this build trains on --device cpu, got --device cuda");
}

TEST(Pretrain, MeasuresWhatViewsAreNormalisedBy) {  // grey: 0, 51, 102, 255 of 255; mean .4, variance .14
  const auto grey = data::in_memory("grey", Array::from<std::uint8_t>({1, 2, 2, 1}, {0, 51, 102, 255}));
  expect_close(measured_normalize(*grey).mean.at(0), 0.4, tol::f64);
  expect_close(measured_normalize(*grey).std.at(0), std::sqrt(0.14), tol::f64);
  const auto colour = data::in_memory("colour", Array::from<std::uint8_t>({2, 1, 1, 3}, {0, 51, 255, 255, 51, 0}));
  const augment::Normalize n = measured_normalize(*colour);
  ASSERT_EQ(n.mean.size(), 3u);
  for (const std::size_t c : {0u, 2u}) {
    expect_close(n.mean[c], 0.5, tol::f64);
    expect_close(n.std[c], 0.5, tol::f64);
  }
  expect_close(n.mean[1], 0.2, tol::f64);
  EXPECT_GT(n.std[1], 0);  // a constant channel must not be divided by zero
  EXPECT_LT(n.std[1], 0.01);
}

TEST(Pretrain, MeasuresTheFirstTwoThousandImagesOnly) {
  Array images = Array::zeros({2001, 1, 1, 1}, DType::u8);
  images.mut<std::uint8_t>()[2000] = 255;
  EXPECT_EQ(measured_normalize(*data::in_memory("dark", images)).mean.at(0), 0);
}

TEST(Pretrain, ResolvesEveryOptionInItsConfig) {
  const Pretrain pretrain(small_data().options());
  const io::Json config = pretrain.config();
  EXPECT_EQ(config.at("method").string(), "simclr");
  EXPECT_EQ(config.at("recipe").string(), "demo");  // grey pictures
  EXPECT_EQ(config.at("images").integer(), train_images);
  EXPECT_EQ(config.at("lr").number(), methods::find("simclr").optimizer.lr);
  EXPECT_EQ(config.at("weight_decay").number(), methods::find("simclr").optimizer.weight_decay);
  EXPECT_EQ(config.at("params").at("temperature").number(), 0.2);
  EXPECT_EQ(config.at("normalize").at("mean").list().at(0).number(), measured_normalize(pretrain.train_set()).mean.at(0));
  std::string keys;
  for (const auto& [key, value] : config.object()) keys += (keys.empty() ? "" : " ") + key;
  EXPECT_EQ(keys, "data data_folder images method params encoder recipe normalize epochs batch_size lr weight_decay limit holdout workers evaluate anomaly");
}

TEST(Pretrain, TakesWhatItWasGiven) {
  auto options = small_data().options();
  options.method = "byol", options.recipe = "byol", options.params = {{"target_momentum", 0.5}}, options.lr = 0.25, options.weight_decay = 0;
  const io::Json config = Pretrain(options).config();
  EXPECT_EQ(config.at("recipe").string(), "byol");
  EXPECT_EQ(config.at("params").at("target_momentum").number(), 0.5);
  EXPECT_EQ(config.at("lr").number(), 0.25);
  EXPECT_EQ(config.at("weight_decay").number(), 0);
}

TEST(Pretrain, ALimitKeepsTheFirstImages) {
  auto options = small_data().options();
  options.limit = 30;
  const Pretrain pretrain(options);
  EXPECT_EQ(pretrain.train_set().size(), 30);
  EXPECT_EQ(pretrain.test_set().size(), test_images);
  const Pretrain all(small_data().options());
  expect_close(data::take(pretrain.train_set(), {29}).images, data::take(all.train_set(), {29}).images, tol::exact);
  options.limit = 1000;  // more than there are
  EXPECT_EQ(Pretrain(options).train_set().size(), train_images);
}

TEST(Pretrain, AHoldoutNeverTouchesTheTestSet) {
  const SmallData without_test(false);
  auto options = without_test.options();
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
  Pretrain pretrain(small_data().options());
  pretrain.train(silent, &run);
  std::vector<std::string> said;
  pretrain.evaluate([&](const char* what) { said.push_back(what); });
  EXPECT_EQ(said, (std::vector<std::string>{"evaluating the encoder", "evaluating raw pixels", "evaluating the untrained encoder"}));
  const io::Json result = pretrain.result().to_json();
  std::string keys;
  for (const auto& [key, value] : result.object()) {
    keys += (keys.empty() ? "" : " ") + key;
    EXPECT_TRUE(value.is_number() && std::isfinite(value.number())) << key;
    const bool is_accuracy = key.starts_with("linear") || key.starts_with("knn");
    if (is_accuracy) EXPECT_TRUE(value.number() >= 0 && value.number() <= 1) << key << " " << value.number();
    else EXPECT_GT(value.number(), 0) << key;
  }
  EXPECT_EQ(keys, "linear knn linear_raw_pixels knn_raw_pixels linear_untrained knn_untrained seconds images_per_second "
                  "peak_memory_bytes embedding_std rankme loss chance_loss");
  EXPECT_GT(result.at("linear_raw_pixels").number(), 0.5);  // brightness tells the classes apart
  expect_close(result.at("chance_loss").number(), std::log(47.0), tol::f64);
  EXPECT_EQ(folder.names("run/checkpoints"), "encoder.safetensors last.safetensors");
}

TEST(Pretrain, EvaluatesFewerImagesThanNeighboursVote) {
  auto options = small_data().options();
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
