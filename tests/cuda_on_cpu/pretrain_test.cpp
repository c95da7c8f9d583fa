// Data, training and evaluation on the device: what `pretrain --device cuda` does.
#include <akin/akin.hpp>

#include "support/folder.hpp"
#include "support/small_data.hpp"
#include "support/test.hpp"
#include "twins.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/faults.hpp"
#include "emulator/memory.hpp"
#endif

namespace akin_test {
namespace {

constexpr std::int64_t small_batch = 16, small_side = 8;

data::Loader small_loader(const data::DatasetPtr& dataset, Device device, std::int64_t resident_bytes, int workers) {
  return data::Loader(
      dataset,
      {.batch_size = small_batch, .seed = 3, .workers = workers, .device = device, .resident_bytes = resident_bytes},
      augment::two_views(augment::simclr({.size = small_side}), {.seed = 5}));
}

data::DatasetPtr colour_shapes() { return data::synthetic({.size = 12, .count = 40}); }

void expect_near(const Array& device, const Array& host, double tolerance) {
  ASSERT_EQ(device.shape(), host.shape());
  const Array back = device.to(Device::cpu);
  for (std::int64_t i = 0; i < host.size(); ++i)
    ASSERT_NEAR(back.data<float>()[i], host.data<float>()[i], tolerance) << "value " << i;
}

TEST(CudaLoader, MakesTheViewsOfTheHostWhereverTheImagesStay) {
  const auto dataset = colour_shapes();
  const auto here = small_loader(dataset, Device::cpu, 0, 0).batch(1, 1);
  for (const std::int64_t resident : {std::int64_t{0}, dataset->size() * dataset->image_bytes()})
    for (const int workers : {0, 2}) {
      const auto loader = small_loader(dataset, Device::cuda, resident, workers);
      data::Batches batches = loader.epoch(1, 1);
      const auto there = batches.begin();
      EXPECT_EQ(there->samples.indices, here.samples.indices);
      EXPECT_EQ(there->samples.images.device(), Device::cuda);
      ASSERT_EQ(there->views.size(), 2u);
      for (std::size_t v = 0; v < 2; ++v) {
        EXPECT_EQ(there->views[v].device(), Device::cuda);
        expect_near(there->views[v], here.views[v], 2e-5);
      }
    }
}

TEST(CudaLoader, SendsTheNextBatchAheadAndChangesNothing) {
  const auto dataset = colour_shapes();
  for (const int workers : {0, 2}) {
    const auto loader = small_loader(dataset, Device::cuda, 0, workers);
    data::Batches ahead = loader.epochs(0, 3);
    std::int64_t count = 0;
    for (const data::Batch& batch : ahead) {
      ahead.send_next();
      const data::Batch alone = loader.batch(batch.epoch, batch.step);
      EXPECT_EQ(batch.samples.indices, alone.samples.indices);
      for (std::size_t v = 0; v < 2; ++v) expect_near(batch.views[v], alone.views[v].to(Device::cpu), 0);
      ahead.send_next();  // that is done
      ++count;
    }
    EXPECT_EQ(count, 3 * loader.steps_per_epoch());
  }
}

/// Grey images of one pixel, of which one cannot be read.
class OneUnreadable final : public data::Dataset {
 public:
  explicit OneUnreadable(std::int64_t bad)
      : Dataset({.name = "one_unreadable", .size = 48, .height = 1, .width = 1, .channels = 1}), bad_(bad) {}

 private:
  void read_image(std::int64_t index, std::uint8_t* pixels) const override {
    check(index != bad_, name(), "image ", index, " is torn");
    *pixels = static_cast<std::uint8_t>(index);
  }
  std::int64_t read_label(std::int64_t) const override { return -1; }

