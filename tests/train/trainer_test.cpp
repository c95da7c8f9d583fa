#include <akin/train/trainer.hpp>
#include <atomic>
#include <chrono>
#include <thread>

#include "support/folder.hpp"
#include "support/small_training.hpp"
#include "support/table_names.hpp"
#include "support/test.hpp"
#include "support/threads.hpp"

namespace akin::train::small {
namespace {

TEST(Trainer, LearnsAndReportsWhatItDid) {
  auto once = small_simclr(), often = small_simclr();
  const TrainerReport first = train(once, loader(), {.epochs = 1, .lr = 0.3}),
                      last = train(often, loader(), {.epochs = 24, .lr = 0.3});
  EXPECT_EQ(first.steps, steps_per_epoch);
  EXPECT_EQ(last.steps, 24 * steps_per_epoch);
  EXPECT_LT(last.loss, first.loss - 0.2);
  EXPECT_LT(last.loss, std::log(2.0 * batch - 1) - 0.05);  // better than guessing
  EXPECT_GT(last.embedding_std, 0.1);                      // 1/sqrt(8) = 0.35 is the most
  EXPECT_LT(last.embedding_std, 0.4);
  EXPECT_GT(last.seconds, 0);
  expect_close(last.images_per_second * last.seconds, 24.0 * images, tol::f64);
}

TEST(Trainer, TheSameSeedGivesTheSameWeights) {
  const auto weights = trained(loader(5));
  EXPECT_TRUE(same(weights, trained(loader(5))));
  EXPECT_FALSE(same(weights, trained(loader(6))));
}

TEST(Trainer, NeitherThreadsNorWorkersChangeTheWeights) {
  const auto with = [](int count, int workers) {
    const test::WithThreads scope(count);
    return trained(loader(5, workers));
  };
  const auto weights = with(1, 0);
  for (const int workers : {0, 1, 2}) EXPECT_TRUE(same(weights, with(2, workers))) << workers << " workers";
}

TEST(Trainer, EveryOptimizerLearns) {
  for (const auto& row : optimizers())
    for (const bool nesterov : {false, true}) {
      if (nesterov && row.name != "sgd") continue;
      auto once = small_simclr(), often = small_simclr();
      TrainerOptions options{.epochs = 1,
                             .optimizer = std::string(row.name),
                             .lr = row.defaults ? row.defaults->lr * 10 : 0.3,
                             .nesterov = nesterov};
      const double first = train(once, loader(), options).loss;
      options.epochs = 24;
      EXPECT_LT(train(often, loader(), options).loss, first - 0.2) << row.name;
    }
}

TEST(Trainer, OptimizersAndNesterovTakeStepsOfTheirOwn) {
  const auto with = [](const TrainerOptions& options) {
    auto method = small_simclr();
    train(method, loader(), options);
    return method.named_tensors();
  };
  const auto plain = with({.epochs = 1, .lr = 0.01});
  EXPECT_FALSE(same(plain, with({.epochs = 1, .lr = 0.01, .nesterov = true})));
  EXPECT_FALSE(same(plain, with({.epochs = 1, .optimizer = "adamw", .lr = 0.01})));
}

TEST(Trainer, SaysHowItsOptimizerIsSet) {
  auto method = small_simclr();
  auto batches = loader();
  EXPECT_EQ(io::to_json(Trainer(method, batches, {.momentum = 0.5, .nesterov = true}).optimizer_config()),
            R"({"name":"sgd","momentum":0.5,"nesterov":true})");
  EXPECT_EQ(io::to_json(Trainer(method, batches, {.optimizer = "adamw"}).optimizer_config()),
            R"({"name":"adamw","beta1":0.9,"beta2":0.999,"eps":1e-08})");
}

TEST(Trainer, TrainsInTrainingModeWhateverTheModeBefore) {
  auto method = small_simclr();
  method.train(false);
  train(method, loader(), {.epochs = 1, .lr = 0});
  int counters = 0;
  for (const auto& [name, tensor] : method.named_tensors()) {
    if (!name.ends_with("num_batches_tracked")) continue;
    EXPECT_EQ(at(tensor.value(), 0), steps_per_epoch) << name;
    ++counters;
  }
  EXPECT_EQ(counters, 2);
}

bool after_a_step() { return true; }

TEST(Trainer, GoesOnBitForBitFromWhereverItWasStopped) {
  for (const bool bf16 : {false, true}) {
    const TrainerOptions options{.epochs = 3, .optimizer = "adamw", .lr = 0.01, .accumulate = 2, .bf16 = bf16};
    auto whole = small_simclr(convolutional_encoder());
    const TrainerReport want = train(whole, loader(), options);
    const test::Folder folder;
    TrainerReport got;
    got.stopped = true;
    for (int sessions = 0; got.stopped; ++sessions) {  // one step each
      ASSERT_LT(sessions, 7);
      auto method = small_simclr(convolutional_encoder());
      auto batches = loader();
      RunFolder run(folder / "run", IfExists::resume);
      Trainer trainer(method, batches, options);
      const TrainingState state = load_state(run, [](const std::string&) {});
      if (state.found()) trainer.resume(state);
      Progress silent(stdout, {.quiet = true});
      got = trainer.run(silent, &run, after_a_step);
      EXPECT_EQ(same(method.named_tensors(), whole.named_tensors()), !got.stopped);
    }
    EXPECT_EQ(got.loss, want.loss);
    EXPECT_EQ(got.embedding_std, want.embedding_std);
    EXPECT_EQ(got.steps, 6);
  }
}

TEST(Trainer, RefusesTheStateOfAnotherRunAndChangesNothing) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  auto method = small_simclr(), other = small_simclr(convolutional_encoder());
  auto batches = loader();
  train(method, batches, {.epochs = 1, .lr = 0.1}, &run);
  const TrainingState state = load_state(run, [](const std::string&) {});
  const auto before = other.named_tensors();
  expect_error([&] { Trainer(other, batches, {.epochs = 1}).resume(state); }, "does not fit the network:");
  expect_error([&] { Trainer(method, batches, {.epochs = 1, .optimizer = "adamw"}).resume(state); },
               "unexpected  optimizer/momentum/");
  expect_error([&] { Trainer(method, batches, {.epochs = 1, .accumulate = 3}).resume(state); },
               "is of epoch 1, batch 0, step 3, which this run of 1 epochs of 3 batches does not have");
}

TEST(Trainer, SavesWithinAnEpochIfAskedTo) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  OwnMethod method;
  method.before_step = [](std::int64_t step) {
    if (step == 2) throw Error("stop");
  };
  expect_error([&] { train(method, loader(), {.epochs = 1, .lr = 0.1, .save_every = 2}, &run); }, "stop");
  EXPECT_EQ(load_state(run, [](const std::string&) {}).position.step, 2);
  EXPECT_EQ(folder.names("run/checkpoints"), "last.safetensors");
}

