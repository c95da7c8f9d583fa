// Projectors and predictors: small multi-layer perceptrons on top of an encoder.
#pragma once
#include "../activation.hpp"
#include "../batch_norm.hpp"
#include "../linear.hpp"
#include "../sequential.hpp"

namespace akin::inline AKIN_ABI::nn {

/// What follows the last linear layer of a head.
enum class LastNorm {
  none,
  batch_norm,        ///< with scale and shift
  batch_norm_scale,  ///< with scale, without shift: SimCLR's released code
  batch_norm_plain,  ///< without both: SimSiam's projector, MoCo v3
};

struct MlpOptions {
  std::vector<std::int64_t> widths = {};  ///< {in, hidden ..., out}: at least two
  bool hidden_norm = true;                ///< batch norm before each hidden ReLU
  LastNorm last_norm = LastNorm::none;
  bool last_bias = true;
  std::uint64_t seed = 0;
};

/// [N, widths.front()] -> [N, widths.back()]: (linear, batch norm, ReLU) for each hidden width, then linear.
/// A linear layer before a batch norm has no bias: the norm would remove it.
AKIN_LAZY Module mlp(const MlpOptions& options) {
  const auto& widths = options.widths;
  check(widths.size() >= 2, "mlp", "needs at least {in, out}, got ", widths.size(), " widths");
  std::vector<Module> layers;
  for (std::size_t i = 0; i + 2 < widths.size(); ++i) {
    layers.push_back(Linear({.in = widths[i], .out = widths[i + 1], .bias = !options.hidden_norm}));
    if (options.hidden_norm)
      layers.push_back(BatchNorm({.features = widths[i + 1], .relu = true}));
    else
      layers.push_back(Relu{});
  }
  const std::int64_t in = widths[widths.size() - 2], out = widths.back();
  layers.push_back(Linear({.in = in, .out = out, .bias = options.last_bias && options.last_norm == LastNorm::none}));
  if (options.last_norm != LastNorm::none)
    layers.push_back(BatchNorm({.features = out,
                                .affine = options.last_norm != LastNorm::batch_norm_plain,
                                .shift = options.last_norm != LastNorm::batch_norm_scale}));
  const Module model = Sequential(std::move(layers));
  model.initialize(options.seed);
  return model;
}

}  // namespace akin::inline AKIN_ABI::nn
