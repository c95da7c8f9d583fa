// What a pre-training run can be told.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../core/device.hpp"

namespace akin::inline AKIN_ABI::train {

struct PretrainOptions {
  std::string data = "fashion-mnist",  ///< a name in data::table(), or a folder of pictures, or a .npy file
      data_folder = {};                ///< of a named data set; empty: where its package or command puts it
  std::int64_t image_size = 0;         ///< side to which pictures from a folder are resized, or synthetic ones drawn;
                                       ///< 0: 64, or 32 of synthetic ones
  bool strict = false;                 ///< one picture that cannot be read is an error, not one in a hundred
  std::string cache = {};              ///< folder for the decoded pictures; empty: see data/image_folder.hpp
  std::string method = "simclr", encoder = "convnet";
  std::string init = {};    ///< weights that the encoder starts from, see io::load_torch; empty: drawn at random
  std::string recipe = {};  ///< of the views; empty: "demo" for grey pictures, else the method's own
  std::int64_t epochs = 6, batch_size = 256;
  std::string optimizer = "sgd";                            ///< see optimizers()
  bool nesterov = false;                                    ///< of sgd and lars
  std::optional<double> lr = {}, weight_decay = {};         ///< if not given, those of the method or of the optimizer
  std::int64_t accumulate = 1;                              ///< batches per step, each with negatives of its own
  double clip_norm = 0;                                     ///< longest gradient; 0 does not clip
  bool bf16 = false;                                        ///< products and convolutions in bf16, weights in f32
  bool gradient_checkpointing = false;                      ///< less memory, a third more time, the same bits
  std::int64_t save_every = 0;                              ///< steps between checkpoints; 0 saves after each epoch
  std::vector<std::pair<std::string, double>> params = {};  ///< of the method, by name
  std::int64_t limit = 0;                                   ///< use only the first so many training images; 0 uses all
  std::int64_t holdout = 0;  ///< evaluate on so many held-out training images instead of the test set
  std::uint64_t seed = 0;
  int workers = 1;       ///< threads that make views ahead of the training
  bool evaluate = true;  ///< kNN and linear probe at the end, with the two baselines
  bool anomaly = false;  ///< check every op for NaN and infinity: slow
  Device device = Device::cpu;
  bool cuda_graph = false;  ///< see TrainerOptions
};

}  // namespace akin::inline AKIN_ABI::train
