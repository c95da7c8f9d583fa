// Loader: batches in a fixed order, read and transformed ahead of time by a few threads.
//
// A batch is a pure function of (data set, seed, epoch, step), so neither the number of threads nor a resume in the
// middle of an epoch changes what is delivered.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "../core/owned.hpp"
#include "../core/upload_ahead.hpp"
#include "clock.hpp"
#include "dataset.hpp"
#include "device_images.hpp"
#include "permutation.hpp"
#include "prefetch.hpp"
#include "view_maker.hpp"

namespace akin::inline AKIN_ABI::data {

struct LoaderOptions {
  std::int64_t batch_size = 256;
  bool shuffle = true;     ///< a new order each epoch, a pure function of (seed, epoch)
  bool drop_last = true;   ///< leave out the last batch of an epoch when it is smaller
  std::uint64_t seed = 0;  ///< of the order
  int workers = 1;         ///< threads that read and transform ahead; 0 does it when the batch is asked for
  int prefetch = 3;        ///< batches in the making or waiting, at most
  /// Where views are made. On cuda workers only read: the images go to the device, and views are made there by the
  /// thread that takes the batch.
  Device device = Device::cpu;
  std::int64_t resident_bytes = std::int64_t{2} << 30;  ///< up to these, a data set stays on the device as a whole
};

struct Batch {
  Samples samples;           ///< raw images, on the loader's device, with the coordinates of their random draws
  Array labels;              ///< [N] i64, -1 where there is none
  std::vector<Array> views;  ///< what the loader's ViewMaker made of the samples; empty without one
  std::int64_t epoch = 0;
  std::int64_t step = 0;  ///< within the epoch
};

namespace detail {

/// What a loader knows; shared with its running epochs, so that they may outlive it.
struct LoaderState {
  DatasetPtr dataset;
  DeviceImages images;
  LoaderOptions options;
  ViewMaker make_views;
  std::int64_t steps = 0;         // per epoch
  std::atomic<double> waited{0};  // seconds
};

/// Makes batch after batch on one thread, but for the part of a device. Remembers the order of the epoch it is in.
class BatchMaker {
 public:
  AKIN_LAZY explicit BatchMaker(std::shared_ptr<const LoaderState> state) : state_(std::move(state)) {}

  /// Batch number `ticket`, counted from step 0 of epoch 0.
  AKIN_LAZY Batch operator()(std::int64_t ticket) {
    const Dataset& dataset = *state_->dataset;
    const LoaderOptions& options = state_->options;
    const std::int64_t epoch = ticket / state_->steps, step = ticket % state_->steps;
    if (epoch != epoch_) {
      order_ = options.shuffle ? permutation(options.seed, static_cast<std::uint32_t>(epoch), dataset.size())
                               : first_indices(dataset.size());
      epoch_ = epoch;
    }
    const auto begin = order_.begin() + step * options.batch_size;
    const auto end = begin + std::min(options.batch_size, order_.end() - begin);
    Batch batch;
    batch.samples = state_->images.holds_all() ? Samples{{}, static_cast<std::uint32_t>(epoch), {begin, end}}
                                               : take(dataset, {begin, end}, static_cast<std::uint32_t>(epoch));
    batch.labels = labels(dataset, batch.samples.indices);
    if (options.device == Device::cpu) batch.views = state_->make_views(batch.samples);
    batch.epoch = epoch;
    batch.step = step;
    return batch;
  }

 private:
  std::shared_ptr<const LoaderState> state_;
  std::int64_t epoch_ = -1;
  std::vector<std::uint32_t> order_;
};

/// What is left to do on a device, by the thread that takes the batch.
AKIN_LAZY Batch finished(const LoaderState& state, Batch batch) {
  if (state.images.device() == Device::cpu) return batch;
  batch.samples.images = state.images.of(batch.samples);
  batch.views = state.make_views(batch.samples);
  return batch;
}

}  // namespace detail

/// The batches of one or more epochs, once through: `for (const Batch& batch : loader.epoch(e))`. Leaving the loop
/// early ends the threads. What a worker throws is thrown here, when its batch is due.
class Batches {
 public:
  AKIN_LAZY Batches(std::shared_ptr<detail::LoaderState> state, std::int64_t first, std::int64_t end)
      : state_(std::move(state)), next_(first), end_(end), make_(state_) {
    const LoaderOptions& options = state_->options;
    if (options.workers == 0 || first == end) return;
    const auto maker = [this] { return detail::BatchMaker(state_); };
    ahead_ = make_owned<Prefetch<Batch>>(first, end, options.workers, options.prefetch, maker);
  }
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  class Iterator {
   public:
    explicit Iterator(Batches* batches) : batches_(batches) {}
    const Batch& operator*() const { return batches_->batch_; }
    const Batch* operator->() const { return &batches_->batch_; }
    AKIN_LAZY Iterator& operator++() { return batches_->advance(), *this; }
    bool operator==(std::default_sentinel_t) const { return batches_->done_; }

   private:
    Batches* batches_;
  };

  AKIN_LAZY Iterator begin() { return advance(), Iterator(this); }
  AKIN_LAZY std::default_sentinel_t end() const { return {}; }

