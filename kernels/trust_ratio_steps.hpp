// Steps as long as the values are large, for both backends: LARS and LAMB. Both end as a step of SGD.
#pragma once
#include <string_view>

#include "steps.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// Whose LARS; see optim::Lars.
enum class LarsForm {
  fb,         ///< Barlow Twins, VICReg, MoCo v3
  lightly,    ///< lightly
  larc_clip,  ///< solo-learn with clip_lr
  simclr,     ///< SimCLR's TensorFlow code
};

AKIN_LAZY std::string_view name_of(LarsForm form) {
  constexpr std::string_view names[] = {"fb", "lightly", "larc_clip", "simclr"};
  return names[static_cast<std::size_t>(form)];
}

/// eta |p| / |g + weight_decay p|, and 1 where either is 0. From products, so it needs no array for the sum; what is
/// left of a sum that cancels below the rounding of f32 counts as 0.
AKIN_HD inline double trust_ratio(const UpdateProducts& of, double weight_decay, double eta) {
  const double decay = weight_decay * weight_decay * of.value_value;
  const double squared = of.input_input + 2 * weight_decay * of.value_input + decay;
  if (of.value_value == 0 || squared <= 1e-14 * (of.input_input + decay)) return 1;
  return eta * std::sqrt(of.value_value / squared);
}

/// A step of LARS. What is not adapted takes that of SGD.
struct LarsStep {
  static constexpr bool takes_gradient = true;

  SgdStep sgd;
  double trust;
  LarsForm form;
  bool adapted;

  AKIN_HD SgdStep resolved(const StepNumbers& of, double factor) const {
    SgdStep step = sgd.resolved(of, factor);
    if (adapted) adapt(step, of_scaled_inputs(*of.products, factor));
    if (form == LarsForm::simclr) {  // m = momentum m + lr q d;  p -= m
      step.scale *= step.lr;
      step.lr = 1;
    }
    return step;
  }

 private:
  AKIN_HD static UpdateProducts of_scaled_inputs(UpdateProducts of, double factor) {
    of.input_input *= factor * factor;
    of.value_input *= factor;
    return of;
  }
  AKIN_HD void adapt(SgdStep& step, const UpdateProducts& of) const {
    if (form == LarsForm::fb || form == LarsForm::simclr) {
      step.scale = trust_ratio(of, step.weight_decay, trust);
    } else if (of.value_value == 0 || of.input_input == 0) {
      step.weight_decay = 0;  // without a ratio the published code leaves out the decay too
    } else {
      const double p = std::sqrt(of.value_value), g = std::sqrt(of.input_input);
      const double ratio = trust * p / (g + step.weight_decay * p + 1e-8), of_lr = ratio / step.lr;
      step.scale = form == LarsForm::lightly ? ratio : of_lr < 1 ? of_lr : 1;
    }
  }
};

/// A step of LAMB along a direction that Adam gave.
struct LambStep {
  static constexpr bool takes_gradient = false;

  SgdStep sgd;
  bool adapted;

  AKIN_HD SgdStep resolved(const StepNumbers& of, double factor) const {
    SgdStep step = sgd.resolved(of, factor);
    if (adapted) step.scale = trust_ratio(*of.products, step.weight_decay, 1);
    return step;
  }
};

}  // namespace akin::inline AKIN_ABI::kernels
