// Module: a layer or a network, held by value and shared on copy.
//
// A layer is a plain struct: its Tensors and child Modules as members, an operator() that computes, and visit() that
// names the members. Module erases its type. Nothing else is needed to write one:
//
//   struct Scale {
//     Tensor factor{Array::ones({1}), true};
//     Tensor operator()(const Tensor& x) const { return factor * x; }
//     void visit(nn::Visitor& v) { v.parameter("factor", factor); }
//   };
//   nn::Module model = nn::Sequential(nn::Linear({.in = 8, .out = 8}), Scale{});
//
// Copies of a Module share parameters: Sequential(encoder, head) trains *that* encoder. clone() makes an independent one.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../autograd/backward.hpp"
#include "../core/philox.hpp"

namespace akin::inline AKIN_ABI::nn {

class AKIN_ABI_TAG Module;

/// Where the initial values of a parameter come from: a pure function of the seed and the parameter's full name.
struct InitContext {
  std::uint64_t seed = 0;
  std::string path;  ///< of the module, "layer1.0.conv1"

  /// For a layer under construction, which has no name yet: no two layers of a program get the same draws. A tree built
  /// in the same order gets the same values; initialize() makes them independent of that order.
  static InitContext construction() {
    static std::atomic<std::uint64_t> layers{0};
    return {layers.fetch_add(1), "under construction"};
  }

  AKIN_LAZY Draws draws(std::string_view parameter) const {
    return Draws(seed, {.stream = stream_of(path.empty() ? std::string(parameter) : cat(path, ".", parameter))});
  }
};

/// Passed through a layer's members by visit(). Names follow torchvision, so that weights can be exchanged.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void parameter(std::string_view name, Tensor& value) = 0;  ///< trained; may be undefined (no bias)
  virtual void buffer(std::string_view name, Tensor& value) = 0;     ///< kept with the weights, not trained
  /// A buffer of whole numbers that kernels read: it goes where the weights go, while others stay on the host.
  virtual void moving_buffer(std::string_view name, Tensor& value) { buffer(name, value); }
  virtual void child(std::string_view name, Module& module) = 0;
};

namespace detail {

struct AnyLayer : akin::detail::NamedPlace {
  bool training = true;
  bool checkpoints = false;  // see gradient_checkpointing.hpp
  std::string path;          // set by Module::name_modules, for error messages
  std::string place() const override { return path.empty() ? describe() : path; }
  virtual Tensor forward(const Tensor& x) = 0;
  virtual void visit(Visitor& visitor) = 0;
  virtual void initialize(const InitContext& context) = 0;
  virtual std::string describe() const = 0;
  virtual std::shared_ptr<AnyLayer> copy() const = 0;
  virtual bool keeps_f32() const = 0;  ///< its tensors do not become bf16
};

/// The layer's output; its intermediate results are computed again for backward.
template <class Lazy = void>
Tensor checkpointed(const Module& module, AnyLayer& layer, const Tensor& x);

/// While not null, the shape of every module's output on this thread goes there, in the order of the calls: see
/// summary().
struct OutputShape {
  const AnyLayer* layer;
  Shape shape;
};
using OutputShapes = std::vector<OutputShape>;
inline OutputShapes*& output_shapes() {
  thread_local OutputShapes* shapes = nullptr;
  return shapes;
}

/// Sends the shapes there while it lives.
class ShapesGoTo {
 public:
  explicit ShapesGoTo(OutputShapes& shapes) : before_(std::exchange(output_shapes(), &shapes)) {}
  ~ShapesGoTo() { output_shapes() = before_; }
  ShapesGoTo(const ShapesGoTo&) = delete;
  ShapesGoTo& operator=(const ShapesGoTo&) = delete;

 private:
  OutputShapes* before_;
};

/// Converts to bool and to nothing else: finds layers whose second argument is the training mode, and not, say, a
/// temperature.
struct TrainingFlag {
  bool on;
  operator bool() const { return on; }
  template <class T>
  operator T() const = delete;
};
template <class Layer>
concept NeedsMode = requires(Layer layer, const Tensor& x) {
  { layer(x, TrainingFlag{true}) } -> std::same_as<Tensor>;
};

template <class Layer>
concept NamesVisit = requires {
  &Layer::visit;
};
template <class Layer>
concept NamesInitialize = requires {
  &Layer::initialize;
};

template <class Layer>
struct LayerOf final : AnyLayer {
  Layer layer;
  explicit LayerOf(Layer l) : layer(std::move(l)) {}
  Tensor forward(const Tensor& x) override {
    if constexpr (NeedsMode<Layer>)
      return layer(x, training);
    else
      return layer(x);
  }
  void visit(Visitor& visitor) override {
    if constexpr (requires { layer.visit(visitor); })
      layer.visit(visitor);
    else
      static_assert(!NamesVisit<Layer>, "a layer's visit must be callable as visit(nn::Visitor&)");
  }
  void initialize(const InitContext& context) override {
    if constexpr (requires { layer.initialize(context); })
      layer.initialize(context);
    else
      static_assert(!NamesInitialize<Layer>,
                    "a layer's initialize must be callable as initialize(const nn::InitContext&)");
  }
  std::string describe() const override {
    if constexpr (requires { layer.describe(); })
      return layer.describe();
    else
      return "Module";
  }
  std::shared_ptr<AnyLayer> copy() const override {
    auto made = std::make_shared<LayerOf>(layer);
    made->training = training;
    made->checkpoints = checkpoints;
    made->path = path;
    return made;
  }
  bool keeps_f32() const override {
    if constexpr (requires { Layer::keeps_f32; })
      return Layer::keeps_f32;
    else
      return false;
  }
};

}  // namespace detail

