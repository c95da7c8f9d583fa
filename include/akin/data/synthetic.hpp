// Synthetic: images of known factors, rendered when they are read. Nothing to download, nothing to store.
#pragma once
#include <cstdint>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "../core/philox.hpp"
#include "dataset.hpp"
#include "shapes.hpp"

namespace akin::inline AKIN_ABI::data {

struct SyntheticOptions {
  std::int64_t size = 32;      ///< side in pixels, 8 ... 512
  std::int64_t channels = 3;   ///< 3 colour, 1 grey
  std::int64_t count = 10000;  ///< images per split
  std::uint64_t seed = 0;
  Split split = Split::train;  ///< train and test are unrelated draws from the same distribution
};

namespace detail {

template <class Lazy>
class AKIN_ABI_TAG Synthetic final : public Dataset {
 public:
  explicit Synthetic(const SyntheticOptions& options)
      : Dataset(facts_of(options)),
        options_(options),
        stream_(stream_of(options.split == Split::train ? "synthetic train" : "synthetic test")) {}

  /// What image `index` shows. Also defined beyond size().
  Factors factors(std::uint32_t index) const {
    Draws draws(options_.seed, {.index = index, .stream = stream_});
    Factors f;
    f.shape = draws.below(static_cast<std::uint32_t>(shape_names().size()));
    f.hue = draws.uniform(0, max_hue);
    f.scale = draws.uniform(0.14, 0.24);
    f.rotation = draws.uniform(-std::numbers::pi / 2, std::numbers::pi / 2);
    f.x = draws.uniform(-0.12, 0.12);
    f.y = draws.uniform(-0.12, 0.12);
    f.background = draws.uniform(0, 0.35);
    return f;
  }

  /// All of them: [N, 7] f32, columns as in factor_names().
  Array factors_array() const {
    const auto columns = static_cast<std::int64_t>(factor_names().size());
    Array out = Array::empty({size(), columns});
    auto* values = out.mut<float>();
    for (std::int64_t i = 0; i < size(); ++i) {
      const Factors f = factors(static_cast<std::uint32_t>(i));
      for (const double value : {static_cast<double>(f.shape), f.hue, f.scale, f.rotation, f.x, f.y, f.background})
        *values++ = static_cast<float>(value);
    }
    return out;
  }

  static const std::vector<std::string>& factor_names() {
    static const std::vector<std::string> names = {"shape", "hue", "scale", "rotation", "x", "y", "background"};
    return names;
  }

 private:
  static DatasetFacts facts_of(const SyntheticOptions& o) {
    check(8 <= o.size && o.size <= 512, "synthetic", "expected a size of 8 ... 512 pixels, got ", o.size);
    check(o.channels == 1 || o.channels == 3, "synthetic", "expected 1 (grey) or 3 (colour) channels, got ",
          o.channels);
    return {"synthetic", o.count, o.size, o.size, o.channels, shape_names()};
  }
  void read_image(std::int64_t index, std::uint8_t* pixels) const override {
    render(factors(static_cast<std::uint32_t>(index)), height(), channels(), pixels);
  }
  std::int64_t read_label(std::int64_t index) const override {
    return factors(static_cast<std::uint32_t>(index)).shape;
  }

  SyntheticOptions options_;
  std::uint32_t stream_;
};

}  // namespace detail

/// Image i shows factors(i), a pure function of (seed, split, i). The label is the shape. All factors are independent
/// and uniform on an interval; none wraps around, so that a regression on them needs no circular statistics.
using Synthetic = detail::Synthetic<void>;

/// Images of shapes with known factors. Errors: size outside 8 ... 512; channels other than 1 and 3; count < 0.
template <class Lazy = void>
std::shared_ptr<const detail::Synthetic<Lazy>> synthetic(const SyntheticOptions& options = {}) {
  return std::make_shared<detail::Synthetic<Lazy>>(options);
}

}  // namespace akin::inline AKIN_ABI::data