  std::int64_t bad_;
};

TEST(CudaLoader, WhatCannotBeReadIsAnErrorWhenItsBatchIsDue) {
  for (const int workers : {0, 2}) {
    const data::Loader loader(
        std::make_shared<OneUnreadable>(20),
        {.batch_size = small_batch, .shuffle = false, .workers = workers, .device = Device::cuda, .resident_bytes = 0});
    data::Batches batches = loader.epoch(0);
    auto batch = batches.begin();
    for (int i = 0; i < 100; ++i) batches.send_next();  // the worker may not have been there yet
    EXPECT_EQ(batch->step, 0);
    expect_error([&] { ++batch; }, "image 20 is torn");
  }
}

#if defined(AKIN_EMULATOR)
/// Blocks of device memory left by a run that ended in an Error at its third batch, while its Trainer is alive.
std::size_t blocks_after_a_failed_run(bool graph) {
  data::Loader loader(
      std::make_shared<OneUnreadable>(40),
      {.batch_size = small_batch, .shuffle = false, .workers = 0, .device = Device::cuda, .resident_bytes = 0},
      augment::two_views(augment::plain({})));
  methods::SimClr method(nn::Sequential(nn::Conv2d({.in = 1, .out = 4, .kernel = 1}), nn::GlobalAveragePool()),
                         {.features = 4, .hidden = 4, .out = 2});
  method.to(Device::cuda);
  train::Trainer trainer(method, loader, {.epochs = 1, .cuda_graph = graph});
  train::Progress silent(stdout, {.quiet = true});
  expect_error([&] { trainer.run(silent); }, "image 40 is torn");
  EXPECT_EQ(trainer.position().step, 2);
  synchronize_cuda("test");
  return emulator::heap.live_blocks;
}

TEST(CudaTrainer, ARunThatFailsGivesTheMemoryOfItsGraphBack) {
  EXPECT_EQ(blocks_after_a_failed_run(true), blocks_after_a_failed_run(false));
}

TEST(CudaLoader, ABatchThatCouldNotBeSentAheadIsSentWhenItIsDue) {
  const auto loader = small_loader(colour_shapes(), Device::cuda, 0, 0);
  const Array expected = loader.batch(1, 0).views[1].to(Device::cpu);
  synchronize_cuda("test");
  const auto before = emulator::heap.live_blocks;
  bool struck = true;
  std::uint64_t n = 0;
  while (struck) {
    data::Batches batches = loader.epochs(0, 2);
    auto batch = batches.begin();
    batches.send_next(), ++batch;
    emulator::faults.fail_at = emulator::faults.calls + ++n;
    batches.send_next();
    struck = !emulator::faults.struck.empty();
    emulator::faults = {};
    ++batch;
    EXPECT_EQ(batch->epoch, 1);
    expect_near(batch->views[1], expected, 0);
  }
  EXPECT_GT(n, 2u);
  synchronize_cuda("test");
  EXPECT_EQ(emulator::heap.live_blocks, before);
}
#endif

TEST(CudaEmbed, GivesTheFeaturesOfTheHost) {
  const nn::Module encoder = nn::convnet({.channels = 3, .widths = {4, 8}, .seed = 1});
  const auto pipeline = augment::plain({});
  const auto preprocess = [&](const Array& images) { return pipeline.apply(images); };
  const auto here = eval::embed(encoder, *colour_shapes(), preprocess, {.batch = 16});
  encoder.to(Device::cuda);
  EXPECT_EQ(encoder.device(), Device::cuda);
  const auto there = eval::embed(encoder, *colour_shapes(), preprocess, {.batch = 16});
  EXPECT_EQ(there.x.device(), Device::cpu);
  expect_near(there.x, here.x, 1e-5);
  EXPECT_NEAR(eval::rankme(there.x.to(Device::cuda)), eval::rankme(here.x), 1e-3);
  EXPECT_NEAR(eval::embedding_std(there.x.to(Device::cuda)), eval::embedding_std(here.x), 1e-5);
}

train::PretrainOptions small_run(const akin::test::SmallData& files, Device device) {
  return {.data = "fashion-mnist",
          .data_folder = files.path(),
          .encoder = "convnet",
          .epochs = 2,
          .batch_size = 16,
          .optimizer = "lars",
          .workers = 1,
          .device = device};
}

bool stop_after_a_step() { return true; }

/// The bytes of the last checkpoint: networks, optimizer, position.
std::string trained_bytes(const train::PretrainOptions& options, const std::string& path, bool in_pieces) {
  bool done = false;
  for (int sessions = 0; !done && sessions < 9; ++sessions) {
    train::RunFolder folder(path, sessions == 0 ? train::IfExists::refuse : train::IfExists::resume);
    train::Pretrain pretrain(options);
    pretrain.resume(folder, [](const std::string&) {});
    train::Progress silent(stdout, {.quiet = true});
    done = pretrain.train(silent, &folder, in_pieces ? stop_after_a_step : nullptr);
  }
  EXPECT_TRUE(done);
  return io::read_file(path + "/checkpoints/last.safetensors");
}

TEST(CudaPretrain, ResumesBitForBitAndSoWithAGraph) {
  const akin::test::SmallData files({32, small_side, small_side}, {24, small_side, small_side});
  const akin::test::Folder folder;
  auto options = small_run(files, Device::cuda);
  const std::string pieces = trained_bytes(options, folder / "pieces", true);
  options.cuda_graph = true;
  EXPECT_EQ(pieces, trained_bytes(options, folder / "whole", false));
}

TEST(CudaPretrain, RefusesToLookAtEveryOpOfAGraph) {
  const akin::test::SmallData files({32, small_side, small_side}, {24, small_side, small_side});
  auto options = small_run(files, Device::cuda);
  options.cuda_graph = options.anomaly = true;
  expect_error([&] { train::Pretrain pretrain(options); },
               "pretrain: --anomaly looks at every op, which --cuda-graph repeats unseen; leave out one of the two");
}

TEST(CudaPretrain, TrainsAndEvaluatesAsTheHostDoes) {
  const akin::test::SmallData files({32, small_side, small_side}, {24, small_side, small_side});
  std::vector<train::PretrainResult> results;
  for (const Device device : {Device::cpu, Device::cuda}) {
    train::Pretrain pretrain(small_run(files, device));
    train::Progress silent(stdout, {.quiet = true});
    EXPECT_TRUE(pretrain.train(silent));
    EXPECT_EQ(pretrain.method().encoder().device(), device);
    pretrain.evaluate([](const char*) {});
    results.push_back(pretrain.result());
  }
  const auto &here = results[0], &there = results[1];
  EXPECT_NEAR(there.loss, here.loss, 1e-3);
  EXPECT_NEAR(there.embedding_std, here.embedding_std, 1e-3);
  EXPECT_NEAR(there.rankme, here.rankme, 1e-2);
  EXPECT_NEAR(there.knn, here.knn, 0.05);  // an image or two between two classes
  EXPECT_NEAR(there.knn_untrained, here.knn_untrained, 0.05);
}

}  // namespace
}  // namespace akin_test
