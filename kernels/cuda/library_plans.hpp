// What cuBLAS and cuDNN were asked once and are not asked again.
#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

template <auto destroy>
struct Destroy {
  template <class P>
  void operator()(P* descriptor) const {
    destroy(descriptor);
  }
};
/// Owns what a library calls a descriptor.
template <class Pointer, auto destroy>
using Descriptor = std::unique_ptr<std::remove_pointer_t<Pointer>, Destroy<destroy>>;

/// Plans by what they are for. A network has a few dozen, so they stand in a row.
template <class Key, class Plan>
class PlanTable {
 public:
  /// The plan for a key; the first time it comes, what make() returns. Valid until the next call.
  template <class Make>
  Plan& find(const Key& key, Make make) {
    for (auto& [known, plan] : plans_)
      if (known == key) return plan;
    Plan plan = make();
    if (plans_.size() == most) plans_.clear();
    return plans_.emplace_back(key, std::move(plan)).second;
  }

 private:
  static constexpr std::size_t most = 512;  // sizes that never come back must not fill the memory
  std::vector<std::pair<Key, Plan>> plans_;
};

}  // namespace akin::inline AKIN_ABI::kernels::detail
