// The walks over a module tree: names, modes, initialisation, cloning. Included by module.hpp.
#pragma once
#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

struct ModuleAccess {
  static detail::AnyLayer* layer(const Module& m) { return m.layer_.get(); }
  static void replace(Module& m, std::shared_ptr<detail::AnyLayer> layer) { m.layer_ = std::move(layer); }
};

namespace detail {

AKIN_LAZY std::string join_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : cat(path, ".", name);
}

/// Calls on_module(path, module) before its children, and on_tensor(full name, tensor, is_parameter) for its tensors.
template <class OnModule, class OnTensor>
class Walk final : public Visitor {
 public:
  Walk(OnModule on_module, OnTensor on_tensor) : on_module_(on_module), on_tensor_(on_tensor) {}

  void run(const Module& module, const std::string& path) {
    if (!module.defined()) return;
    const std::string outer = std::exchange(path_, path);
    on_module_(path, module);
    ModuleAccess::layer(module)->visit(*this);
    path_ = outer;
  }
  void parameter(std::string_view name, Tensor& value) override {
    if (value.defined()) on_tensor_(join_path(path_, name), value, true);
  }
  void buffer(std::string_view name, Tensor& value) override {
    if (value.defined()) on_tensor_(join_path(path_, name), value, false);
  }
  void child(std::string_view name, Module& module) override { run(module, join_path(path_, name)); }

 private:
  OnModule on_module_;
  OnTensor on_tensor_;
  std::string path_;
};

template <class OnModule, class OnTensor>
void walk(const Module& root, OnModule on_module, OnTensor on_tensor) {
  Walk<OnModule, OnTensor>(on_module, on_tensor).run(root, "");
}

inline constexpr auto ignore_module = [](const std::string&, const Module&) {};
inline constexpr auto ignore_tensor = [](const std::string&, const Tensor&, bool) {};

/// Gives the members of a copied layer memory of their own.
class MakeIndependent final : public Visitor {
 public:
  void parameter(std::string_view, Tensor& value) override {
    if (value.defined()) value = Tensor(ops::clone(value.value()), value.requires_grad());
  }
  void buffer(std::string_view name, Tensor& value) override { parameter(name, value); }
  void child(std::string_view, Module& module) override { module = module.clone(); }
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
  detail::walk(*this, detail::ignore_module, [&](const std::string& name, const Tensor& t, bool) { found.push_back({name, t}); });
  return found;
}
template <class Lazy>
std::vector<NamedModule> Module::named_modules() const {
  std::vector<NamedModule> found;
  detail::walk(*this, [&](const std::string& path, const Module& m) { found.push_back({path, m}); }, detail::ignore_tensor);
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
  detail::walk(*this, [&](const std::string&, const Module& m) { ModuleAccess::layer(m)->training = on; }, detail::ignore_tensor);
}
template <class Lazy>
void Module::initialize(std::uint64_t seed) const {
  detail::walk(*this, [&](const std::string& path, const Module& m) { ModuleAccess::layer(m)->initialize({seed, path}); },
               detail::ignore_tensor);
}
template <class Lazy>
void Module::name_modules() const {
  detail::walk(*this, [&](const std::string& path, const Module& m) {
    ModuleAccess::layer(m)->path = path.empty() ? m.describe() : path;
  }, detail::ignore_tensor);
}
template <class Lazy>
Module Module::clone() const {
  Module made;
  if (!layer_) return made;
  auto layer = layer_->copy();
  detail::MakeIndependent independent;
  layer->visit(independent);
  ModuleAccess::replace(made, std::move(layer));
  return made;
}

}  // namespace akin::inline AKIN_ABI::nn
