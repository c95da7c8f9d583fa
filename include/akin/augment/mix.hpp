// Mixup and CutMix: a batch is blended with a permutation of itself, pictures and labels alike.
//
// One lambda ~ Beta(alpha, alpha) and one permutation for a batch, as in the authors' code; both are functions of
// (seed, epoch, step) alone.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "../core/array.hpp"
#include "../core/parallel.hpp"
#include "../core/philox.hpp"
#include "../ops/elementwise.hpp"

namespace akin::inline AKIN_ABI::augment {

/// The logarithm of a draw from Gamma(shape, 1): it stays finite where the draw itself, at small shapes, is below what
/// a double can hold. Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; below shape 1 by
/// Gamma(a) = Gamma(a + 1) U^(1/a).
AKIN_LAZY double log_gamma_draw(double shape, Draws& draws) {
  if (shape < 1) {
    const double log_uniform = std::log(1 - draws.uniform());  // 1 - u is never 0
    return log_gamma_draw(shape + 1, draws) + log_uniform / shape;
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {  // at most one attempt in twenty fails
    const double x = draws.normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root, u = 1 - draws.uniform();
    if (std::log(u) < 0.5 * x * x + d * (1 - v + std::log(v))) return std::log(d * v);
  }
}

/// A draw from Beta(a, b), a, b > 0.
AKIN_LAZY double beta_draw(double a, double b, Draws& draws) {
  const double x = log_gamma_draw(a, draws), y = log_gamma_draw(b, draws);
  return 1 / (1 + std::exp(y - x));
}

struct MixOptions {
  double alpha = 1;  ///< > 0: near 0 hardly mixes, 1 makes every lambda equally likely
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;  ///< < 2^24
  std::uint32_t step = 0;   ///< of the batch within the epoch
};

/// A mixed batch, and how it came about.
struct Mixed {
  Array images, labels;                ///< [N, H, W, C] and [N, K], f32, on the host
  double lambda = 1;                   ///< the part of a picture that is its own
  std::vector<std::int64_t> partners;  ///< row i is mixed with row partners[i]
};

namespace detail {

AKIN_LAZY void check_mix(std::string_view op, const Array& images, const Array& labels, const MixOptions& o) {
  check(o.alpha > 0 && o.alpha < 1e6, op, "alpha must be > 0, got ", o.alpha);
  check(o.epoch < 1u << 24, op, "epoch must be < 2^24, got ", o.epoch);
  for (const Array* a : {&images, &labels})
    check(a->defined() && a->dtype() == DType::f32 && a->device() == Device::cpu && a->is_contiguous(), op,
          "images and labels must be contiguous f32 on the cpu; labels as ops::one_hot makes them");
  check(images.rank() == 4 && labels.rank() == 2 && images.dim(0) == labels.dim(0), op,
        "needs images [N, H, W, C] and labels [N, K], got ", images.shape(), " and ", labels.shape());
}

/// A uniform permutation: Fisher-Yates.
AKIN_LAZY std::vector<std::int64_t> random_partners(std::int64_t n, Draws& draws) {
  std::vector<std::int64_t> partners(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < partners.size(); ++i) partners[i] = static_cast<std::int64_t>(i);
  for (std::size_t i = partners.size(); i > 1; --i)
    std::swap(partners[i - 1], partners[draws.below(static_cast<std::uint32_t>(i))]);
  return partners;
}

/// Row i: lambda x[i] + (1 - lambda) x[partners[i]].
AKIN_LAZY Array blended(const Array& x, double lambda, const std::vector<std::int64_t>& partners) {
  const std::int64_t n = x.dim(0), row = n > 0 ? x.size() / n : 0;
  const auto own = static_cast<float>(lambda), other = static_cast<float>(1 - lambda);
  Array out = Array::empty(x.shape(), DType::f32);
  const float* from = x.data<float>();
  float* to = out.mut<float>();
  parallel_for(n, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* a = from + i * row;
      const float* b = from + partners[static_cast<std::size_t>(i)] * row;
      for (std::int64_t j = 0; j < row; ++j) to[i * row + j] = own * a[j] + other * b[j];
    }
  });
  return out;
}

/// A box about a random pixel, clipped at the borders.
struct MixBox {
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;
};

/// Sides are sqrt(1 - lambda) of the image's, rounded down.
AKIN_LAZY MixBox random_mix_box(std::int64_t height, std::int64_t width, double lambda, Draws& draws) {
  const double part = std::sqrt(1 - lambda);
  const auto rows = static_cast<std::int64_t>(part * static_cast<double>(height));
  const auto columns = static_cast<std::int64_t>(part * static_cast<double>(width));
  const std::int64_t y = draws.below(static_cast<std::uint32_t>(height));
  const std::int64_t x = draws.below(static_cast<std::uint32_t>(width));
  return {.top = std::max<std::int64_t>(0, y - rows / 2),
          .bottom = std::min(height, y + rows / 2),
          .left = std::max<std::int64_t>(0, x - columns / 2),
          .right = std::min(width, x + columns / 2)};
}

}  // namespace detail

