// Gradient checkpointing: keep a module's input instead of its intermediate results, and compute those again when
// backward needs them. arXiv:1604.06174. Included by module.hpp.
#pragma once
#include <vector>

#include "../fn/mixed_precision.hpp"
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

namespace detail {

/// Sets a flag for as long as it lives.
class FlagScope {
 public:
  FlagScope(bool& flag, bool value) : flag_(flag), before_(std::exchange(flag, value)) {}
  ~FlagScope() { flag_ = before_; }
  FlagScope(const FlagScope&) = delete;
  FlagScope& operator=(const FlagScope&) = delete;

 private:
  bool& flag_;
  bool before_;
};

// Templates, so that programs which do not use them do not pay for them.

/// While alive, buffers hold what they held before the first forward pass: running statistics must not move twice, and
/// dropout must drop the same values.
template <class Lazy>
class BuffersAsBefore {
 public:
  BuffersAsBefore(const std::vector<Tensor>& buffers, const std::vector<Array>& before) : buffers_(buffers) {
    for (std::size_t i = 0; i < buffers.size(); ++i)
      now_.push_back(std::exchange(buffers[i].mutable_value(), ops::clone(before[i])));
  }
  ~BuffersAsBefore() {
    for (std::size_t i = 0; i < now_.size(); ++i) buffers_[i].mutable_value() = now_[i];
  }
  BuffersAsBefore(const BuffersAsBefore&) = delete;
  BuffersAsBefore& operator=(const BuffersAsBefore&) = delete;

 private:
  const std::vector<Tensor>& buffers_;
  std::vector<Array> now_;
};

/// A layer, and the mode in which it ran.
struct LayerMode {
  AnyLayer* layer;
  bool training;
};

/// While alive, layers are in the modes of before.
template <class Lazy>
class ModesAsBefore {
 public:
  explicit ModesAsBefore(const std::vector<LayerMode>& before) : now_(before) { exchange(); }
  ~ModesAsBefore() { exchange(); }
  ModesAsBefore(const ModesAsBefore&) = delete;
  ModesAsBefore& operator=(const ModesAsBefore&) = delete;

 private:
  void exchange() {
    for (LayerMode& mode : now_) std::swap(mode.layer->training, mode.training);
  }
  std::vector<LayerMode> now_;
};

/// What it takes to run a module a second time as it ran the first time.
template <class Lazy>
struct Rerun {
  Module module;
  AnyLayer* layer;
  bool mixed = akin::detail::mixed_precision();
  std::vector<Tensor> buffers;
  std::vector<Array> before, parameters;
  std::vector<LayerMode> modes;
  bool trains = false;

  Rerun(const Module& m, AnyLayer& l) : module(m), layer(&l) {
    for (const auto& [name, tensor] : m.named_buffers()) {
      buffers.push_back(tensor);
      before.push_back(ops::clone(tensor.value()));
    }
    for (const auto& [name, inner] : m.named_modules()) modes.push_back({ModuleAccess::layer(inner), inner.training()});
    for (const Tensor& p : m.parameters()) {
      parameters.push_back(p.value());
      trains = trains || p.requires_grad();
    }
  }

  /// Adds to the gradients of the parameters and returns that of x. Errors: a parameter was changed since.
  Array pass_back(const Array& x, const Array& dy) const {
    for (const Array& p : parameters) on_any(p.dtype(), [&]<class T>() { p.data<T>(); });
    const BuffersAsBefore<Lazy> restore(buffers, before);
    const ModesAsBefore<Lazy> same_modes(modes);
    const FlagScope recorded(akin::detail::grad_enabled(), true);
    const Tensor input(x, true);
    Tensor y;
    {
      const MixedPrecision precision(mixed);
      y = layer->forward(input);
    }
    y.backward({.gradient = dy});
    return input.has_grad() ? input.grad() : zeros_like(x);
  }
};

template <class Lazy>
Tensor checkpointed(const Module& module, AnyLayer& layer, const Tensor& x) {
  Rerun<Lazy> rerun(module, layer);
  if (!x.requires_grad() && !rerun.trains) return layer.forward(x);
  const Array y = no_grad([&] { return layer.forward(x).value(); });
  // Images need no gradient, but the parameters behind them do: backward must come by here all the same.
  const Tensor input = x.requires_grad() ? x : Tensor(x.value(), true);
  return record("gradient_checkpoint", y, wrt(input, [rerun = std::move(rerun), x = x.value()](const Array& dy) {
                  return rerun.pass_back(x, dy);
                }));
}

}  // namespace detail

/// Checkpoints the stages of a network: those of its children that have children of their own, as in a ResNet; without
/// such, the whole network.
AKIN_LAZY void checkpoint_stages(const Module& network, bool on = true) {
  const std::vector<NamedModule> all = network.named_modules();
  bool any = false;
  for (const auto& [name, module] : all) {
    const bool child = !name.empty() && name.find('.') == name.npos;
    bool stage = false;
    for (const auto& below : all) stage = stage || below.name.starts_with(name + ".");
    if (child && stage) module.checkpoint_gradients(on), any = true;
  }
  if (!any) network.checkpoint_gradients(on);
}

}  // namespace akin::inline AKIN_ABI::nn
