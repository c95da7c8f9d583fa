// pretrain: from a name of a data set and of a method to a run folder and a table of results.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../augment/table.hpp"
#include "../core/owned.hpp"
#include "../data/fingerprint.hpp"
#include "../data/loader.hpp"
#include "../io/torch_weights.hpp"
#include "../methods/table.hpp"
#include "../nn/models/table.hpp"
#include "pretrain_data.hpp"
#include "pretrain_evaluation.hpp"
#include "pretrain_result.hpp"
#include "trainer.hpp"

namespace akin::inline AKIN_ABI::train {

/// One run, step by step: construct, train(), evaluate(), result().
class Pretrain {
 public:
  /// Opens the data, builds encoder and method, and makes one forward pass on copies of them: what cannot work fails
  /// here. Nothing is written yet. Errors: unknown names (with the nearest known one), missing data (with the command
  /// that installs it), options out of range, images that cannot be trained on.
  AKIN_LAZY explicit Pretrain(const PretrainOptions& options)
      : options_(options), row_(methods::find(options_.method)), encoder_row_(nn::find_encoder(options_.encoder)) {
    check_options();
    params_ = method_params();
    data_ = open_pretrain_data(options_);
    resolve_defaults();
    const nn::Module encoder = encoder_row_.make({data_.train->height(), data_.train->channels(), options_.seed});
    if (!options_.init.empty())
      data_.notes.push_back(
          cat("encoder from '", options_.init, "': ", to_text(io::load_torch(encoder, options_.init))));
    untrained_ = encoder.clone();
    method_ = make_method(encoder);
    loader_ = make_owned<data::Loader>(make_loader());
    trainer_ = make_owned<Trainer>(*method_, *loader_,
                                   TrainerOptions{.epochs = options_.epochs,
                                                  .optimizer = options_.optimizer,
                                                  .lr = *options_.lr,
                                                  .weight_decay = *options_.weight_decay,
                                                  .nesterov = options_.nesterov,
                                                  .accumulate = options_.accumulate,
                                                  .clip_norm = options_.clip_norm,
                                                  .bf16 = options_.bf16,
                                                  .gradient_checkpointing = options_.gradient_checkpointing,
                                                  .cuda_graph = options_.cuda_graph,
                                                  .save_every = options_.save_every});
    result_.chance_loss = row_.chance(options_.batch_size);
    rehearse();
  }
  Pretrain(const Pretrain&) = delete;  // the trainer refers to members
  Pretrain& operator=(const Pretrain&) = delete;

  const PretrainOptions& options() const { return options_; }
  /// What a person should be told before the training: pictures left out, weights taken over.
  const std::vector<std::string>& notes() const { return data_.notes; }
  const data::Dataset& train_set() const { return *data_.train; }
  const data::Dataset& test_set() const { return *data_.test; }
  AKIN_LAZY const methods::Method& method() const { return *method_; }
  const PretrainResult& result() const { return result_; }

  /// Takes over the newest whole checkpoint of the folder, if there is one; train() then goes on from it. The run must
  /// be the same: see compare_runs. Returns the step that comes next. say(text) is told of a damaged checkpoint.
  template <class Say>
  std::int64_t resume(RunFolder& folder, Say say) {
    const TrainingState state = load_state(folder, say);
    if (state.found()) trainer_->resume(state);
    const bool at_end = trainer_->position().epoch == trainer_->options().epochs;
    trained_ = at_end && io::kind_of(folder.path("result.json")) == io::PathKind::file;
    if (trained_)
      result_ = PretrainResult::from_json(io::parse_json(io::read_file(folder.path("result.json"), 1 << 20)));
    return trainer_->position().step;
  }

  /// With a folder, metrics, checkpoints and result.json are written as the training goes on. False if stop() ended it
  /// before its time: a checkpoint is then all that was written.
  AKIN_LAZY bool train(Progress& progress, RunFolder* folder = nullptr, bool (*stop)() = nullptr) {
    if (trained_) return true;
    const AnomalyMode anomaly(options_.anomaly);
    const TrainerReport report = trainer_->run(progress, folder, stop);
    if (report.stopped) return false;
    result_.seconds = report.seconds;
    result_.images_per_second = report.images_per_second;
    result_.embedding_std = report.embedding_std;
    result_.loss = report.loss;
    result_.skipped_steps = report.skipped_steps;
    keep_result(folder);
    return true;
  }

