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
  std::string data = "fashion-mnist",
              data_folder = {};  ///< see data::table(); folder empty: where its package installs it
  std::string method = "simclr", encoder = "convnet";
  std::string recipe = {};  ///< of the views; empty: "demo" for grey pictures, else the method's own
  std::int64_t epochs = 6, batch_size = 256;
  std::string optimizer = "sgd";                            ///< see optimizers()
  bool nesterov = false;                                    ///< of sgd
  std::optional<double> lr = {}, weight_decay = {};         ///< if not given, those of the method or of the optimizer
  std::vector<std::pair<std::string, double>> params = {};  ///< of the method, by name
  std::int64_t limit = 0;                                   ///< use only the first so many training images; 0 uses all
  std::int64_t holdout = 0;  ///< evaluate on so many held-out training images instead of the test set
  std::uint64_t seed = 0;
  int workers = 1;       ///< threads that make views ahead of the training
  bool evaluate = true;  ///< kNN and linear probe at the end, with the two baselines
  bool anomaly = false;  ///< check every op for NaN and infinity: slow
  Device device = Device::cpu;
};

}  // namespace akin::inline AKIN_ABI::train