TEST(Trainer, ParametersThatAreNotFiniteAreNotSaved) {  // the loss of the last step was: its update is what fails
  const test::Folder folder;
  RunFolder run(folder / "run");
  const data::Loader one_step(pictures(), {.batch_size = images, .workers = 0},
                              augment::two_views(augment::demo({.size = 12, .normalize = {{0.5}, {0.25}}})));
  OwnMethod method;
  train(method, one_step, {.epochs = 1, .lr = 0.1}, &run);
  const std::string last = io::read_file(run.checkpoint("last")), encoder = io::read_file(run.checkpoint("encoder"));
  expect_error([&] { train(method, one_step, {.epochs = 1, .lr = 1e300}, &run); },
               "trainer: 'encoder.1.weight' holds a NaN or an infinity in epoch 0, which was not saved; lower the "
               "learning rate");
  EXPECT_EQ(io::read_file(run.checkpoint("last")), last);
  EXPECT_EQ(io::read_file(run.checkpoint("encoder")), encoder);
  EXPECT_EQ(folder.names("run/checkpoints"), "encoder.safetensors last.safetensors");  // no previous one: one save
}

TEST(Trainer, GoesOnWhenAllEmbeddingsAreZero) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  OwnMethod method;
  method.embedding = Array::zeros({batch, 8});
  EXPECT_EQ(train(method, loader(), {.epochs = 1, .lr = 0.1}, &run).embedding_std, 0);
  EXPECT_TRUE(rows_of(folder / "run/metrics.jsonl").at(0).at("rankme").is_null());
  EXPECT_NE(io::read_file(folder / "run/metrics.csv").find(",0.0,nan,"), std::string::npos);
}