  /// RankMe, kNN and linear probe on frozen features. say(text) is told what is being done. With a folder, result.json
  /// is written anew after each part: what fails later costs nothing of it. A resumed run with all results measures
  /// nothing.
  template <class Say>
  void evaluate(Say say, RunFolder* folder = nullptr) {
    if (result_.complete(options_.evaluate)) return;
    const nn::Module& encoder = method_->encoder();
    const std::int64_t rank_images = std::min<std::int64_t>(5000, data_.test->size());
    if (options_.evaluate) say("evaluating the encoder");
    const eval::Features test =
        pretrain_features(encoder, options_.evaluate ? *data_.test : *data::head(data_.test, rank_images), data_);
    result_.rankme = eval::rankme(test.x.slice(0, 0, rank_images));
    if (options_.evaluate) {
      const auto [linear, knn] = pretrain_scores(pretrain_features(encoder, *data_.train, data_), test, data_);
      result_.linear = linear, result_.knn = knn;
    }
    keep_result(folder);
    if (!options_.evaluate) return;
    say("evaluating raw pixels");
    const auto [linear_raw, knn_raw] =
        pretrain_scores(eval::raw_pixels(*data_.train), eval::raw_pixels(*data_.test), data_);
    result_.linear_raw_pixels = linear_raw, result_.knn_raw_pixels = knn_raw;
    keep_result(folder);
    say("evaluating the untrained encoder");
    untrained_.to(options_.device);
    const auto [linear_untrained, knn_untrained] = pretrain_scores(
        pretrain_features(untrained_, *data_.train, data_), pretrain_features(untrained_, *data_.test, data_), data_);
    result_.linear_untrained = linear_untrained, result_.knn_untrained = knn_untrained;
    keep_result(folder);
  }

  /// All options with their values: what config.json holds.
  AKIN_LAZY io::Json config() const {
    io::Json::Object params;
    for (std::size_t i = 0; i < params_.size(); ++i) params.push_back({std::string(row_.params[i]), params_[i]});
    const io::Json::List mean(data_.normalize.mean.begin(), data_.normalize.mean.end()),
        std(data_.normalize.std.begin(), data_.normalize.std.end());
    const TrainerOptions& trainer = trainer_->options();
    return io::Json::Object{{"data", options_.data},
                            {"data_folder", options_.data_folder},
                            {"image_size", data_.train->height()},
                            {"data_crc32c", data::fingerprint(*data_.train)},
                            {"images", data_.train->size()},
                            {"test_images", data_.test->size()},
                            {"method", options_.method},
                            {"params", params},
                            {"encoder", options_.encoder},
                            {"init", options_.init},
                            {"recipe", options_.recipe},
                            {"normalize", io::Json::Object{{"mean", mean}, {"std", std}}},
                            {"epochs", trainer.epochs},
                            {"batch_size", options_.batch_size},
                            {"optimizer", trainer_->optimizer_config()},
                            {"lr", trainer.lr},
                            {"weight_decay", trainer.weight_decay},
                            {"warmup_steps", trainer.warmup_steps},
                            {"accumulate", trainer.accumulate},
                            {"clip_norm", trainer.clip_norm},
                            {"bf16", trainer.bf16},
                            {"gradient_checkpointing", trainer.gradient_checkpointing},
                            {"log_every", trainer.log_every},
                            {"limit", options_.limit},
                            {"holdout", options_.holdout},
                            {"workers", options_.workers},
                            {"evaluate", options_.evaluate},
                            {"knn", knn_config(data_)},
                            {"linear_probe", linear_probe_config()},
                            {"anomaly", options_.anomaly}};
  }

