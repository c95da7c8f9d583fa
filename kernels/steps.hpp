// Optimizer formulas, once for both backends: one call updates one value from its gradient and its state. Then the
// tensors that kernels apply them to.
//
// A step is callable as step(value, gradient, state...) with as many states as it keeps. Options are double; arithmetic
// happens in the type of the values (f32 or f64). What a step takes from the values of a whole tensor, from how many steps
// that tensor has made, or from a rate that changes, resolved() fills in where these numbers lie: a GPU need not tell the
// host.
#pragma once
#include <cmath>
#include <cstdint>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// What the trust ratios of LARS and LAMB need of one tensor: |p|^2, |g|^2 and p . g.
struct UpdateProducts {
  double value_value = 0, input_input = 0, value_input = 0;

  UpdateProducts& operator+=(const UpdateProducts& other) {
    value_value += other.value_value;
    input_input += other.input_input;
    value_input += other.value_input;
    return *this;
  }
};

/// What resolved() may read and count up, in the memory of the values.
struct StepNumbers {
  std::int64_t* count = nullptr;             ///< steps that the tensor has made
  const UpdateProducts* products = nullptr;  ///< of its values and its inputs
  const double* rate = nullptr;              ///< in place of the step's learning rate, or of the momentum of EmaStep
};

/// A gate is one number in the memory of the values: what gradients are multiplied by, and no step is taken where it is
/// not above 0, NaN say. No gate is one of 1. Returns the factor of the inputs; 0 if the step is not to be taken.
AKIN_HD inline double factor_behind(const double* gate, bool takes_gradient) {
  if (!gate) return 1;
  return !(*gate > 0) ? 0 : takes_gradient ? *gate : 1;
}

/// The gate of an optimizer's step: what shortens gradients whose norm exceeds max_norm (arXiv:1211.5063, Alg. 1), else 1;
/// NaN where their norm or the loss is not finite.
struct StepGate {
  double max_norm;

  AKIN_HD double operator()(double squared_norm, double loss) const {
    const double norm = std::sqrt(squared_norm);
    const double defect = (norm - norm) + (loss - loss);  // 0, or NaN where one of them is not finite
    if (defect != 0) return defect;
    return norm > max_norm ? max_norm / norm : 1;
  }
};

/// d = scale (g + weight_decay p);  m = momentum m + d, from m = 0;  p -= lr m.
/// Nesterov: p -= lr (d + momentum m). The conventions of PyTorch with dampening 0. Without a state: p -= lr d.
/// `scale` is the trust ratio of LARS (arXiv:1708.03888), 1 otherwise.
struct SgdStep {
  static constexpr bool takes_gradient = true;

  double lr = 0;
  double momentum = 0;
  double weight_decay = 0;
  bool nesterov = false;
  double scale = 1;

  AKIN_HD SgdStep resolved(const StepNumbers& of, double) const {
    SgdStep step = *this;
    if (of.rate) step.lr = *of.rate;
    return step;
  }

  template <class T>
  AKIN_HD void operator()(T& p, T g) const {
    p -= T(lr) * (T(scale) * (g + T(weight_decay) * p));
  }
  template <class T>
  AKIN_HD void operator()(T& p, T g, T& m) const {
    const T d = T(scale) * (g + T(weight_decay) * p);
    m = T(momentum) * m + d;
    p -= T(lr) * (nesterov ? d + T(momentum) * m : m);
  }
};

/// Adam (arXiv:1412.6980): m and v are running means of g and g^2, corrected for their start at 0.
///   p -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)
/// weight_decay is added to g, or, if decoupled, shrinks p by lr weight_decay beforehand (AdamW, arXiv:1711.05101).
struct AdamStep {
  static constexpr bool takes_gradient = true;

  double lr = 0;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double weight_decay = 0;
  bool decoupled = false;
  double correction1 = 1, correction2 = 1;  ///< 1 - beta^t; set by at() and resolved()

  /// The step number t = 1, 2, ...
  AKIN_HD AdamStep at(std::int64_t t) const {
    AdamStep step = *this;
    step.correction1 = 1 - std::pow(beta1, static_cast<double>(t));
    step.correction2 = 1 - std::pow(beta2, static_cast<double>(t));
    return step;
  }
  AKIN_HD AdamStep resolved(const StepNumbers& of, double) const {
    AdamStep step = of.count ? at(++*of.count) : *this;
    if (of.rate) step.lr = *of.rate;
    return step;
  }

  template <class T>
  AKIN_HD void operator()(T& p, T g, T& m, T& v) const {
    const T d = decoupled ? g : g + T(weight_decay) * p;
    const T shrunk = decoupled ? p * T(1 - lr * weight_decay) : p;
    m = T(beta1) * m + T(1 - beta1) * d;
    v = T(beta2) * v + T(1 - beta2) * (d * d);
    p = shrunk - T(lr / correction1) * m / (std::sqrt(v * T(1 / correction2)) + T(eps));
  }
};

/// target = momentum target + (1 - momentum) online
struct EmaStep {
  static constexpr bool takes_gradient = false;

  double momentum = 0;

  AKIN_HD EmaStep resolved(const StepNumbers& of, double) const { return of.rate ? EmaStep{*of.rate} : *this; }

  template <class T>
  AKIN_HD void operator()(T& target, T online) const {
    target = T(momentum) * target + T(1 - momentum) * online;
  }
};

/// Many copies in one launch.
struct CopyStep {
  static constexpr bool takes_gradient = false;

  AKIN_HD CopyStep resolved(const StepNumbers&, double) const { return *this; }

  template <class T>
  AKIN_HD void operator()(T& value, T other) const {
    value = other;
  }
};

/// One tensor of an update: its step, its values, what drives them (gradients, or online values), and its states.
template <class T, class Step>
struct TensorUpdate {
  std::int64_t n;
  Step step;
  T* value;
  const T* input;
  T* state0 = nullptr;
  T* state1 = nullptr;
  StepNumbers numbers = {};
};

/// The values of one tensor, and its gradients.
template <class T>
struct ValueAndInput {
  std::int64_t n;
  const T* value;
  const T* input;
};

}  // namespace akin::inline AKIN_ABI::kernels
