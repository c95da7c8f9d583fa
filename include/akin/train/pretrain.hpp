// pretrain: from a name of a data set and of a method to a run folder and a table of results.
#pragma once
#include <sys/resource.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../augment/table.hpp"
#include "../data/subset.hpp"
#include "../data/table.hpp"
#include "../eval/knn.hpp"
#include "../eval/linear_probe.hpp"
#include "../methods/table.hpp"
#include "../nn/models/table.hpp"
#include "table_printer.hpp"
#include "trainer.hpp"

namespace akin::inline AKIN_ABI::train {

struct PretrainOptions {
  std::string data = "fashion-mnist", data_folder = {};  ///< see data::table(); folder empty: where its package installs it
  std::string method = "simclr", encoder = "convnet";
  std::string recipe = {};        ///< of the views; empty: "demo" for grey pictures, else the method's own
  std::string out = "runs/pretrain";
  bool overwrite = false;
  std::int64_t epochs = 6, batch_size = 256;
  std::optional<double> lr = {}, weight_decay = {};  ///< if not given, the method's own
  std::vector<std::pair<std::string, double>> params = {};  ///< of the method, by name
  std::int64_t limit = 0;         ///< use only the first so many training images; 0 uses all
  std::int64_t holdout = 0;       ///< evaluate on so many held-out training images instead of the test set
  std::uint64_t seed = 0;
  int workers = 1;                ///< threads that make views ahead of the training
  bool evaluate = true;           ///< kNN and linear probe at the end, with the two baselines
  bool anomaly = false;           ///< check every op for NaN and infinity: slow
  Device device = Device::cpu;
};

/// Fractions in [0, 1] for accuracies; NaN where not evaluated.
struct PretrainResult {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();
  double linear = none, knn = none;
  double linear_raw_pixels = none, knn_raw_pixels = none;
  double linear_untrained = none, knn_untrained = none;
  double seconds = 0, images_per_second = 0;
  double embedding_std = 0;
  double rankme = none;  ///< of the encoder's output on up to 5,000 test images
  double loss = 0, chance_loss = none;
  std::int64_t peak_memory_bytes = 0;

  AKIN_LAZY io::Json to_json() const {
    return io::Json::Object{{"linear", linear}, {"knn", knn},
                            {"linear_raw_pixels", linear_raw_pixels}, {"knn_raw_pixels", knn_raw_pixels},
                            {"linear_untrained", linear_untrained}, {"knn_untrained", knn_untrained},
                            {"seconds", seconds}, {"images_per_second", images_per_second},
                            {"peak_memory_bytes", peak_memory_bytes},
                            {"embedding_std", embedding_std}, {"rankme", rankme},
                            {"loss", loss}, {"chance_loss", chance_loss}};
  }

