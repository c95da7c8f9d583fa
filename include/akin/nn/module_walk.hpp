// The walks over a module tree: names, modes, initialisation, cloning. Included by module.hpp.
#pragma once
#include <algorithm>
#include <vector>

#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

namespace detail {

AKIN_LAZY std::string join_path(const std::string& path, std::string_view name) {
  return cat(path, path.empty() || name.empty() ? "" : ".", name);
}

/// Calls on_module(path, module) before its children, and on_tensor(full name, tensor, is_parameter) for its tensors.
/// A module or tensor that is used in several places is visited once, under its first name.
template <class OnModule, class OnTensor>
class Walk final : public Visitor {
 public:
  Walk(OnModule on_module, OnTensor on_tensor) : on_module_(on_module), on_tensor_(on_tensor) {}

  void run(const Module& module, const std::string& path) {
    if (!module.defined() || !first_visit(ModuleAccess::layer(module))) return;
    const std::string outer = std::exchange(path_, path);
    on_module_(path, module);
    ModuleAccess::layer(module)->visit(*this);
    path_ = outer;
  }
  void parameter(std::string_view name, Tensor& value) override {
    if (value.defined() && first_visit(value.id())) on_tensor_(join_path(path_, name), value, true);
  }
  void buffer(std::string_view name, Tensor& value) override {
    if (value.defined() && first_visit(value.id())) on_tensor_(join_path(path_, name), value, false);
  }
  void child(std::string_view name, Module& module) override { run(module, join_path(path_, name)); }

 private:
  bool first_visit(const void* id) {
    if (std::find(seen_.begin(), seen_.end(), id) != seen_.end()) return false;
    seen_.push_back(id);
    return true;
  }

  OnModule on_module_;
  OnTensor on_tensor_;
  std::string path_;
  std::vector<const void*> seen_;
};

template <class OnModule, class OnTensor>
void walk(const Module& root, OnModule on_module, OnTensor on_tensor) {
  Walk<OnModule, OnTensor>(on_module, on_tensor).run(root, "");
}

inline constexpr auto ignore_module = [](const std::string&, const Module&) {};
inline constexpr auto ignore_tensor = [](const std::string&, const Tensor&, bool) {};

/// Copies a tree: every layer and tensor once, so that what was shared inside the original is shared inside the copy.
template <class Lazy = void>
class Cloner final : public Visitor {
 public:
  Module clone(const Module& module) {
    if (!module.defined()) return module;
    AnyLayer* const original = ModuleAccess::layer(module);
    for (const auto& [known, copy] : layers_)
      if (known == original) return copy;
    Module copy;
    ModuleAccess::replace(copy, original->copy());  // its members are still those of the original
    layers_.push_back({original, copy});
    ModuleAccess::layer(copy)->visit(*this);
    return copy;
  }
  void parameter(std::string_view, Tensor& value) override {
    if (!value.defined()) return;
    for (const auto& [known, copy] : tensors_)
      if (known == value.id()) return void(value = copy);
    const void* const original = value.id();
    value = Tensor(ops::clone(value.value()), value.requires_grad());
    tensors_.push_back({original, value});
  }
  void buffer(std::string_view name, Tensor& value) override { parameter(name, value); }
  void child(std::string_view, Module& module) override { module = clone(module); }

 private:
  template <class T>
  struct Copy {
    const void* original;
    T copy;
  };
  std::vector<Copy<Module>> layers_;
  std::vector<Copy<Tensor>> tensors_;
};

/// Converts the floating-point tensors of one layer, without its children.
template <class Lazy = void>
class Converter final : public Visitor {
 public:
  explicit Converter(DType dtype) : dtype_(dtype) {}
  void parameter(std::string_view, Tensor& value) override {
    if (value.defined() && is_floating(value.dtype())) value.replace(ops::cast(value.value(), dtype_));
  }
  void buffer(std::string_view name, Tensor& value) override { parameter(name, value); }
  void child(std::string_view, Module&) override {}