TEST(Trainer, ASecondRunCountsItsOwnImages) {
  auto method = small_simclr();
  auto batches = loader();
  Progress silent(stdout, {.quiet = true});
  Trainer trainer(method, batches, {.epochs = 2, .lr = 0.1});
  for (int run = 0; run < 2; ++run) {
    const TrainerReport report = trainer.run(silent);
    expect_close(report.images_per_second * report.seconds, 2.0 * images, tol::f64);
    EXPECT_EQ(report.steps, 2 * steps_per_epoch);
  }
}

std::atomic<std::int64_t> batches_begun{0};

TEST(Trainer, TheNextEpochIsPreparedWhileTheLastBatchIsInUse) {
  batches_begun = 0;
  const auto count = [](const Samples& samples) {
    ++batches_begun;
    return std::vector<Array>(2, Array::zeros({samples.images.dim(0), 12, 12, 1}));
  };
  OwnMethod method;
  method.before_step = [](std::int64_t steps) {
    if (steps != steps_per_epoch - 1) return;
    for (int i = 0; i < 5000 && batches_begun <= steps_per_epoch; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_GT(batches_begun, steps_per_epoch);
  };
  train(method, data::Loader(pictures(), {.batch_size = batch, .workers = 1}, count), {.epochs = 2, .lr = 0.1});
}

TEST(Trainer, WarmsUpAndThenFollowsACosine) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  auto method = small_simclr();
  train(method, loader(), {.epochs = 4, .lr = 0.1, .warmup_steps = 100, .log_every = 1},
        &run);  // 12 steps: 1 of warm-up
  const auto rows = rows_of(folder / "run/metrics.jsonl");
  ASSERT_EQ(rows.size(), 12u);
  const optim::Cosine schedule = optim::cosine({.base = 0.1, .warmup_steps = 1, .total_steps = 12});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].at("step").integer(), static_cast<std::int64_t>(i));
    EXPECT_EQ(rows[i].at("epoch").integer(), static_cast<std::int64_t>(i) / steps_per_epoch);
    EXPECT_EQ(rows[i].at("lr").number(), schedule(static_cast<std::int64_t>(i)));
    EXPECT_EQ(rows[i].at("rankme").is_null(), i % 10 != 0) << i;
  }
}

TEST(Trainer, WritesARowEverySoManyStepsAndForTheLastOne) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  auto method = small_simclr();
  const auto report = train(method, loader(), {.epochs = 4, .lr = 0.1, .log_every = 4}, &run);
  const std::string csv = io::read_file(folder / "run/metrics.csv");
  EXPECT_TRUE(csv.starts_with("step,epoch,loss,lr,embedding_std,rankme,images_per_second,data_wait\n0,0,")) << csv;
  std::vector<std::int64_t> steps;
  for (const auto& row : rows_of(folder / "run/metrics.jsonl")) steps.push_back(row.at("step").integer());
  EXPECT_EQ(steps, (std::vector<std::int64_t>{0, 4, 8, 11}));
  EXPECT_EQ(rows_of(folder / "run/metrics.jsonl").back().at("embedding_std").number(), report.embedding_std);
}

TEST(Trainer, ReportsTheSpreadOfTheLastStepHoweverRarelyItLooks) {
  const auto with = [](std::int64_t log_every) {
    auto method = small_simclr();
    return train(method, loader(), {.epochs = 4, .lr = 0.3, .log_every = log_every}).embedding_std;
  };
  EXPECT_EQ(with(1), with(7));
  EXPECT_EQ(with(1), with(1000));
}