  /// Accuracies in percent: features of the run, raw pixels, the encoder before training.
  AKIN_LAZY Table to_table() const {
    const auto percent = [](double fraction) {
      char text[16];
      std::snprintf(text, sizeof text, "%.2f", 100 * fraction);
      return std::string(text);
    };
    return {{"features", "linear %", "kNN %"},
            {{"pre-trained encoder", percent(linear), percent(knn)},
             {"raw pixels", percent(linear_raw_pixels), percent(knn_raw_pixels)},
             {"untrained encoder", percent(linear_untrained), percent(knn_untrained)}}};
  }
};

/// Largest resident set of this process so far.
AKIN_LAZY std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

/// Per-channel mean and standard deviation of the first 2,000 images, in [0, 1] units: what views are normalised by.
AKIN_LAZY augment::Normalize measured_normalize(const data::Dataset& dataset) {
  const std::int64_t channels = dataset.channels(), n = std::min<std::int64_t>(2000, dataset.size());
  check(n > 0, "pretrain", "the data set ", dataset.name(), " has no images to train on");
  std::vector<double> sum(static_cast<std::size_t>(channels)), squares = sum;
  std::vector<std::uint8_t> image(static_cast<std::size_t>(dataset.image_bytes()));
  for (std::int64_t i = 0; i < n; ++i) {
    dataset.read(i, image.data());
    for (std::size_t k = 0; k < image.size(); ++k) {
      const double x = image[k] / 255.0;
      sum[k % sum.size()] += x;
      squares[k % sum.size()] += x * x;  // values in [0, 1]: no cancellation to fear
    }
  }
  augment::Normalize normalize{{}, {}};
  const double count = static_cast<double>(n * dataset.image_bytes() / channels);
  for (std::size_t c = 0; c < sum.size(); ++c) {
    const double mean = sum[c] / count, variance = squares[c] / count - mean * mean;
    normalize.mean.push_back(mean);
    normalize.std.push_back(std::sqrt(std::max(variance, 1e-6)));
  }
  return normalize;
}

/// One run, step by step: construct, train(), evaluate(), result().
class Pretrain {
 public:
  /// Opens the data, builds encoder and method. Nothing is written yet. Errors: unknown names (with the nearest known
  /// one), missing data (with the command that installs it), options out of range.
  AKIN_LAZY explicit Pretrain(const PretrainOptions& options) : options_(options), row_(methods::find(options_.method)) {
    check(options_.device == Device::cpu, "pretrain", "this build trains on --device cpu, got --device ", options_.device);
    check(options_.batch_size >= 2, "pretrain", "batch_size must be >= 2, got ", options_.batch_size);
    const auto& encoder_row = nn::find_encoder(options_.encoder);
    if (!options_.recipe.empty()) augment::find(options_.recipe);  // all names are checked before data is read
    params_ = method_params();
    open_data();
    if (options_.recipe.empty()) options_.recipe = train_->channels() == 1 ? "demo" : std::string(row_.recipe);
    options_.lr = options_.lr.value_or(row_.optimizer.lr);
    options_.weight_decay = options_.weight_decay.value_or(row_.optimizer.weight_decay);
    const nn::Module encoder = encoder_row.make({train_->height(), train_->channels(), options_.seed});
    untrained_ = encoder.clone();
    method_ = row_.make({encoder, encoder_row.features, options_.seed, params_});
    encoder.name_modules();
    loader_.emplace(train_, data::LoaderOptions{.batch_size = options_.batch_size, .seed = options_.seed, .workers = options_.workers},
                    augment::two_views(augment::find(options_.recipe).make({train_->height(), train_->channels(), normalize_}),
                                       {.seed = options_.seed}));
    trainer_.emplace(*method_, *loader_, TrainerOptions{.epochs = options_.epochs, .lr = *options_.lr, .weight_decay = *options_.weight_decay});
    result_.chance_loss = row_.chance(options_.batch_size);
  }
  Pretrain(const Pretrain&) = delete;  // the trainer refers to members
  Pretrain& operator=(const Pretrain&) = delete;

  const PretrainOptions& options() const { return options_; }
  const data::Dataset& train_set() const { return *train_; }
  const data::Dataset& test_set() const { return *test_; }
  const methods::Method& method() const { return *method_; }
  const PretrainResult& result() const { return result_; }

  AKIN_LAZY void train(Progress& progress, RunFolder* folder = nullptr) {
    std::optional<AnomalyMode> anomaly;
    if (options_.anomaly) anomaly.emplace();
    const TrainerReport report = trainer_->run(progress, folder);
    result_.seconds = report.seconds;
    result_.images_per_second = report.images_per_second;
    result_.embedding_std = report.embedding_std;
    result_.loss = report.loss;
  }

  /// kNN and linear probe on frozen features. say(text) is told what is being done.
  template <class Say>
  void evaluate(Say say) {
    result_.rankme = rankme(method_->encoder());
    if (options_.evaluate) {
      say("evaluating the encoder");
      score(features(method_->encoder(), *train_), features(method_->encoder(), *test_), result_.linear, result_.knn);
      say("evaluating raw pixels");
      score(eval::raw_pixels(*train_), eval::raw_pixels(*test_), result_.linear_raw_pixels, result_.knn_raw_pixels);
      say("evaluating the untrained encoder");
      score(features(untrained_, *train_), features(untrained_, *test_), result_.linear_untrained, result_.knn_untrained);
    }
    result_.peak_memory_bytes = peak_memory_bytes();
  }

