// Optimizer steps on Arrays, in place. All tensors of a network are updated in one parallel loop.
//
// Values and states are f32 or f64; bf16 is for activations, since small updates would round to nothing.
#pragma once
#include <cmath>
#include <vector>

#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"

namespace akin::inline AKIN_ABI::ops {

using kernels::AdamStep;
using kernels::EmaStep;
using kernels::SgdStep;

/// One tensor of an update. The pointed-to Arrays change in place: other handles to their memory refuse to be read.
template <class Step>
struct Update {
  Step step;
  Array* value;
  Array input;              ///< the gradient; for EmaStep the online value
  Array* state0 = nullptr;  ///< momentum, or Adam's m
  Array* state1 = nullptr;  ///< Adam's v
};

namespace detail {

template <class Step>
void check_update(std::string_view op, const Update<Step>& u) {
  const Array& p = *u.value;
  check(p.dtype() == DType::f32 || p.dtype() == DType::f64, op, "values must be f32 or f64, got ", p.dtype());
  check(p.is_contiguous(), op, "values must be contiguous, got shape ", p.shape(), " with strides ", p.strides());
  check_shape(op, "the gradient", u.input, p.shape());
  check_same_kind(op, p, u.input);
  const Array* const states[] = {u.state0, u.state1};
  for (const Array* state : states) {
    if (!state) continue;
    check_shape(op, "the state", *state, p.shape());
    check_same_kind(op, p, *state);
    check(state->is_contiguous(), op, "states must be contiguous");
  }
}

/// The updates of dtype T on `device` as pointers. The inputs become contiguous copies where needed.
template <class T, class Step>
std::vector<kernels::TensorUpdate<T, Step>> updates_of(std::vector<Update<Step>>& updates, Device device) {
  std::vector<kernels::TensorUpdate<T, Step>> out;
  for (auto& u : updates) {
    if (u.value->dtype() != dtype_of<T> || u.value->device() != device) continue;
    u.input = contiguous(u.input);
    const T* input = u.input.template data<T>();  // before mut(): it may be a handle to the memory of the value
    out.push_back({u.value->size(), u.step, u.value->template mut<T>(), input,
                   u.state0 ? u.state0->template mut<T>() : nullptr, u.state1 ? u.state1->template mut<T>() : nullptr});
  }
  return out;
}

/// The products of values and inputs of dtype T.
template <class T, class Step>
std::vector<kernels::UpdateProducts> products_of(const std::vector<Update<Step>>& updates) {
  std::vector<Array> inputs;  // keeps contiguous copies alive
  std::vector<kernels::ValueAndInput<T>> tensors;
  for (const auto& u : updates) {
    inputs.push_back(contiguous(u.input));
    const Array& value = *u.value;  // const: only mut() declares a change
    tensors.push_back({value.size(), value.data<T>(), inputs.back().template data<T>()});
  }
  return on(updates[0].value->device(), [&](auto queue) { return kernels::update_products(queue, tensors); });
}

}  // namespace detail

/// Runs every update: u.step(u.value, u.input, u.state...) on each element.
template <class Step>
void apply_updates(std::string_view op, std::vector<Update<Step>> updates) {
  for (const auto& u : updates) detail::check_update(op, u);
  constexpr Device devices[] = {Device::cpu, Device::cuda};
  for (const Device device : devices) {
    const auto singles = detail::updates_of<float>(updates, device);
    const auto doubles = detail::updates_of<double>(updates, device);
    if (singles.empty() && doubles.empty()) continue;
    on(device, [&](auto queue) {
      kernels::apply_updates(queue, singles);
      kernels::apply_updates(queue, doubles);
    });
  }
}

/// |p|^2, |g|^2 and p . g of every update, in order: for the trust ratios of LARS and LAMB. Errors: dtypes or devices differ.
template <class Step>
std::vector<kernels::UpdateProducts> update_products(std::string_view op, const std::vector<Update<Step>>& updates) {
  if (updates.empty()) return {};
  const Array& first = *updates[0].value;
  for (const auto& u : updates) {
    detail::check_update(op, u);
    check_same_kind(op, first, *u.value);
  }
  return first.dtype() == DType::f32 ? detail::products_of<float>(updates) : detail::products_of<double>(updates);
}

namespace detail {

/// Adds |a|^2 of every array of dtype T to `sum`, in order.
template <class T>
void add_squared_norms(const std::vector<Array>& arrays, double& sum) {
  std::vector<Array> rows;  // keeps contiguous copies alive
  std::vector<kernels::ValueAndInput<T>> tensors;
  for (const auto& a : arrays) {
    if (a.dtype() != dtype_of<T>) continue;
    rows.push_back(contiguous(a));
    tensors.push_back({a.size(), rows.back().template data<T>(), nullptr});
  }
  if (tensors.empty()) return;
  for (const double norm : on(rows[0].device(), [&](auto queue) { return kernels::squared_norms(queue, tensors); }))
    sum += norm;
}

}  // namespace detail

/// The L2 norm of all values of all arrays together, in double: squares of f32 neither overflow nor vanish.
/// Errors: values that are neither f32 nor f64; devices differ.
AKIN_LAZY double global_norm(std::string_view op, const std::vector<Array>& arrays) {
  double sum = 0;
  for (const auto& a : arrays) {
    check(a.dtype() == DType::f32 || a.dtype() == DType::f64, op, "values must be f32 or f64, got ", a.dtype());
    check(a.device() == arrays[0].device(), op, "arrays live on ", arrays[0].device(), " and ", a.device());
  }
  detail::add_squared_norms<float>(arrays, sum);
  detail::add_squared_norms<double>(arrays, sum);
  return std::sqrt(sum);
}

/// One tensor at a time; see apply_updates for many.
AKIN_LAZY void sgd_step(Array& p, const Array& g, Array& momentum, const SgdStep& step) {
  apply_updates<SgdStep>("sgd", {{step, &p, g, &momentum}});
}
AKIN_LAZY void adam_step(Array& p, const Array& g, Array& m, Array& v, const AdamStep& step) {
  apply_updates<AdamStep>("adam", {{step, &p, g, &m, &v}});
}
/// target = momentum target + (1 - momentum) online
AKIN_LAZY void ema_step(Array& target, const Array& online, double momentum) {
  apply_updates<EmaStep>("ema", {{{momentum}, &target, online}});
}

}  // namespace akin::inline AKIN_ABI::ops
