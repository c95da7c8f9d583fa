#include <akin/data/loader.hpp>
#include <akin/data/synthetic.hpp>
#include <set>

#include "support/numbered.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

/// n images of one pixel; image i shows and is labelled i.
using test::numbered;

/// Everything that a batch says, as text.
std::string told(const Batch& batch) {
  std::string text = cat(batch.epoch, '/', batch.step, " epoch ", batch.samples.epoch, ':');
  for (std::size_t i = 0; i < batch.samples.indices.size(); ++i) {
    const auto index = batch.samples.indices[i];
    const auto at_i = static_cast<std::int64_t>(i);
    EXPECT_EQ(at(batch.samples.images, at_i), index % 256);
    EXPECT_EQ(at(batch.labels, at_i), index);
    text += cat(' ', index);
  }
  for (const auto& view : batch.views) text += cat(" | ", view.shape(), at(view, 0));
  return text + '\n';
}
std::string told(Batches&& batches) {
  std::string text;
  for (const Batch& batch : batches) text += told(batch);
  return text;
}

/// Two views, each the images plus the view's number.
std::vector<Array> add_view_number(const Samples& samples) {
  std::vector<Array> views;
  for (int view = 0; view < 2; ++view) {
    Array a = Array::empty(samples.images.shape(), DType::u8);
    for (std::int64_t i = 0; i < a.size(); ++i)
      a.mut<std::uint8_t>()[i] = static_cast<std::uint8_t>(samples.images.data<std::uint8_t>()[i] + view);
    views.push_back(a);
  }
  return views;
}

TEST(Loader, DeliversInOrderWithoutShuffle) {
  const Loader loader(numbered(7), {.batch_size = 3, .shuffle = false, .drop_last = false});
  EXPECT_EQ(loader.steps_per_epoch(), 3);
  EXPECT_EQ(told(loader.epoch(2)), "2/0 epoch 2: 0 1 2\n2/1 epoch 2: 3 4 5\n2/2 epoch 2: 6\n");
}

TEST(Loader, DropsTheLastSmallerBatch) {
  const Loader loader(numbered(7), {.batch_size = 3, .shuffle = false});
  EXPECT_EQ(loader.steps_per_epoch(), 2);
  EXPECT_EQ(told(loader.epoch(0)), "0/0 epoch 0: 0 1 2\n0/1 epoch 0: 3 4 5\n");
}

TEST(Loader, DeliversEachImageOncePerEpochInANewOrder) {
  const Loader loader(numbered(33), {.batch_size = 7, .drop_last = false, .seed = 4});
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::uint32_t> seen;
    for (const Batch& batch : loader.epoch(epoch))
      seen.insert(seen.end(), batch.samples.indices.begin(), batch.samples.indices.end());
    EXPECT_EQ(seen, permutation(4, static_cast<std::uint32_t>(epoch), 33));
  }
}

TEST(Loader, DeliversTheSameWithAnyWorkersAndPrefetch) {
  const auto with = [](int workers, int prefetch) {
    const LoaderOptions options = {
        .batch_size = 8, .drop_last = false, .seed = 1, .workers = workers, .prefetch = prefetch};
    return told(Loader(numbered(257), options, add_view_number).epochs(0, 2));
  };
  const std::string expected = with(0, 1);
  EXPECT_NE(expected.find(" | [8, 1, 1, 1]"), std::string::npos);
  for (const int workers : {1, 2, 4})
    for (const int prefetch : {1, 3, 8}) EXPECT_EQ(with(workers, prefetch), expected);
}

TEST(Loader, ResumesInTheMiddleOfAnEpoch) {
  const Loader loader(numbered(33), {.batch_size = 4, .seed = 9});
  const std::string whole = told(loader.epochs(1, 3));
  const std::string rest = told(loader.epochs(1, 3, 5));
  EXPECT_EQ(rest, whole.substr(whole.find("1/5")));
  EXPECT_EQ(told(loader.epoch(1, 8)), "");
}

TEST(Loader, OneBatchIsThatOfItsEpoch) {
  const Loader loader(numbered(33), {.batch_size = 8, .seed = 2, .workers = 3}, add_view_number);
  std::string text;
  for (std::int64_t step = 0; step < 4; ++step) text += told(loader.batch(5, step));
  EXPECT_EQ(text, told(loader.epoch(5)));
  expect_error([&] { loader.batch(0, 4); }, "step 4 does not exist; an epoch has 4");
  expect_error([&] { loader.batch(-1, 0); }, "expected epochs in 0 ... 2^24-1");
}