TEST(Trainer, CheckpointsHoldTheTrainedNetworks) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  auto method = small_simclr();
  train(method, loader(), {.epochs = 2, .lr = 0.1}, &run);
  EXPECT_EQ(folder.names("run/checkpoints"), "encoder.safetensors last.safetensors previous.safetensors");
  EXPECT_EQ(io::load_safetensors(run.checkpoint("last")).metadata.at("epochs"), "2");
  auto fresh = small_simclr();
  auto batches = loader();
  EXPECT_FALSE(same(fresh.named_tensors(), method.named_tensors()));
  Trainer(fresh, batches, {.epochs = 2}).resume(load_state(run, [](const std::string&) {}));
  EXPECT_TRUE(same(fresh.named_tensors(), method.named_tensors()));
  const auto other = small_simclr();
  io::load(other.encoder(), run.checkpoint("encoder"));
  EXPECT_TRUE(same(other.encoder().named_tensors(), method.encoder().named_tensors()));
}

TEST(Trainer, WritesTheEncoderBeforeTheState) {  // killed in between, it would never be written otherwise
  const test::Folder folder;
  RunFolder run(folder / "run");
  auto method = small_simclr();
  io::make_folders(run.checkpoint("last"));  // the state cannot be written
  expect_error([&] { train(method, loader(), {.epochs = 1, .lr = 0.1}, &run); }, "it is not a regular file");
  EXPECT_EQ(folder.names("run/checkpoints"), "encoder.safetensors last.safetensors");
}

TEST(Trainer, TellsTheProgressLineWhatAHealthySpreadIs) {
  auto method = small_simclr();
  auto batches = loader();
  Progress silent(stdout, {.quiet = true});
  const TrainerReport report = Trainer(method, batches, {.epochs = 1, .lr = 0.1}).run(silent);
  EXPECT_EQ(silent.state().healthy_std, 1 / std::sqrt(8.0));
  EXPECT_EQ(silent.state().embedding_std, report.embedding_std);
  EXPECT_EQ(silent.state().step, steps_per_epoch);
}

TEST(Trainer, RejectsOptionsOutOfRange) {
  const auto expect_refused = [](const TrainerOptions& options, const std::string& text) {
    auto method = small_simclr();
    expect_error([&] { train(method, loader(), options); }, text);
  };
  expect_refused({.epochs = 0}, "trainer: epochs must lie in 1 ... 2^24, got 0");
  expect_refused({.epochs = (1 << 24) + 1}, "trainer: epochs must lie in 1 ... 2^24, got 16777217");
  expect_refused({.optimizer = "adam"}, "train: unknown optimizer 'adam'; " + test::guess("adamw", optimizers()));
  expect_refused({.optimizer = "adamw", .nesterov = true}, "adamw: has no nesterov");
  expect_refused({.lr = -0.1}, "trainer: lr must be >= 0, got -0.1");
  expect_refused({.lr = std::nan("")}, "trainer: lr must be >= 0, got nan");
  expect_refused({.weight_decay = -1}, "trainer: weight_decay must be >= 0, got -1");
  expect_refused({.momentum = 1}, "sgd: momentum must lie in [0, 1), got 1");
  expect_refused({.warmup_steps = -1}, "trainer: warmup_steps must be >= 0, got -1");
  expect_refused({.log_every = 0}, "trainer: log_every must be >= 1, got 0");
  expect_refused({.accumulate = 0}, "trainer: accumulate must be >= 1 batches, got 0");
  expect_refused({.accumulate = 2, .cuda_graph = true},
                 "trainer: a CUDA graph holds a step of one batch, and accumulate is 2; leave out one of the two");
  expect_refused({.save_every = -1}, "trainer: save_every must be >= 0 steps, got -1");
  expect_refused({.clip_norm = -1}, "trainer: clip_norm must be >= 0, got -1");
}

}  // namespace
}  // namespace akin::train::small