 private:
  DType dtype_;
};

/// Moves the floating-point tensors of one layer, and whole numbers that ask for it, without its children.
template <class Lazy = void>
class Mover final : public Visitor {
 public:
  explicit Mover(Device device) : device_(device) {}
  void parameter(std::string_view, Tensor& value) override {
    if (value.defined() && is_floating(value.dtype())) value.replace(ops::contiguous(value.value()).to(device_));
  }
  void buffer(std::string_view name, Tensor& value) override { parameter(name, value); }
  void moving_buffer(std::string_view, Tensor& value) override { value.replace(value.value().to(device_)); }
  void child(std::string_view, Module&) override {}

 private:
  Device device_;
};

}  // namespace detail

template <class Lazy>
std::vector<NamedTensor> Module::named_parameters() const {
  std::vector<NamedTensor> found;
  detail::walk(*this, detail::ignore_module, [&](const std::string& name, const Tensor& t, bool is_parameter) {
    if (is_parameter) found.push_back({name, t});
  });
  return found;
}
template <class Lazy>
std::vector<NamedTensor> Module::named_buffers() const {
  std::vector<NamedTensor> found;
  detail::walk(*this, detail::ignore_module, [&](const std::string& name, const Tensor& t, bool is_parameter) {
    if (!is_parameter) found.push_back({name, t});
  });
  return found;
}
template <class Lazy>
std::vector<NamedTensor> Module::named_tensors() const {
  std::vector<NamedTensor> found;
  detail::walk(*this, detail::ignore_module, [&](const std::string& name, const Tensor& t, bool) {
    found.push_back({name, t});
  });
  return found;
}
template <class Lazy>
std::vector<NamedModule> Module::named_modules() const {
  std::vector<NamedModule> found;
  detail::walk(
      *this,
      [&](const std::string& path, const Module& m) {
        found.push_back({path, m});
      },
      detail::ignore_tensor);
  return found;
}
template <class Lazy>
std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> found;
  for (auto& [name, tensor] : named_parameters()) found.push_back(tensor);
  return found;
}
template <class Lazy>
std::int64_t Module::parameter_count() const {
  std::int64_t count = 0;
  for (const Tensor& p : parameters()) count += p.size();
  return count;
}
template <class Lazy>
void Module::train(bool on) const {
  detail::walk(
      *this, [&](const std::string&, const Module& m) { ModuleAccess::layer(m)->training = on; },
      detail::ignore_tensor);
}
template <class Lazy>
void Module::initialize(std::uint64_t seed, const std::string& prefix) const {
  detail::walk(
      *this,
      [&](const std::string& path, const Module& m) {
        ModuleAccess::layer(m)->initialize({seed, detail::join_path(prefix, path)});
      },
      detail::ignore_tensor);
}
template <class Lazy>
void Module::to(DType dtype) const {
  detail::walk(
      *this,
      [&](const std::string&, const Module& m) {
        detail::AnyLayer* layer = ModuleAccess::layer(m);
        detail::Converter<Lazy> to(dtype == DType::bf16 && layer->keeps_f32() ? DType::f32 : dtype);
        layer->visit(to);
      },
      detail::ignore_tensor);
}
template <class Lazy>
void Module::to(Device device) const {
  detail::walk(
      *this,
      [&](const std::string&, const Module& m) {
        detail::Mover<Lazy> to(device);
        ModuleAccess::layer(m)->visit(to);
      },
      detail::ignore_tensor);
}
template <class Lazy>
Device Module::device() const {
  for (const auto& [name, tensor] : named_tensors())
    if (is_floating(tensor.dtype())) return tensor.device();
  return Device::cpu;
}
template <class Lazy>
void Module::name_modules(const std::string& prefix) const {
  detail::walk(
      *this,
      [&](const std::string& path, const Module& m) {
        const std::string full = detail::join_path(prefix, path);
        ModuleAccess::layer(m)->path = full.empty() ? m.describe() : full;
      },
      detail::ignore_tensor);
}
template <class Lazy>
Module Module::clone() const {
  return detail::Cloner<Lazy>().clone(*this);
}

}  // namespace akin::inline AKIN_ABI::nn
