// Wide accesses: neighbouring values in one load or store of up to 16 bytes, the most that an instruction moves.
#pragma once
#include <cstdint>

#include "launch.hpp"

namespace akin::inline AKIN_ABI::kernels {

template <class T, int count>
struct alignas(count * sizeof(T) < 16 ? count * sizeof(T) : 16) Pack {
  T values[count];
};

/// How many values of the widest of the types are 16 bytes.
template <class... T>
inline constexpr int pack_lanes = 16 / static_cast<int>(std::max({sizeof(T)...}));

/// Values p[0 ... count), at once; p is aligned to them.
template <int count, class T>
__device__ Pack<T, count> load_pack(const T* p) {
  return *reinterpret_cast<const Pack<T, count>*>(p);
}
/// p[0 ... count) = pack, at once; p is aligned to them. Left to itself, nvcc stores one by one what was computed one by one:
/// so 16 bytes are stored by the instruction for it.
template <int count, class T>
__device__ void store_pack(T* p, const Pack<T, count>& pack) {
#if defined(__CUDACC__)
  if constexpr (sizeof pack == 16) return __stwb(reinterpret_cast<uint4*>(p), __builtin_bit_cast(uint4, pack));
#endif
  *reinterpret_cast<Pack<T, count>*>(p) = pack;
}

template <class T>
bool is_aligned_for(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % alignof(T) == 0;
}

/// Calls f.operator()<lanes>() with as many lanes as make 16 bytes if rows of `cols` values that start at these
/// addresses consist of such packs, else with 1.
template <class T, class F>
void on_lanes(std::int64_t cols, const void* a, const void* b, F f) {
  constexpr int lanes = pack_lanes<T>;
  using Wide = Pack<T, lanes>;
  if (cols % lanes == 0 && is_aligned_for<Wide>(a) && is_aligned_for<Wide>(b))
    f.template operator()<lanes>();
  else
    f.template operator()<1>();
}

/// Calls f.operator()<Word>() with the widest word that rows of `bytes` bytes which start at these addresses consist of:
/// for copies, which need not know what they move. Distances between rows must be multiples of the word as well: they
/// may be or-ed into `bytes`.
template <class F>
void on_word(std::int64_t bytes, const void* a, const void* b, F f) {
  const auto all =
      reinterpret_cast<std::uintptr_t>(a) | reinterpret_cast<std::uintptr_t>(b) | static_cast<std::uintptr_t>(bytes);
  if (all % 16 == 0)
    f.template operator()<Pack<std::uint32_t, 4>>();
  else if (all % 8 == 0)
    f.template operator()<std::uint64_t>();
  else if (all % 4 == 0)
    f.template operator()<std::uint32_t>();
  else if (all % 2 == 0)
    f.template operator()<std::uint16_t>();
  else
    f.template operator()<std::uint8_t>();
}

}  // namespace akin::inline AKIN_ABI::kernels