  /// To be called when all that uses this batch is queued: the images of the next one go to a device while it works on
  /// these. Without workers they are read now. Nothing to do on the cpu, where all images are on the device, and until a
  /// worker has read them. Throws nothing: what fails is tried again when the batch is due.
  AKIN_LAZY void send_next() {
    if (read_ || next_ == end_ || !state_->images.copies_batches() || (ahead_ && !ahead_->ready())) return;
    const double before = steady_seconds();
    try {
      auto next = make_owned<Batch>();  // before read(): a worker gives a batch once
      *next = read();
      read_ = std::move(next);
      if (!uploads_) uploads_ = make_owned<UploadAhead>();
      uploads_->start(read_->samples.images);
    } catch (...) {
    }
    state_->waited += steady_seconds() - before;
  }

 private:
  AKIN_LAZY Batch read() { return ahead_ ? ahead_->next() : make_(next_); }
  /// The next batch, its images wherever they are.
  AKIN_LAZY Batch take_next() {
    if (!read_) return read();
    Batch batch = std::move(*read_);
    read_.reset();
    if (uploads_ && uploads_->on_its_way()) batch.samples.images = uploads_->finish();
    return batch;
  }

  AKIN_LAZY void advance() {
    batch_ = {};  // gives its memory back before the next is made
    done_ = next_ == end_;
    if (done_) return;
    const double before = steady_seconds();
    batch_ = detail::finished(*state_, take_next());
    ++next_;
    state_->waited += steady_seconds() - before;
  }

  std::shared_ptr<detail::LoaderState> state_;
  std::int64_t next_, end_;
  bool done_ = false;
  Batch batch_;
  Owned<Batch> read_;             // by send_next()
  Owned<UploadAhead> uploads_;    // of its images
  detail::BatchMaker make_;       // without workers
  Owned<Prefetch<Batch>> ahead_;  // with workers
};

/// Cuts a data set into batches. Copies share the data set and the clock of wait_seconds().
class Loader {
 public:
  /// Errors: no data set or an empty one; batch_size < 1; batch_size > size with drop_last; workers or prefetch out of
  /// range.
  AKIN_LAZY Loader(DatasetPtr dataset, const LoaderOptions& options = {}, ViewMaker make_views = {})
      : state_(std::make_shared<detail::LoaderState>()) {
    check(dataset != nullptr, "loader", "needs a data set, got none");
    const std::int64_t size = dataset->size(), batch = options.batch_size;
    check(size > 0, "loader", "the data set ", dataset->name(), " is empty");
    check(batch >= 1, "loader", "batch_size must be >= 1, got ", batch);
    check(batch <= size || !options.drop_last, "loader", "batch_size ", batch, " exceeds the ", size, " images of ",
          dataset->name(), ", so drop_last leaves no batch; use batch_size <= ", size, " or drop_last = false");
    check(0 <= options.workers && options.workers <= 256, "loader", "expected 0 ... 256 workers, got ",
          options.workers);
    check(1 <= options.prefetch && options.prefetch <= 1024, "loader",
          "expected a prefetch of 1 ... 1024 batches, got ", options.prefetch, "; workers = 0 turns it off");
    state_->steps = options.drop_last ? size / batch : (size - 1) / batch + 1;
    state_->images = DeviceImages(*dataset, options.device, options.resident_bytes);
    state_->dataset = std::move(dataset);
    state_->options = options;
    state_->make_views = std::move(make_views);
  }

  /// One batch, made now. Errors: no such epoch or step.
  AKIN_LAZY Batch batch(std::int64_t epoch, std::int64_t step) const {
    check_position(epoch, epoch + 1, step);
    check(step < steps_per_epoch(), "loader", "step ", step, " does not exist; an epoch has ", steps_per_epoch());
    return detail::finished(*state_, detail::BatchMaker(state_)(epoch * steps_per_epoch() + step));
  }

  /// The batches of one epoch, from `first_step` on. Errors: epoch outside 0 ... 2^24-1; no such step.
  AKIN_LAZY Batches epoch(std::int64_t epoch, std::int64_t first_step = 0) const {
    return epochs(epoch, epoch + 1, first_step);
  }

  /// The batches of epochs first ... end-1 without a pause between them: the next epoch is begun while the last batch
  /// of this one is in use. `first_step` counts in the first epoch.
  AKIN_LAZY Batches epochs(std::int64_t first, std::int64_t end, std::int64_t first_step = 0) const {
    check_position(first, end, first_step);
    const std::int64_t steps = steps_per_epoch();
    return Batches(state_, first * steps + first_step, end * steps);
  }

  AKIN_LAZY const Dataset& dataset() const { return *state_->dataset; }
  const LoaderOptions& options() const { return state_->options; }
  std::int64_t steps_per_epoch() const { return state_->steps; }

  /// Seconds that loops over batches have waited for data, all together.
  AKIN_LAZY double wait_seconds() const { return state_->waited; }

 private:
  AKIN_LAZY void check_position(std::int64_t first, std::int64_t end, std::int64_t step) const {
    check(0 <= first && first < end && end <= 1 << 24, "loader", "expected epochs in 0 ... 2^24-1, got ", first,
          " ... ", end - 1);
    check(0 <= step && step <= steps_per_epoch(), "loader", "step ", step, " does not exist; an epoch has ",
          steps_per_epoch());
  }

  std::shared_ptr<detail::LoaderState> state_;
};

}  // namespace akin::inline AKIN_ABI::data
