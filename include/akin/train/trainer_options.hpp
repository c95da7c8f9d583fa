// What a training loop can be told, and what it reports.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>

#include "../data/loader.hpp"

namespace akin::inline AKIN_ABI::train {

struct TrainerOptions {
  std::int64_t epochs = 6;
  std::string optimizer = "sgd";    ///< see optimizers()
  double lr = 0.12;                 ///< after warm-up; falls to 0 along a cosine
  double weight_decay = 5e-4;       ///< not on norms and biases
  double momentum = 0.9;            ///< of sgd and lars
  bool nesterov = false;            ///< of sgd and lars
  std::int64_t warmup_steps = 100;  ///< linear; in a Trainer at most a tenth of all steps
  std::int64_t accumulate = 1;      ///< batches per step; their mean loss is minimised, each has negatives of its own
  double clip_norm = 0;             ///< longest gradient, see optim::step_gate; 0 does not clip
  bool bf16 = false;                ///< see MixedPrecision
  bool gradient_checkpointing = false;  ///< of the encoder's stages: less memory, a third more time
  bool cuda_graph = false;              ///< a step as one launch, on cuda: the same bits, less work for the host
  std::int64_t save_every = 0;          ///< steps between checkpoints within an epoch; 0 saves after epochs alone
  /// Steps between rows of metrics and looks at the embeddings; the last step has its own.
  std::int64_t log_every = 10;
};

/// Where a run stands between two steps: with the tensors, all that it takes to go on.
struct TrainingPosition {
  std::int64_t epoch = 0, batch = 0;  ///< of the next batch
  std::int64_t step = 0;              ///< steps behind us, skipped ones included
  std::int64_t skipped = 0, skipped_in_a_row = 0;
  double epoch_loss = 0;           ///< sum over the batches of this epoch whose loss was finite
  std::int64_t epoch_batches = 0;  ///< their number
  double loss = 0;                 ///< mean over the last whole epoch
  double embedding_std = 0;        ///< at the last look
};

struct TrainerReport {
  std::int64_t steps = 0;
  std::int64_t skipped_steps = 0;  ///< their loss or gradient was not finite
  double seconds = 0;              ///< in the loop, without checkpoints; of a resumed run, since then
  double images_per_second = 0;
  double embedding_std = 0;  ///< of the last step's projections; 1/sqrt(D) is healthy, 0 collapsed
  double loss = 0;           ///< mean over the last epoch
  bool stopped = false;      ///< asked to, before the end
};

namespace detail {

AKIN_LAZY void check_options(const TrainerOptions& o) {
  check(o.epochs >= 1 && o.epochs <= 1 << 24, "trainer", "epochs must lie in 1 ... 2^24, got ", o.epochs);
  check(o.log_every >= 1, "trainer", "log_every must be >= 1, got ", o.log_every);
  check(o.warmup_steps >= 0, "trainer", "warmup_steps must be >= 0, got ", o.warmup_steps);
  check(o.accumulate >= 1, "trainer", "accumulate must be >= 1 batches, got ", o.accumulate);
  check(o.accumulate == 1 || !o.cuda_graph, "trainer", "a CUDA graph holds a step of one batch, and accumulate is ",
        o.accumulate, "; leave out one of the two");
  check(o.save_every >= 0, "trainer", "save_every must be >= 0 steps, got ", o.save_every);
  check(o.lr >= 0 && std::isfinite(o.lr), "trainer", "lr must be >= 0, got ", o.lr);
  check(o.clip_norm >= 0 && std::isfinite(o.clip_norm), "trainer", "clip_norm must be >= 0, got ", o.clip_norm);
  check(o.weight_decay >= 0 && std::isfinite(o.weight_decay), "trainer", "weight_decay must be >= 0, got ",
        o.weight_decay);
}

/// Of one epoch: the last one may have fewer batches than `accumulate`, so that epochs end with a step.
AKIN_LAZY std::int64_t steps_per_epoch(const TrainerOptions& o, const data::Loader& loader) {
  return (loader.steps_per_epoch() - 1) / o.accumulate + 1;
}

}  // namespace detail
}  // namespace akin::inline AKIN_ABI::train
