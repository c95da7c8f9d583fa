// SimSiam: Chen and He 2020, arXiv:2011.10566.
#pragma once
#include "../losses/negative_cosine.hpp"
#include "method.hpp"

namespace akin::inline AKIN_ABI::methods {

struct SimSiamOptions {
  std::int64_t features = 256;           ///< width of the encoder's output
  std::int64_t hidden = 512, out = 512;  ///< of the projector: three linear layers with batch norms
  std::int64_t bottleneck = 128;         ///< hidden width of the predictor
  bool stop_gradient = true;             ///< false shows why it is there: everything collapses to one point
  std::uint64_t seed = 0;
};

namespace detail {

template <class Lazy>
class SimSiam final : public Method {
 public:
  SimSiam(nn::Module encoder, const SimSiamOptions& o)
      : SimSiam(encoder, projector(checked(o)), predictor(checked(o)), o) {}

  /// loss = mean of both directions' negative cosine: in [-1, 1], chance level 0.
  StepOutput forward(const std::vector<Array>& views) override {
    check_views("simsiam", views, 2);
    const Tensor za = projector_(encoder()(Tensor(views[0]))), zb = projector_(encoder()(Tensor(views[1])));
    const Tensor pa = predictor_(za), pb = predictor_(zb);
    const auto target = [&](const Tensor& z) { return options_.stop_gradient ? z.detach() : z; };
    const Tensor to_b = losses::negative_cosine(pa, target(zb)), to_a = losses::negative_cosine(pb, target(za));
    return {0.5 * (to_b + to_a), za.value()};
  }

 private:
  SimSiam(nn::Module encoder, nn::Module projector, nn::Module predictor, const SimSiamOptions& options)
      : Method(options.seed, {{"encoder", encoder}, {"projector", projector}, {"predictor", predictor}}),
        options_(options),
        projector_(projector),
        predictor_(predictor) {
    keep_lr_of("predictor");
  }

  static const SimSiamOptions& checked(const SimSiamOptions& o) {
    check(o.features > 0 && o.hidden > 0 && o.out > 0 && o.bottleneck > 0, "simsiam",
          "features, hidden, out and bottleneck must be > 0, got ", o.features, ", ", o.hidden, ", ", o.out, " and ",
          o.bottleneck);
    return o;
  }
  static nn::Module projector(const SimSiamOptions& o) {
    return nn::mlp({.widths = {o.features, o.hidden, o.hidden, o.out}, .last_norm = nn::LastNorm::batch_norm_plain});
  }
  static nn::Module predictor(const SimSiamOptions& o) { return nn::mlp({.widths = {o.out, o.bottleneck, o.out}}); }

  SimSiamOptions options_;
  nn::Module projector_, predictor_;
};

}  // namespace detail

/// BYOL without the slow copy: each view predicts the other, and no gradient flows into what is predicted. The
/// projector ends in a batch norm without scale and shift; the predictor keeps its learning rate constant.
/// Errors: a width <= 0.
using SimSiam = detail::SimSiam<void>;

}  // namespace akin::inline AKIN_ABI::methods
