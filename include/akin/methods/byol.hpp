// BYOL: Grill et al. 2020, arXiv:2006.07733.
#pragma once
#include "../losses/negative_cosine.hpp"
#include "../optim/ema.hpp"
#include "method.hpp"

namespace akin::inline AKIN_ABI::methods {

struct ByolOptions {
  std::int64_t features = 256;           ///< width of the encoder's output
  std::int64_t hidden = 512, out = 128;  ///< of projector and predictor: linear, batch norm, ReLU, linear without bias
  double target_momentum = 0.99;         ///< at the start; rises to 1 along a cosine
  std::uint64_t seed = 0;
};

namespace detail {

template <class Lazy>
class Byol final : public Method {
 public:
  Byol(nn::Module encoder, const ByolOptions& o)
      : Byol(encoder, head(o.features, checked(o)), head(o.out, checked(o)), o) {}

  /// loss = sum over both directions of the mean of 2 - 2 cos(prediction, target): in [0, 8], chance level 4.
  StepOutput forward(const std::vector<Array>& views) override {
    check_views("byol", views, 2);
    const Tensor za = projector_(encoder()(Tensor(views[0]))), zb = projector_(encoder()(Tensor(views[1])));
    const Tensor pa = predictor_(za), pb = predictor_(zb);
    const auto target = [&](const Array& view) {
      return no_grad([&] { return target_projector_(target_encoder_(Tensor(view))); });
    };
    // Named, not written as operands: those run in an order of the compiler's choice, and running statistics follow it.
    const Tensor ta = target(views[0]), tb = target(views[1]);
    const Tensor to_b = losses::negative_cosine(pa, tb), to_a = losses::negative_cosine(pb, ta);
    return {2 * (to_b + to_a) + 4, za.value()};
  }

  void begin_step(double progress) override {
    if (!momentum_.defined() || momentum_.device() != encoder().device())
      momentum_ = Array::zeros({}, DType::f64, encoder().device());
    momentum_.set_item(optim::ema_momentum(options_.target_momentum, progress));
  }
  void end_step(const Array& gate) override {
    check(momentum_.defined(), "byol", "end_step() without begin_step(), which computes the momentum of the target");
    optim::ema_update(target_encoder_, encoder(), momentum_, gate);
    optim::ema_update(target_projector_, projector_, momentum_, gate);
  }

 private:
  Byol(nn::Module encoder, nn::Module projector, nn::Module predictor, const ByolOptions& options)
      : Method(options.seed, {{"encoder", encoder}, {"projector", projector}, {"predictor", predictor}}),
        options_(options),
        projector_(projector),
        predictor_(predictor),
        target_encoder_(encoder.clone()),
        target_projector_(projector.clone()) {
    add_target(options.seed, "target_encoder", target_encoder_);
    add_target(options.seed, "target_projector", target_projector_);
  }

  static const ByolOptions& checked(const ByolOptions& o) {
    check(o.features > 0 && o.hidden > 0 && o.out > 0, "byol", "features, hidden and out must be > 0, got ", o.features,
          ", ", o.hidden, " and ", o.out);
    check(o.target_momentum >= 0 && o.target_momentum <= 1, "byol", "target_momentum must lie in [0, 1], got ",
          o.target_momentum);
    return o;
  }
  static nn::Module head(std::int64_t in, const ByolOptions& o) {
    return nn::mlp({.widths = {in, o.hidden, o.out}, .last_bias = false});
  }

  ByolOptions options_;
  Array momentum_;  // of the target, in this step
  nn::Module projector_, predictor_, target_encoder_, target_projector_;
};

}  // namespace detail

/// An online network predicts, from one view, what a slow copy of itself (the target) says of the other view. There
/// are no negatives. The target starts from other random values than the online network, as in the authors' code, and
/// follows its parameters by an exponential moving average after each step. Heads as there, but for the bias of the
/// hidden layer, which the norm behind it removes. Errors: a width <= 0; target_momentum outside [0, 1].
using Byol = detail::Byol<void>;

}  // namespace akin::inline AKIN_ABI::methods
