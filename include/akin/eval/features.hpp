// Features: what a frozen encoder makes of a data set, and the checks that all measurements on features share.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "../autograd/grad_mode.hpp"
#include "../core/parallel.hpp"
#include "../data/dataset.hpp"
#include "../nn/module.hpp"

namespace akin::inline AKIN_ABI::eval {

/// One row per image.
struct Features {
  Array x;       ///< [N, D] f32
  Array labels;  ///< [N] i64; -1 where there is none
};

namespace detail {

/// The first row that holds a NaN or an infinity; the number of rows if all values are finite.
AKIN_LAZY std::int64_t first_bad_row(const Array& x) {
  const std::int64_t rows = x.dim(0), cols = x.dim(1);
  return on_float(x.dtype(), "features", [&]<class T>() {
    const T* p = x.data<T>();
    const auto scan = [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        for (std::int64_t j = 0; j < cols; ++j)
          if (!std::isfinite(static_cast<compute_t<T>>(p[i * cols + j]))) return i;
      return rows;
    };
    return parallel_reduce(rows, 256, rows, scan, [](std::int64_t a, std::int64_t b) { return std::min(a, b); });
  });
}

/// x, row-major, on the host, where all measurements are made. Errors: not [N, D] floating point with at least one value;
/// NaN or infinity in some row.
AKIN_LAZY Array checked_features(std::string_view op, std::string_view what, const Array& x) {
  check(x.defined(), op, what, " have no value");
  check_rank(op, cat(what, " [N, D]"), x, 2);
  check(is_floating(x.dtype()), op, what, " must be floating point, got ", x.dtype(), "; convert with cast()");
  check(x.size() > 0, op, what, " are empty: shape ", x.shape());
  const Array rows = ops::contiguous(x).to(Device::cpu);
  const std::int64_t bad = first_bad_row(rows);
  check(bad == x.dim(0), op, "row ", bad, " of the ", what, " holds a NaN or an infinity; did training diverge?");
  return rows;
}

/// The same in f32.
AKIN_LAZY Array checked_f32(std::string_view op, std::string_view what, const Array& x) {
  return ops::cast(checked_features(op, what, x), DType::f32);
}

/// Errors: not one i64 label >= 0 per row, below `classes` if that is given.
AKIN_LAZY Array checked_labels(std::string_view op, std::string_view what, const Features& f,
                               std::int64_t classes = -1) {
  check(f.labels.defined() && f.labels.dtype() == DType::i64, op, what, " need i64 labels");
  check_shape(op, cat("labels of the ", what), f.labels, {f.x.dim(0)});
  const Array labels = ops::contiguous(f.labels).to(Device::cpu);
  for (std::int64_t i = 0; i < labels.size(); ++i) {
    const std::int64_t label = labels.data<std::int64_t>()[i];
    check(label >= 0, op, "row ", i, " of the ", what, " has no label (", label, "); leave unlabelled images out");
    check(classes < 0 || label < classes, op, "label ", label, " of row ", i, " of the ", what, " is not in 0 ... ",
          classes - 1);
  }
  return labels;
}

/// The share of equal entries of two i64 arrays.
AKIN_LAZY double agreement(const Array& predicted, const Array& labels) {
  const auto *a = predicted.data<std::int64_t>(), *b = labels.data<std::int64_t>();
  std::int64_t hits = 0;
  for (std::int64_t i = 0; i < labels.size(); ++i) hits += a[i] == b[i];
  return static_cast<double>(hits) / static_cast<double>(labels.size());
}

/// While alive, a network is in evaluation mode. Afterwards every module has its own mode back: parts may be frozen.
template <class Lazy = void>
class EvalScope {
 public:
  explicit EvalScope(const nn::Module& network) : modules_(network.named_modules()) {
    for (const auto& each : modules_) was_training_.push_back(each.module.training());
    network.eval();
  }
  ~EvalScope() {
    // Parents come before their children, so a child's own mode is set last.
    for (std::size_t i = 0; i < modules_.size(); ++i) modules_[i].module.train(was_training_[i]);
  }
  EvalScope(const EvalScope&) = delete;
  EvalScope& operator=(const EvalScope&) = delete;

 private:
  std::vector<nn::NamedModule> modules_;
  std::vector<bool> was_training_;
};

}  // namespace detail

struct EmbedOptions {
  std::int64_t batch = 256;  ///< images per forward pass; the features do not depend on it
};

/// The features of all images of a data set, in order, on the host. The encoder runs on the device where it is, in
/// evaluation mode, and records no gradients; its own mode is restored.
/// encoder     [B, ...] -> [B, D]
/// preprocess  Array(const Array& images): turns images [B, H, W, C] u8 into what the encoder takes; nothing in it may be
///             random
/// Errors: the data set is empty; the encoder returns another shape, or a value that is not finite (says which image).
template <class Preprocess>
Features embed(const nn::Module& encoder, const data::Dataset& dataset, const Preprocess& preprocess,
               const EmbedOptions& options = {}) {
  const std::int64_t n = dataset.size();
  check(n > 0, "embed", "the data set ", dataset.name(), " has no images");
  check(options.batch > 0, "embed", "batch must be > 0, got ", options.batch);
  const detail::EvalScope evaluating(encoder);
  const NoGrad no_gradients;
  Features features{Array(), data::labels(dataset)};
  for (std::int64_t begin = 0; begin < n; begin += options.batch) {
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(std::min(options.batch, n - begin)));
    std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(begin));
    const auto rows = static_cast<std::int64_t>(indices.size());
    const Array images = data::take(dataset, std::move(indices)).images.to(encoder.device());
    const Array y = encoder(Tensor(preprocess(images))).value();
    check(y.rank() == 2 && y.dim(0) == rows && y.dim(1) > 0, "embed", "the encoder must return [", rows, ", D], got ",
          y.shape(), "; end it with a global pooling or Flatten");
    if (!features.x.defined()) features.x = Array::empty({n, y.dim(1)});
    check_shape("embed", "the encoder's output", y, {rows, features.x.dim(1)});
    const Array values = ops::contiguous(ops::cast(y, DType::f32)).to(Device::cpu);
    std::copy_n(values.data<float>(), values.size(), features.x.mut<float>() + begin * y.dim(1));
  }
  const std::int64_t bad = detail::first_bad_row(features.x);
  check(bad == n, "embed", "the features of image ", bad, " hold a NaN or an infinity; did training diverge?");
  return features;
}

/// The pixels themselves: x [N, H*W*C] in [0, 1]. The baseline that every encoder should beat. Errors: no images.
AKIN_LAZY Features raw_pixels(const data::Dataset& dataset) {
  check(dataset.size() > 0, "raw_pixels", "the data set ", dataset.name(), " has no images");
  const std::int64_t pixels = dataset.image_bytes();
  Features features{Array::empty({dataset.size(), pixels}), data::labels(dataset)};
  float* x = features.x.mut<float>();
  parallel_for(dataset.size(), 64, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint8_t> image(static_cast<std::size_t>(pixels));
    for (std::int64_t i = begin; i < end; ++i) {
      dataset.read(i, image.data());
      for (std::int64_t j = 0; j < pixels; ++j)
        x[i * pixels + j] = static_cast<float>(image[static_cast<std::size_t>(j)]) / 255;
    }
  });
  return features;
}

}  // namespace akin::inline AKIN_ABI::eval
