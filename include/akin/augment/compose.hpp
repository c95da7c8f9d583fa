// Pipelines of transforms, and the several views that contrastive methods take of one image.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "../core/array.hpp"
#include "../core/samples.hpp"
#include "transform.hpp"

namespace akin::inline AKIN_ABI::augment {

/// Transforms in order: augment::Pipeline({ResizedCrop{.size = 28}, HorizontalFlip{}, Normalize{}}).
///
/// Every transform draws from a stream of its own, so adding one leaves the crops and flips of the others as they were.
/// Without a crop the images keep their size; without Normalize the values stay in [0, 1].
class Pipeline {
 public:
  /// Errors: options out of range; more transforms than a plan can hold.
  AKIN_LAZY explicit Pipeline(std::vector<Transform> transforms) : transforms_(std::move(transforms)) {
    check(transforms_.size() <= kernels::max_augment_steps, "pipeline", "at most ", kernels::max_augment_steps,
          " transforms are supported, got ", transforms_.size());
    for (std::size_t i = 0; i < transforms_.size(); ++i) {
      transforms_[i]->check_options();
      streams_.push_back(stream_at(i));
    }
  }

  const std::vector<Transform>& transforms() const { return transforms_; }

  /// What happens to one image of that size: a function of (seed, index, epoch, view) alone. where.stream is ignored.
  AKIN_LAZY kernels::AugmentPlan plan(const ImageSize& size, std::uint64_t seed, Draws::Where where) const {
    kernels::AugmentPlan plan;
    plan.size = size;
    for (std::size_t i = 0; i < transforms_.size(); ++i) {
      where.stream = streams_[i];
      transforms_[i]->add_step(plan, Draws(seed, where));
    }
    return plan;
  }

  /// samples  images [N, H, W, C] u8, C = 1 or 3, N > 0
  /// view     0 ... 255; other views get other random numbers
  /// returns  [N, S, S, C] f32 after a crop to size S, else [N, H, W, C]
  /// throws   Error if the samples are not that, a transform refuses them, or only some images are cropped
  AKIN_LAZY Array apply(const Samples& samples, std::uint64_t seed, int view = 0) const {
    check_samples(samples, view);
    const Array& images = samples.images;
    const std::int64_t n = images.dim(0);
    const ImageSize size{images.dim(1), images.dim(2), images.dim(3)};
    std::vector<kernels::AugmentPlan> plans(static_cast<std::size_t>(n));
    parallel_for(n, 32, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
        plans[i] =
            plan(size, seed,
                 {.index = samples.indices[i], .epoch = samples.epoch, .view = static_cast<std::uint32_t>(view)});
    });
    const ImageSize out_size = common_size(plans, samples.indices);
    Array out = Array::empty({n, out_size.height, out_size.width, out_size.channels}, DType::f32, images.device());
    on(images.device(), [&](auto queue) {
      kernels::augment(queue, n, size, images.data<std::uint8_t>(), plans.data(), out_size, out.mut<float>());
    });
    return out;
  }

  /// For pipelines in which nothing is random, such as plain(): images [N, H, W, C] u8. Where something is random, all
  /// images get the same draws.
  AKIN_LAZY Array apply(const Array& images) const {
    const std::int64_t n = images.rank() > 0 ? images.dim(0) : 0;
    return apply({images, 0, std::vector<std::uint32_t>(static_cast<std::size_t>(n))}, 0);
  }

 private:
  /// The size at which every plan ends.
  AKIN_LAZY static ImageSize common_size(const std::vector<kernels::AugmentPlan>& plans,
                                         const std::vector<std::uint32_t>& indices) {
    const ImageSize& first = plans[0].size;
    for (std::size_t i = 1; i < plans.size(); ++i)
      check(plans[i].size == first, "augment", "image ", indices[i], " ends with ", plans[i].size.height, " x ",
            plans[i].size.width, " pixels, but image ", indices[0], " with ", first.height, " x ", first.width,
            "; a transform must crop every image or none");
    return first;
  }

  /// Two transforms of one kind must not share their draws.
  AKIN_LAZY std::uint32_t stream_at(std::size_t i) const {
    const std::string_view name = transforms_[i]->name();
    std::uint32_t stream = stream_of(name);
    for (std::size_t j = 0; j < i; ++j) stream += transforms_[j]->name() == name;
    return stream;
  }

  AKIN_LAZY static void check_samples(const Samples& samples, int view) {
    const Array& images = samples.images;
    check(images.defined() && images.dtype() == DType::u8, "augment", "images must be u8, got ", images.dtype());
    check_rank("augment", "a batch of images [N, H, W, C]", images, 4);
    const Shape& shape = images.shape();
    check(images.size() > 0, "augment", "the batch is empty: images have shape ", shape);
    check(shape[3] == 1 || shape[3] == 3, "augment", "images must have 1 or 3 channels, got shape ", shape);
    check(shape[1] <= max_side && shape[2] <= max_side, "augment", "images of at most ", max_side,
          " pixels a side, got ", shape);
    check(images.is_contiguous(), "augment", "images must be contiguous; call contiguous() first");
    check(static_cast<std::int64_t>(samples.indices.size()) == shape[0], "augment", "images ", shape, " need ",
          shape[0], " indices, got ", samples.indices.size());
    check(samples.epoch < 1u << 24, "augment", "epoch must be < 2^24, got ", samples.epoch);
    check(view >= 0 && view < 256, "augment", "view must lie in 0 ... 255, got ", view);
  }

  std::vector<Transform> transforms_;
  std::vector<std::uint32_t> streams_;
};

struct ViewOptions {
  std::uint64_t seed = 0;  ///< of all random draws of the transforms, beside sample index, epoch and view
};

/// Two pipelines for methods whose views are treated differently.
struct PipelinePair {
  Pipeline first, second;
};

/// Several views of every sample, one pipeline each; view v differs from view u even where the pipelines are equal.
class Views {
 public:
  AKIN_LAZY explicit Views(std::vector<Pipeline> pipelines, const ViewOptions& options = {})
      : pipelines_(std::move(pipelines)), seed_(options.seed) {
    check(!pipelines_.empty() && pipelines_.size() <= 256, "views", "needs 1 ... 256 pipelines, got ",
          pipelines_.size());
  }

  std::size_t count() const { return pipelines_.size(); }
  std::uint64_t seed() const { return seed_; }
  const std::vector<Pipeline>& pipelines() const { return pipelines_; }

  /// One Array per view, row i of each from sample i.
  AKIN_LAZY std::vector<Array> operator()(const Samples& samples) const {
    std::vector<Array> views;
    for (std::size_t v = 0; v < pipelines_.size(); ++v)
      views.push_back(pipelines_[v].apply(samples, seed_, static_cast<int>(v)));
    return views;
  }

 private:
  std::vector<Pipeline> pipelines_;
  std::uint64_t seed_;
};

/// Two views from one pipeline; each draws random numbers of its own.
AKIN_LAZY Views two_views(const Pipeline& both, const ViewOptions& options = {}) {
  return Views({both, both}, options);
}
/// View 0 from the first pipeline, view 1 from the second.
AKIN_LAZY Views two_views(const Pipeline& first, const Pipeline& second, const ViewOptions& options = {}) {
  return Views({first, second}, options);
}
AKIN_LAZY Views two_views(const PipelinePair& pair, const ViewOptions& options = {}) {
  return Views({pair.first, pair.second}, options);
}

}  // namespace akin::inline AKIN_ABI::augment