TEST(Loader, RunsAcrossEpochs) {
  const Loader loader(numbered(12), {.batch_size = 4, .workers = 2});
  EXPECT_EQ(told(loader.epochs(0, 3)), told(loader.epoch(0)) + told(loader.epoch(1)) + told(loader.epoch(2)));
}

TEST(Loader, ReadsRenderedImagesFromSeveralThreads) {
  const auto images = synthetic({.size = 8, .count = 64});
  const Array expected = take(*images, first_indices(64)).images;
  std::int64_t delivered = 0;
  for (const Batch& batch : Loader(images, {.batch_size = 16, .shuffle = false, .workers = 3}).epoch(0)) {
    const Array part = expected.slice(0, delivered, delivered + 16);
    expect_close(batch.samples.images, part, tol::exact);
    delivered += 16;
  }
  EXPECT_EQ(delivered, 64);
}

TEST(Loader, ThrowsWhatATransformThrowsWhenItsBatchIsDue) {
  const auto fail_at_two = [](const Samples& samples) {
    check(samples.indices[0] != 4, "transform", "broken on image 4");
    return std::vector<Array>{};
  };
  for (const int workers : {0, 1, 3}) {
    const Loader loader(numbered(40), {.batch_size = 2, .shuffle = false, .workers = workers}, fail_at_two);
    int delivered = 0;
    expect_error(
        [&] {
          for (const Batch& batch : loader.epoch(0)) delivered += batch.views.empty();
        },
        "broken on image 4");
    EXPECT_EQ(delivered, 2);
  }
}

TEST(Loader, StopsWhenTheLoopIsLeftEarly) {
  trim_memory();
  const auto before = memory_stats().in_use;
  for (const int workers : {0, 1, 3})
    for (int leave_at = 0; leave_at < 4; ++leave_at)
      for (const Batch& batch : Loader(numbered(200), {.batch_size = 2, .workers = workers}, add_view_number).epoch(0))
        if (batch.step == leave_at) break;
  EXPECT_EQ(memory_stats().in_use, before);
}

TEST(Loader, EpochsOutliveTheirLoader) {
  auto loader = std::make_unique<Loader>(numbered(8), LoaderOptions{.batch_size = 2, .shuffle = false});
  Batches batches = loader->epoch(0);
  loader.reset();
  EXPECT_EQ(told(std::move(batches)).substr(0, 17), "0/0 epoch 0: 0 1\n");
}

TEST(Loader, CountsTheTimeSpentWaiting) {
  const auto sleep = [](const Samples&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return std::vector<Array>{};
  };
  const Loader loader(numbered(4), {.batch_size = 2, .workers = 0}, sleep);
  EXPECT_EQ(loader.wait_seconds(), 0);
  told(loader.epoch(0));
  EXPECT_GE(loader.wait_seconds(), 0.004);
}

TEST(Loader, RejectsOptionsThatLeaveNoBatch) {
  const auto make = [](DatasetPtr d, const LoaderOptions& o) { return Loader(std::move(d), o); };
  expect_error([&] { make(nullptr, {}); }, "loader: needs a data set");
  expect_error([&] { make(numbered(0), {}); }, "the data set numbered is empty");
  expect_error([&] { make(numbered(3), {.batch_size = 0}); }, "batch_size must be >= 1, got 0");
  expect_error([&] { make(numbered(3), {.batch_size = 4}); }, "use batch_size <= 3 or drop_last = false");
  expect_error([&] { make(numbered(3), {.batch_size = 1, .workers = -1}); }, "0 ... 256 workers, got -1");
  expect_error([&] { make(numbered(3), {.batch_size = 1, .prefetch = 0}); }, "prefetch of 1 ... 1024 batches, got 0");
  EXPECT_EQ(make(numbered(3), {.batch_size = INT64_MAX, .drop_last = false}).steps_per_epoch(), 1);
}

TEST(Loader, RejectsEpochsAndStepsThatDoNotExist) {
  const Loader loader(numbered(6), {.batch_size = 2});
  expect_error([&] { loader.epoch(-1); }, "epochs in 0 ... 2^24-1, got -1");
  expect_error([&] { loader.epoch(1 << 24); }, "epochs in 0 ... 2^24-1");
  expect_error([&] { loader.epoch(0, 4); }, "step 4 does not exist; an epoch has 3");
  expect_error([&] { loader.epochs(2, 2); }, "got 2 ... 1");
}

}  // namespace
}  // namespace akin::data