/// Mixup: pictures and labels are lambda x + (1 - lambda) x of a partner. Zhang et al., arXiv:1710.09412, section 2.
/// images  [N, H, W, C] f32, contiguous, on the host
/// labels  [N, K] f32, one-hot (ops::one_hot) or soft; likewise
/// throws  Error if they are not that, or alpha <= 0
AKIN_LAZY Mixed mixup(const Array& images, const Array& labels, const MixOptions& o = {}) {
  detail::check_mix("mixup", images, labels, o);
  Draws draws(o.seed, {.index = o.step, .epoch = o.epoch, .stream = stream_of("mixup")});
  Mixed mixed;
  mixed.lambda = beta_draw(o.alpha, o.alpha, draws);
  mixed.partners = detail::random_partners(images.dim(0), draws);
  mixed.images = detail::blended(images, mixed.lambda, mixed.partners);
  mixed.labels = detail::blended(labels, mixed.lambda, mixed.partners);
  return mixed;
}

/// CutMix: a box of the partner is pasted into every picture, at the same place, and labels are mixed by area. Yun et
/// al., arXiv:1905.04899, section 3.1; the box is that of the authors' code, which clips it at the borders and then
/// corrects lambda to the part that is left: lambda = 1 - box / image.
/// Arguments and errors as those of mixup.
AKIN_LAZY Mixed cutmix(const Array& images, const Array& labels, const MixOptions& o = {}) {
  detail::check_mix("cutmix", images, labels, o);
  const std::int64_t height = images.dim(1), width = images.dim(2), channels = images.dim(3);
  Draws draws(o.seed, {.index = o.step, .epoch = o.epoch, .stream = stream_of("cutmix")});
  Mixed mixed;
  const double drawn = beta_draw(o.alpha, o.alpha, draws);
  mixed.partners = detail::random_partners(images.dim(0), draws);
  mixed.images = ops::clone(images);
  if (images.size() > 0) {
    const detail::MixBox box = detail::random_mix_box(height, width, drawn, draws);
    const std::int64_t row = width * channels, run = (box.right - box.left) * channels;
    const float* from = images.data<float>();
    float* to = mixed.images.mut<float>();
    for (std::size_t i = 0; i < mixed.partners.size(); ++i)
      for (std::int64_t y = box.top; y < box.bottom; ++y) {
        const std::int64_t offset = y * row + box.left * channels;
        std::copy_n(from + mixed.partners[i] * height * row + offset, run,
                    to + static_cast<std::int64_t>(i) * height * row + offset);
      }
    mixed.lambda =
        1 - static_cast<double>((box.bottom - box.top) * (box.right - box.left)) / static_cast<double>(height * width);
  }
  mixed.labels = detail::blended(labels, mixed.lambda, mixed.partners);
  return mixed;
}

}  // namespace akin::inline AKIN_ABI::augment
