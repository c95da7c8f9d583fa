// What comes first when values are sorted, for both backends: NaN counts as larger than every number.
#pragma once
#include <cstdint>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// a < b with NaN above all numbers.
template <class C>
AKIN_HD bool less(C a, C b) {
  return a < b || (b != b && a == a);
}

template <class C>
struct Ranked {
  C value;
  std::int64_t index;
};

/// True if a comes before b among the largest: greater value, or the lower index at a tie.
template <class C>
AKIN_HD bool ranks_before(const Ranked<C>& a, const Ranked<C>& b) {
  return less(b.value, a.value) || (!less(a.value, b.value) && a.index < b.index);
}

/// True if a comes before b in a stable sort: the lower index wins a tie in either direction.
template <class C>
AKIN_HD bool sorts_before(bool descending, const Ranked<C>& a, const Ranked<C>& b) {
  return descending ? ranks_before(a, b) : less(a.value, b.value) || (!less(b.value, a.value) && a.index < b.index);
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