  /// All options with their values: what config.json holds.
  AKIN_LAZY io::Json config() const {
    io::Json::Object params;
    for (std::size_t i = 0; i < params_.size(); ++i) params.push_back({std::string(row_.params[i]), params_[i]});
    const io::Json::List mean(normalize_.mean.begin(), normalize_.mean.end()), std(normalize_.std.begin(), normalize_.std.end());
    return io::Json::Object{{"data", options_.data}, {"data_folder", options_.data_folder},
                            {"images", train_->size()}, {"method", options_.method}, {"params", params},
                            {"encoder", options_.encoder}, {"recipe", options_.recipe},
                            {"normalize", io::Json::Object{{"mean", mean}, {"std", std}}},
                            {"epochs", options_.epochs}, {"batch_size", options_.batch_size},
                            {"lr", *options_.lr}, {"weight_decay", *options_.weight_decay},
                            {"limit", options_.limit}, {"holdout", options_.holdout}, {"workers", options_.workers},
                            {"evaluate", options_.evaluate}, {"anomaly", options_.anomaly}};
  }

 private:
  AKIN_LAZY void open_data() {
    check(options_.limit >= 0 && options_.holdout >= 0, "pretrain", "limit and holdout must be >= 0, got ", options_.limit, " and ",
          options_.holdout);
    data::OpenOptions open{.folder = options_.data_folder};
    train_ = data::open(options_.data, open);
    open.split = data::Split::test;
    if (options_.holdout > 0) {
      check(options_.holdout < train_->size(), "pretrain", "a holdout of ", options_.holdout, " leaves none of the ", train_->size(),
            " training images");
      const auto parts = data::split_off(train_, options_.holdout, options_.seed);
      train_ = parts.train;
      test_ = parts.validation;
    } else {
      test_ = data::open(options_.data, open);
    }
    if (options_.limit > 0) train_ = data::head(train_, std::min(options_.limit, train_->size()));
    normalize_ = measured_normalize(*train_);
  }

  AKIN_LAZY std::vector<double> method_params() const {
    std::vector<double> values = row_.defaults;
    std::vector<std::string> known(row_.params.begin(), row_.params.end());
    for (const auto& [name, value] : options_.params) {
      const auto found = std::find(known.begin(), known.end(), name);
      if (found == known.end()) throw_unknown("pretrain", cat("parameter of ", row_.name), name, known);
      values[static_cast<std::size_t>(found - known.begin())] = value;
    }
    return values;
  }

  AKIN_LAZY eval::Features features(const nn::Module& encoder, const data::Dataset& dataset) const {
    return eval::embed(encoder, dataset, plain_images());
  }
  AKIN_LAZY eval::Preprocess plain_images() const {
    return [pipeline = augment::plain(normalize_)](const Array& images) {
      return pipeline.apply({images, 0, data::first_indices(images.dim(0))}, 0);
    };
  }
  AKIN_LAZY double rankme(const nn::Module& encoder) const {
    return eval::rankme(features(encoder, *data::head(test_, std::min<std::int64_t>(5000, test_->size()))).x);
  }
  AKIN_LAZY void score(const eval::Features& train, const eval::Features& test, double& linear, double& knn) const {
    const auto classes = static_cast<std::int64_t>(train_->class_names().size());
    const int k = static_cast<int>(std::min<std::int64_t>(eval::KnnOptions{}.k, train.x.dim(0)));  // with --limit there may be fewer images
    knn = eval::knn_accuracy(train, test, {.k = k});
    linear = eval::accuracy(eval::fit_linear_probe(train, classes), test);
  }

  PretrainOptions options_;
  const methods::MethodRow& row_;
  std::vector<double> params_;  // of the method, in the order of its row
  data::DatasetPtr train_, test_;
  augment::Normalize normalize_;
  nn::Module untrained_;
  std::unique_ptr<methods::Method> method_;
  std::optional<data::Loader> loader_;
  std::optional<Trainer> trainer_;
  PretrainResult result_;
};

}  // namespace akin::inline AKIN_ABI::train
