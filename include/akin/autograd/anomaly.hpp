// Anomaly mode: names the op and the module in which the first NaN or infinity appears, forward or backward.
#pragma once
#include <string>
#include <vector>

#include "../core/array.hpp"
#include "../ops/reduce.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

struct AnomalyState {
  bool on = false;
  std::vector<std::string> modules;  // paths of the modules being evaluated, innermost last
};
inline AnomalyState& anomaly() {
  thread_local AnomalyState state;
  return state;
}

/// 0 x is 0 for every finite x and NaN otherwise.
AKIN_LAZY bool all_finite(const Array& x) { return !is_floating(x.dtype()) || ops::sum(ops::scale(x, 0)).item() == 0; }

AKIN_LAZY void check_finite(const Array& x, std::string_view pass, std::string_view op, const std::string& module) {
  if (!all_finite(x))
    throw Error(cat("anomaly: the ", pass, " of '", op, "'", module.empty() ? "" : cat(" in module '", module, "'"),
                    " gave NaN or infinity, shape ", x.shape()));
}

/// Something that can say where it is, when asked.
struct NamedPlace {
  virtual ~NamedPlace() = default;
  virtual std::string place() const = 0;
};

/// Marks a module as being evaluated. Costs one branch when anomaly mode is off.
class ModuleScope {
 public:
  AKIN_LAZY explicit ModuleScope(const NamedPlace& module) : pushed_(anomaly().on) {
    if (pushed_) anomaly().modules.push_back(module.place());
  }
  ~ModuleScope() {
    if (pushed_) anomaly().modules.pop_back();
  }
  ModuleScope(const ModuleScope&) = delete;
  ModuleScope& operator=(const ModuleScope&) = delete;

 private:
  bool pushed_;
};

}  // namespace detail

/// While alive, every op's result and every gradient is checked. Slow; for finding the first bad value.
/// AnomalyMode(false) changes nothing.
class AnomalyMode {
 public:
  explicit AnomalyMode(bool on = true) : before_(detail::anomaly().on) {
    if (on) detail::anomaly().on = true;
  }
  ~AnomalyMode() { detail::anomaly().on = before_; }
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool before_;
};

}  // namespace akin::inline AKIN_ABI