struct NamedTensor {
  std::string name;
  Tensor tensor;
};
struct NamedModule;

class AKIN_ABI_TAG Module {
 public:
  Module() = default;  ///< no layer: the identity, as for the shortcut of a residual block
  template <class Layer>
  requires(!std::is_same_v<std::remove_cvref_t<Layer>, Module>) Module(Layer layer)
      : layer_(std::make_shared<detail::LayerOf<Layer>>(std::move(layer))) {}

  bool defined() const { return layer_ != nullptr; }

  /// The layer inside, for its members. Errors: it is of another type.
  template <class Layer>
  Layer& as() const {
    auto* found = dynamic_cast<detail::LayerOf<Layer>*>(layer_.get());
    check(found != nullptr, "module", "is a ", describe(), ", not the type asked for");
    return found->layer;
  }

  AKIN_LAZY Tensor operator()(const Tensor& x) const {
    if (!layer_) return x;
    const akin::detail::ModuleScope scope(*layer_);
    const Tensor y =
        layer_->checkpoints && grad_enabled() ? detail::checkpointed(*this, *layer_, x) : layer_->forward(x);
    if (auto* shapes = detail::output_shapes()) shapes->push_back({layer_.get(), y.shape()});
    return y;
  }

  /// Trained tensors with their full names, in the order of definition.
  AKIN_LAZY_MEMBER std::vector<NamedTensor> named_parameters() const;
  AKIN_LAZY_MEMBER std::vector<Tensor> parameters() const;
  /// Running statistics and the like.
  AKIN_LAZY_MEMBER std::vector<NamedTensor> named_buffers() const;
  /// Parameters and buffers: what a checkpoint holds.
  AKIN_LAZY_MEMBER std::vector<NamedTensor> named_tensors() const;
  /// This module (name "") and all below it.
  AKIN_LAZY_MEMBER std::vector<NamedModule> named_modules() const;
  AKIN_LAZY_MEMBER std::int64_t parameter_count() const;

  /// Training mode (batch statistics, dropout) or evaluation mode, for this module and all below it.
  AKIN_LAZY_MEMBER void train(bool on = true) const;
  AKIN_LAZY void eval() const { train(false); }
  bool training() const { return !layer_ || layer_->training; }

  /// Trades time for memory: of this module only the input is kept for backward, which runs it forward once more. Results
  /// do not change by a bit.
  void checkpoint_gradients(bool on = true) const {
    if (layer_) layer_->checkpoints = on;
  }

  /// Draws all parameters anew, each a pure function of the seed and its full name, put below `prefix` if there is one.
  /// Networks that share a seed need prefixes, or equal names would draw equal values.
  AKIN_LAZY_MEMBER void initialize(std::uint64_t seed, const std::string& prefix = "") const;

  /// Converts parameters and floating-point buffers, for gradient checks in f64 say. Gradients are dropped. To bf16:
  /// layers that say `static constexpr bool keeps_f32 = true`, such as norms, hold f32, as the ops behind them want.
  AKIN_LAZY_MEMBER void to(DType dtype) const;

  /// Moves parameters and floating-point buffers to a device; counters, which are whole numbers, stay on the host.
  /// Gradients are dropped. Errors: the device is not there.
  AKIN_LAZY_MEMBER void to(Device device) const;
  /// Where its floating-point tensors are; the cpu if it has none.
  AKIN_LAZY_MEMBER Device device() const;

  /// An independent copy: own parameters and buffers with the same values and names.
  AKIN_LAZY_MEMBER Module clone() const;

  /// Gives modules their full names, which anomaly mode prints, put below `prefix` if there is one.
  AKIN_LAZY_MEMBER void name_modules(const std::string& prefix = "") const;

  AKIN_LAZY void zero_grad() const {
    for (const Tensor& p : parameters()) p.zero_grad();
  }
  AKIN_LAZY std::string describe() const { return layer_ ? layer_->describe() : "Identity"; }

 private:
  std::shared_ptr<detail::AnyLayer> layer_;
  friend struct ModuleAccess;
};

struct NamedModule {
  std::string name;
  Module module;
};

/// For the walks over a module tree.
struct ModuleAccess {
  static detail::AnyLayer* layer(const Module& m) { return m.layer_.get(); }
  AKIN_LAZY static void replace(Module& m, std::shared_ptr<detail::AnyLayer> layer) { m.layer_ = std::move(layer); }
};

}  // namespace akin::inline AKIN_ABI::nn

#include "gradient_checkpointing.hpp"
#include "module_walk.hpp"