 private:
  /// All that can be said before data is read.
  AKIN_LAZY void check_options() const {
    if (options_.device == Device::cuda && !has_cuda) throw_no_cuda("pretrain");
    check(!options_.cuda_graph || options_.device == Device::cuda, "pretrain",
          "a CUDA graph needs --device cuda; leave out --cuda-graph on the cpu");
    check(!options_.cuda_graph || !options_.anomaly, "pretrain",
          "--anomaly looks at every op, which --cuda-graph repeats unseen; leave out one of the two");
    check(options_.batch_size >= 2, "pretrain", "batch_size must be >= 2, got ", options_.batch_size);
    find_optimizer(options_.optimizer);
    if (options_.recipe.empty()) return;
    const augment::RecipeRow& recipe = augment::find(options_.recipe);
    check(recipe.views() == row_.views, "pretrain", row_.name, " takes ", row_.views, " views, but the recipe ",
          recipe.name, " makes ", recipe.views(), "; choose another recipe");
    check(recipe.local == 0, "pretrain", row_.name, " takes views of one size, but ", recipe.local,
          " views of the recipe ", recipe.name, " are smaller; choose another recipe");
  }

  AKIN_LAZY std::vector<double> method_params() const {
    std::vector<double> values = row_.defaults;
    const std::vector<std::string> known(row_.params.begin(), row_.params.end());
    std::vector<std::string> given;
    for (const auto& [name, value] : options_.params) {
      const auto found = std::find(known.begin(), known.end(), name);
      if (found == known.end()) throw_unknown("pretrain", cat("parameter of ", row_.name), name, known);
      check(std::find(given.begin(), given.end(), name) == given.end(), "pretrain", "the parameter '", name,
            "' is given twice");
      given.push_back(name);
      values[static_cast<std::size_t>(found - known.begin())] = value;
    }
    return values;
  }

  AKIN_LAZY void resolve_defaults() {
    const methods::MethodDefaults* own = find_optimizer(options_.optimizer).defaults;
    const methods::MethodDefaults& defaults = own ? *own : row_.optimizer;
    options_.lr = options_.lr.value_or(defaults.lr);
    options_.weight_decay = options_.weight_decay.value_or(defaults.weight_decay);
    if (options_.recipe.empty()) options_.recipe = data_.train->channels() == 1 ? "demo" : std::string(row_.recipe);
  }

  /// On the device; the encoder goes there too.
  AKIN_LAZY Owned<methods::Method> make_method(const nn::Module& encoder) const {
    auto method = row_.make({encoder, encoder_row_.features, options_.seed, params_});
    method->to(options_.device);
    return method;
  }
  AKIN_LAZY data::Loader make_loader() const {
    const augment::RecipeRow& recipe = augment::find(options_.recipe);
    return data::Loader(data_.train,
                        {.batch_size = options_.batch_size,
                         .seed = options_.seed,
                         .workers = options_.workers,
                         .device = options_.device},
                        augment::Views(recipe.make({data_.train->height(), data_.train->channels(), data_.normalize}),
                                       {.seed = options_.seed}));
  }

  /// The first step's forward pass, on copies of the networks, so that the run itself starts as if it had not been.
  AKIN_LAZY void rehearse() const {
    const auto copy = make_method(untrained_.clone());
    const NoGrad no_gradients;
    const MixedPrecision precision(options_.bf16);
    const double loss = copy->forward(loader_->batch(0, 0).views).loss.item();
    check(std::isfinite(loss), "pretrain", "the loss of ", row_.name, " is ", number("%g", loss),
          " before training; are its parameters right?");
  }

  AKIN_LAZY void keep_result(RunFolder* folder) {
    result_.peak_memory_bytes = peak_memory_bytes();
    if (folder) folder->write_result(result_.to_json());
  }

  PretrainOptions options_;
  const methods::MethodRow& row_;
  const nn::EncoderRow& encoder_row_;
  std::vector<double> params_;  // of the method, in the order of its row
  PretrainData data_;
  nn::Module untrained_;
  Owned<methods::Method> method_;
  Owned<data::Loader> loader_;
  Owned<Trainer> trainer_;
  bool trained_ = false;  // in an earlier process, which left its result
  PretrainResult result_;
};

}  // namespace akin::inline AKIN_ABI::train
