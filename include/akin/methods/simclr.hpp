// SimCLR: Chen et al. 2020, arXiv:2002.05709.
#pragma once
#include <cmath>

#include "../losses/nt_xent.hpp"
#include "method.hpp"

namespace akin::inline AKIN_ABI::methods {

struct SimClrOptions {
  std::int64_t features = 256;                  ///< width of the encoder's output
  std::int64_t hidden = 256, out = 128;         ///< of the projector: linear, batch norm, ReLU, linear
  nn::LastNorm last_norm = nn::LastNorm::none;  ///< batch_norm_scale: ends in a batch norm without shift, as released
  double temperature = 0.2;
  std::uint64_t seed = 0;
};

namespace detail {

template <class Lazy>
class SimClr final : public Method {
 public:
  SimClr(nn::Module encoder, const SimClrOptions& options) : SimClr(encoder, projector(checked(options)), options) {}

  StepOutput forward(const std::vector<Array>& views) override {
    check_views("simclr", views, 2);
    const std::int64_t n = views[0].dim(0);
    const Tensor z = projector_(encoder()(Tensor(ops::concat(views, 0))));  // [2N, D]
    const Tensor a = slice(z, 0, 0, n), b = slice(z, 0, n, 2 * n);
    return {losses::nt_xent(a, b, {.temperature = options_.temperature}), a.value()};
  }

 private:
  SimClr(nn::Module encoder, nn::Module projector, const SimClrOptions& options)
      : Method(options.seed, {{"encoder", encoder}, {"projector", projector}}),
        options_(options),
        projector_(projector) {}

  static const SimClrOptions& checked(const SimClrOptions& o) {
    check(o.features > 0 && o.hidden > 0 && o.out > 0, "simclr", "features, hidden and out must be > 0, got ",
          o.features, ", ", o.hidden, " and ", o.out);
    check(o.temperature > 0 && std::isfinite(o.temperature), "simclr", "temperature must be > 0 and finite, got ",
          o.temperature);
    return o;
  }
  static nn::Module projector(const SimClrOptions& o) {
    return nn::mlp({.widths = {o.features, o.hidden, o.out}, .last_norm = o.last_norm});
  }

  SimClrOptions options_;
  nn::Module projector_;
};

}  // namespace detail

/// Both views pass through encoder and projector as one batch of 2N (as the authors' code does, which makes batch
/// statistics span both views); NT-Xent pulls the two views of an image together. The projector ends in a linear layer
/// with bias; the released code ends in one without and a batch norm without shift: last_norm = batch_norm_scale.
/// Errors: a width <= 0; temperature not > 0 and finite.
using SimClr = detail::SimClr<void>;

}  // namespace akin::inline AKIN_ABI::methods
