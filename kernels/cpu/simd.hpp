// Vectors of the machine's native width through GCC/Clang vector extensions: one source for AVX-512, AVX2, SSE and
// NEON.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../../include/akin/core/bf16.hpp"

namespace akin::inline AKIN_ABI {

namespace kernels {
/// Two neighbours in the sum of a matrix product, as the dot-product instructions of processors take them.
struct Bf16Pair {
  bf16 first, second;
};
}  // namespace kernels

template <>
struct Compute<kernels::Bf16Pair> {
  using type = float;
};

}  // namespace akin::inline AKIN_ABI

namespace akin::inline AKIN_ABI::kernels {

/// Elements of T in one vector register.
template <class T>
inline constexpr int lanes = AKIN_SIMD_BYTES / static_cast<int>(sizeof(T));

namespace detail {
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(AKIN_SIMD_BYTES)));
};
template <>
struct VecOf<Bf16Pair> : VecOf<std::uint32_t> {};
template <>
struct VecOf<bf16> : VecOf<float> {};
}  // namespace detail

/// lanes<T> elements with elementwise + - * / and comparisons; of bf16, as many floats as a register holds.
template <class T>
using Vec = typename detail::VecOf<T>::type;

/// p need not be aligned.
template <class T>
inline Vec<T> load(const T* p) {
  static_assert(!std::is_same_v<T, bf16>, "load(p) without <bf16> widens");
  Vec<T> v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
inline void store(T* p, const Vec<T>& v) {
  static_assert(!std::is_same_v<T, bf16>, "store(p, v) without <bf16> rounds");
  std::memcpy(p, &v, sizeof v);
}
/// x in every lane. x - 0 and not x + 0: the latter would lose the sign of -0, so the compiler could not drop it.
template <class T>
inline Vec<T> broadcast(T x) {
  return x - Vec<T>{};
}
inline Vec<Bf16Pair> broadcast(Bf16Pair x) { return broadcast(__builtin_bit_cast(std::uint32_t, x)); }

/// sum + a * b in every lane.
template <class V>
inline V multiply_add(const V& sum, const V& a, const V& b) {
  return sum + a * b;
}
/// sum + a.first * b.first + a.second * b.second in every lane of pairs. The instruction takes denormals for zero.
inline Vec<float> multiply_add(const Vec<float>& sum, const Vec<Bf16Pair>& a, const Vec<Bf16Pair>& b) {
#if defined(__AVX512BF16__)
  Vec<float> result = sum;
  asm("vdpbf16ps %2, %1, %0" : "+v"(result) : "v"(a), "v"(b));  // compilers differ in the name of the builtin
  return result;
#else
  const auto low = [](const Vec<Bf16Pair>& x) { return (Vec<float>)(x << 16); };
  const auto high = [](const Vec<Bf16Pair>& x) { return (Vec<float>)(x & 0xffff0000u); };
  return sum + low(a) * low(b) + high(a) * high(b);
#endif
}
/// Whether that pays: one instruction, at twice the operations of f32 per cycle (AMD since Zen 4). Intel's processors
/// with AMX have it at half the operations of f32 (Sapphire Rapids: products of 512x512 took 3.5 ms, of f32 1.8 ms).
/// Where it does not pay, bf16 operands are computed as float copies.
#if defined(__AVX512BF16__) && !defined(__AMX_BF16__)
inline constexpr bool has_bf16_dot = true;
#else
inline constexpr bool has_bf16_dot = false;
#endif

/// The first n lanes from p, zeros behind them.
template <class T>
inline Vec<T> load_first(const T* p, std::int64_t n) {
  Vec<T> v{};
  std::memcpy(&v, p, static_cast<std::size_t>(n) * sizeof(T));
  return v;
}
template <class T>
inline void store_first(T* p, const Vec<T>& v, std::int64_t n) {
  std::memcpy(static_cast<void*>(p), &v, static_cast<std::size_t>(n) * sizeof(T));
}

// ---- bf16 in memory is float in registers --------------------------------------------------------------------------

namespace detail {
typedef std::uint16_t HalfWords __attribute__((vector_size(AKIN_SIMD_BYTES / 2)));
}
inline Vec<float> load(const bf16* p) {
  detail::HalfWords upper;
  std::memcpy(&upper, p, sizeof upper);
  return (Vec<float>)(__builtin_convertvector(upper, Vec<std::uint32_t>) << 16);
}
/// Rounds as bf16(float) does. The instruction for it, 1.7 times as fast (Zen 4), takes denormals for zero: what holds
/// one goes the long way (unless the program, as with -ffast-math, has switched denormals off).
inline void store(bf16* p, const Vec<float>& v) {
#if defined(__AVX512BF16__)
  std::uint16_t denormals;
  asm("vfpclassps $0x20, %1, %0" : "=k"(denormals) : "v"(v));
  if (denormals == 0) {
    detail::HalfWords upper;
    asm("vcvtneps2bf16 %1, %0" : "=v"(upper) : "v"(v));
    std::memcpy(static_cast<void*>(p), &upper, sizeof upper);
    return;
  }
#endif
  const auto bits = (Vec<std::uint32_t>)v, truncated = bits >> 16;
  const auto rounded = (bits + (0x7fffu + (truncated & 1u))) >> 16;
  const auto upper = __builtin_convertvector(v != v ? truncated | 0x40u : rounded, detail::HalfWords);
  std::memcpy(static_cast<void*>(p), &upper, sizeof upper);
}
inline Vec<float> load_first(const bf16* p, std::int64_t n) {
  bf16 some[lanes<float>] = {};
  std::memcpy(static_cast<void*>(some), p, static_cast<std::size_t>(n) * sizeof(bf16));
  return load(some);
}
inline void store_first(bf16* p, const Vec<float>& v, std::int64_t n) {
  bf16 all[lanes<float>];
  store(all, v);
  std::memcpy(static_cast<void*>(p), all, static_cast<std::size_t>(n) * sizeof(bf16));
}

// ---- runs of any length ---------------------------------------------------------------------------------------------

/// 0 ... count - 1 in whole vectors and then the rest: step(first, how many). How many is an integral_constant for whole
/// vectors, an integer for the rest, and picks the loads and stores below.
template <class T, class Step>
inline void for_each_vector(std::int64_t count, Step step) {
  std::int64_t c = 0;
  for (; c + lanes<T> <= count; c += lanes<T>) step(c, std::integral_constant<std::int64_t, lanes<T>>());
  if (c < count) step(c, count - c);
}
template <class T, class Count>
inline Vec<compute_t<T>> load_some(const T* p, Count count) {
  if constexpr (std::is_same_v<Count, std::int64_t>)
    return load_first(p, count);
  else
    return load(p);
}
template <class T, class Count>
inline void store_some(T* p, const Vec<compute_t<T>>& v, Count count) {
  if constexpr (std::is_same_v<Count, std::int64_t>)
    store_first(p, v, count);
  else
    store(p, v);
}

/// to[i] = from[i], i < n: float to bf16, the way back, or a copy.
template <class From, class To>
inline void convert_run(const From* from, std::int64_t n, To* to) {
  for_each_vector<compute_t<To>>(
      n, [&](std::int64_t i, auto count) { store_some(to + i, load_some(from + i, count), count); });
}

}  // namespace akin::inline AKIN_ABI::kernels
