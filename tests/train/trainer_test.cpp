#include <akin/augment/recipes.hpp>
#include <akin/data/synthetic.hpp>
#include <akin/io/json_parser.hpp>
#include <akin/methods/simclr.hpp>
#include <akin/nn/models/convnet.hpp>
#include <akin/train/trainer.hpp>
#include <algorithm>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::train {
namespace {

constexpr std::int64_t images = 96, batch = 32, steps_per_epoch = images / batch;

/// Grey pictures of shapes, 12 x 12, rendered once.
const data::DatasetPtr& pictures() {
  static const auto rendered = [] {
    const auto drawn = data::synthetic({.size = 12, .channels = 1, .count = images});
    return data::in_memory("pictures", data::take(*drawn, data::first_indices(images)).images);
  }();
  return rendered;
}

data::Loader loader(std::uint64_t seed = 5, int workers = 0) {
  const auto views = augment::two_views(augment::demo({.size = 12, .normalize = {{0.5}, {0.25}}}), {.seed = seed});
  return data::Loader(pictures(), {.batch_size = batch, .seed = seed, .workers = workers}, views);
}

nn::Module dense_encoder() { return nn::Sequential(nn::Flatten{}, nn::mlp({.widths = {144, 16, 8}, .seed = 1})); }
nn::Module convolutional_encoder() { return nn::convnet({.channels = 1, .widths = {4, 8}, .seed = 1}); }

methods::SimClr small_simclr(const nn::Module& encoder = dense_encoder()) {
  return methods::SimClr(encoder, {.features = 8, .hidden = 16, .out = 8, .seed = 2});
}

TrainerReport train(methods::Method& method, data::Loader batches, const TrainerOptions& options, RunFolder* folder = nullptr) {
  Progress silent(stdout, {.quiet = true});
  return Trainer(method, batches, options).run(silent, folder);
}

/// Every parameter and buffer after two epochs.
std::vector<nn::NamedTensor> trained(const data::Loader& batches) {
  auto method = small_simclr(convolutional_encoder());
  train(method, batches, {.epochs = 2, .lr = 0.1});
  return method.named_tensors();
}

bool same(const std::vector<nn::NamedTensor>& a, const std::vector<nn::NamedTensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    bool equal = x.name == y.name && x.tensor.shape() == y.tensor.shape();
    for (std::int64_t i = 0; equal && i < x.tensor.size(); ++i) equal = at(x.tensor.value(), i) == at(y.tensor.value(), i);
    return equal;
  });
}

std::vector<io::Json> rows_of(const std::string& jsonl) {
  std::vector<io::Json> rows;
  const std::string text = io::read_file(jsonl);
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    rows.push_back(io::parse_json(text.substr(begin, end - begin)));
  return rows;
}

TEST(Trainer, LearnsAndReportsWhatItDid) {
  auto once = small_simclr(), often = small_simclr();
  const TrainerReport first = train(once, loader(), {.epochs = 1, .lr = 0.3}), last = train(often, loader(), {.epochs = 24, .lr = 0.3});
  EXPECT_EQ(first.steps, steps_per_epoch);
  EXPECT_EQ(last.steps, 24 * steps_per_epoch);
  EXPECT_LT(last.loss, first.loss - 0.2);
  EXPECT_LT(last.loss, std::log(2.0 * batch - 1) - 0.05);  // better than guessing
  EXPECT_GT(last.embedding_std, 0.1);                     // 1/sqrt(8) = 0.35 is the most
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
  const int before = threads();
  set_threads(1);
  const auto weights = trained(loader(5, 0));
  for (const int workers : {0, 1, 2}) {
    set_threads(2);
    EXPECT_TRUE(same(weights, trained(loader(5, workers)))) << workers << " workers";
  }
  set_threads(before);
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

TEST(Trainer, ALossThatIsNotFiniteNamesTheStep) {
  auto method = small_simclr();
  expect_error([&] { train(method, loader(), {.epochs = 2, .lr = 1e30}); }, "trainer: the loss is nan at step 1, epoch 0; lower the learning rate");
}

TEST(Trainer, WarmsUpAndThenFollowsACosine) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  auto method = small_simclr();
  train(method, loader(), {.epochs = 4, .lr = 0.1, .warmup_steps = 100, .log_every = 1}, &run);  // 12 steps: 1 of warm-up
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

TEST(Trainer, WritesARowEverySoManySteps) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  auto method = small_simclr();
  const auto report = train(method, loader(), {.epochs = 3, .lr = 0.1, .log_every = 4}, &run);
  const std::string csv = io::read_file(folder / "run/metrics.csv");
  EXPECT_TRUE(csv.starts_with("step,epoch,loss,lr,embedding_std,rankme,images_per_second,data_wait\n0,0,")) << csv;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 3);  // steps 0, 4, 8
  EXPECT_EQ(rows_of(folder / "run/metrics.jsonl").back().at("embedding_std").number(), report.embedding_std);
}

TEST(Trainer, CheckpointsHoldTheTrainedNetworks) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  auto method = small_simclr();
  train(method, loader(), {.epochs = 2, .lr = 0.1}, &run);
  EXPECT_EQ(folder.names("run/checkpoints"), "encoder.safetensors last.safetensors");
  EXPECT_EQ(io::load_safetensors(run.checkpoint("last")).metadata.at("epochs"), "2");
  const auto fresh = small_simclr();
  EXPECT_FALSE(same(fresh.named_tensors(), method.named_tensors()));
  io::load_tensors(run.checkpoint("last"), fresh.named_tensors());
  EXPECT_TRUE(same(fresh.named_tensors(), method.named_tensors()));
  const auto other = small_simclr();
  io::load(other.encoder(), run.checkpoint("encoder"));
  EXPECT_TRUE(same(other.encoder().named_tensors(), method.encoder().named_tensors()));
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
  expect_refused({.epochs = 0}, "trainer: epochs must be >= 1, got 0");
  expect_refused({.epochs = -3}, "trainer: epochs must be >= 1, got -3");
  expect_refused({.lr = -0.1}, "trainer: lr must be >= 0, got -0.1");
  expect_refused({.lr = std::nan("")}, "trainer: lr must be >= 0, got nan");
  expect_refused({.weight_decay = -1}, "trainer: weight_decay must be >= 0, got -1");
  expect_refused({.momentum = 1}, "sgd: momentum must lie in [0, 1), got 1");
  expect_refused({.warmup_steps = -1}, "trainer: warmup_steps must be >= 0, got -1");
  expect_refused({.log_every = 0}, "trainer: log_every must be >= 1, got 0");
}

}  // namespace
}  // namespace akin::train
