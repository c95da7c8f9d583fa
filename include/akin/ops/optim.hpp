// Optimizer steps on Arrays, in place. All tensors of a network are updated in one parallel loop.
//
// Values and states are f32 or f64; bf16 is for activations, since small updates would round to nothing.
#pragma once
#include <cmath>
#include <vector>

#include "../core/array.hpp"
#include "elementwise.hpp"
#include "kernels.hpp"
#include "reduce.hpp"

namespace akin::inline AKIN_ABI::ops {

using kernels::AdamStep;
using kernels::CopyStep;
using kernels::EmaStep;
using kernels::LambStep;
using kernels::LarsStep;
using kernels::SgdStep;

/// One tensor of an update. The pointed-to Arrays change in place: other handles to their memory refuse to be read.
template <class Step>
struct Update {
  Step step;
  Array* value;
  Array input;                  ///< the gradient; for EmaStep the online value
  Array* state0 = nullptr;      ///< momentum, or Adam's m
  Array* state1 = nullptr;      ///< Adam's v
  Array* count = nullptr;       ///< [] i64: Adam's steps so far, counted up
  const Array* rate = nullptr;  ///< [] f64, in place of the step's learning rate, or of EmaStep's momentum
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
std::vector<kernels::TensorUpdate<T, Step>> updates_of(std::vector<Update<Step>>& updates, Device device,
                                                       const kernels::UpdateProducts* products) {
  std::vector<kernels::TensorUpdate<T, Step>> out;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    Update<Step>& u = updates[i];
    if (u.value->dtype() != dtype_of<T> || u.value->device() != device) continue;
    if (!u.input.is_contiguous()) u.input = clone(u.input);
    const T* input = u.input.template data<T>();  // before mut(): it may be a handle to the memory of the value
    out.push_back({u.value->size(),
                   u.step,
                   u.value->template mut<T>(),
                   input,
                   u.state0 ? u.state0->template mut<T>() : nullptr,
                   u.state1 ? u.state1->template mut<T>() : nullptr,
                   {u.count ? u.count->template mut<std::int64_t>() : nullptr, products ? products + i : nullptr,
                    u.rate ? u.rate->template data<double>() : nullptr}});
  }
  return out;
}

/// The values and inputs of dtype T; without inputs where there are none. `kept` keeps contiguous copies alive.
template <class T>
std::vector<kernels::ValueAndInput<T>> tensors_of(const std::vector<Array>& values, const std::vector<Array>& inputs,
                                                  std::vector<Array>& kept) {
  std::vector<kernels::ValueAndInput<T>> tensors;
  const auto pointer = [&](const Array& a) { return kept.emplace_back(contiguous(a)).template data<T>(); };
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i].dtype() == dtype_of<T>)
      tensors.push_back({values[i].size(), pointer(values[i]), inputs.empty() ? nullptr : pointer(inputs[i])});
  return tensors;
}

/// A number that kernels read beside the values.
AKIN_LAZY void check_number(std::string_view op, std::string_view what, const Array& number, const Array& value) {
  check_shape(op, what, number, {});
  check(number.dtype() == DType::f64 && number.device() == value.device(), op, what, " must be f64 on ", value.device(),
        ", where the values are; got ", number.dtype(), " on ", number.device());
}

}  // namespace detail

/// Runs every update: u.step(u.value, u.input, u.state...) on each element.
/// gate      [] f64, on the device of the values: gradients are multiplied by it, and nothing changes if it is not above
///           0, NaN say. No gate is one of 1. No host has to know it.
/// products  of all updates, for the steps of LARS and LAMB
template <class Step>
void apply_updates(std::string_view op, std::vector<Update<Step>> updates, const Array& gate = {},
                   const Array& products = {}) {
  for (const auto& u : updates) {
    detail::check_update(op, u);
    if (gate.defined()) detail::check_number(op, "the gate", gate, *u.value);
    if (u.rate) detail::check_number(op, "the rate", *u.rate, *u.value);
  }
  const auto* const rows =
      products.defined() ? reinterpret_cast<const kernels::UpdateProducts*>(products.data<double>()) : nullptr;
  constexpr Device devices[] = {Device::cpu, Device::cuda};
  for (const Device device : devices) {
    const auto singles = detail::updates_of<float>(updates, device, rows);
    const auto doubles = detail::updates_of<double>(updates, device, rows);
    if (singles.empty() && doubles.empty()) continue;
    on(device, [&](auto queue) {
      const double* const of = gate.defined() ? gate.data<double>() : nullptr;
      kernels::apply_updates(queue, singles, of);
      kernels::apply_updates(queue, doubles, of);
    });
  }
}

/// [n, 3] f64: |p|^2, |g|^2 and p . g of every update, for the trust ratios of LARS and LAMB.
/// Errors: dtypes or devices differ.
template <class Step>
Array update_products(std::string_view op, const std::vector<Update<Step>>& updates) {
  std::vector<Array> values, inputs, kept;
  for (const auto& u : updates) {
    detail::check_update(op, u);
    check_same_kind(op, *updates[0].value, *u.value);
    values.push_back(*u.value);
    inputs.push_back(u.input);
  }
  if (updates.empty()) return Array::zeros({0, 3}, DType::f64);
  Array out = Array::empty({static_cast<std::int64_t>(updates.size()), 3}, DType::f64, values[0].device());
  auto* const rows = reinterpret_cast<kernels::UpdateProducts*>(out.mut<double>());
  on_float(values[0].dtype(), op, [&]<class T>() {
    if constexpr (!std::is_same_v<T, bf16>)
      on(out.device(),
         [&](auto queue) { kernels::update_products(queue, detail::tensors_of<T>(values, inputs, kept), rows); });
  });
  return out;
}

/// [] f64: the squares of all values of all arrays, summed in double: those of f32 neither overflow nor vanish.
/// Errors: values that are neither f32 nor f64; devices differ.
AKIN_LAZY Array squared_norm(std::string_view op, const std::vector<Array>& arrays) {
  if (arrays.empty()) return Array::zeros({}, DType::f64);
  for (const auto& a : arrays) {
    check(a.dtype() == DType::f32 || a.dtype() == DType::f64, op, "values must be f32 or f64, got ", a.dtype());
    check(a.device() == arrays[0].device(), op, "arrays live on ", arrays[0].device(), " and ", a.device());
  }
  std::vector<Array> kept;
  const auto singles = detail::tensors_of<float>(arrays, {}, kept);
  const auto doubles = detail::tensors_of<double>(arrays, {}, kept);
  Array norms = Array::empty({static_cast<std::int64_t>(arrays.size())}, DType::f64, arrays[0].device());
  double* const out = norms.mut<double>();
  on(norms.device(), [&](auto queue) {
    kernels::squared_norms(queue, singles, out);
    kernels::squared_norms(queue, doubles, out + singles.size());
  });
  return sum(norms);
}

/// The gate of a step, for apply_updates: 1, or max_norm / norm where the norm of the gradients is larger; NaN where that
/// or the loss is not finite. max_norm may be infinite. squared_norm and loss [] f64, on one device.
AKIN_LAZY Array step_gate(const Array& squared_norm, const Array& loss, double max_norm) {
  check_same_kind("step_gate", squared_norm, loss);
  Array gate = Array::empty({}, DType::f64, loss.device());
  on(gate.device(), [&](auto queue) {
    kernels::map(queue, 1, gate.mut<double>(), kernels::StepGate{max_norm}, squared_norm.data<double>(),
                 loss.data<double>());
  });
  return gate;
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
