// Exponentials of numbers that are not positive, one at a time or a vector of them, and what follows from them.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

#include "simd.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

// A mask of all ones or zeros, not `x < -87 ? 0 : ...`: the branch in that would end vectorisation.
inline std::uint32_t at_least_mask(float x, float low) { return -static_cast<std::uint32_t>(!(x < low)); }
AKIN_LAZY Vec<std::uint32_t> at_least_mask(const Vec<float>& x, float low) {
  return ~std::bit_cast<Vec<std::uint32_t>>(x < low);
}

/// e^x for x <= 0 (or barely above), in plain arithmetic on float (Bits = uint32) or a vector of them: 1 ulp, 0 below
/// e^-87. x = n ln 2 + r with |r| <= ln 2 / 2, so e^x = 2^n e^r; the Taylor series of e^r to r^7 errs by 6e-9.
template <class Bits, class F>
inline F exp_in_f32(const F& x) {
  constexpr float round = 12582912.f;         // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  const F shifted = x * 1.44269504f + round;  // 1 / ln 2
  const F n = shifted - round;
  const F r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts; n times the first is exact
  const F e =
      (((((((1.f / 5040) * r + 1.f / 720) * r + 1.f / 120) * r + 1.f / 24) * r + 1.f / 6) * r + 0.5f) * r + 1.f) * r +
      1.f;
  const Bits exponent = std::bit_cast<Bits>(shifted) - std::bit_cast<std::uint32_t>(round) + 127u;
  // It keeps NaN and turns -inf into 0.
  return std::bit_cast<F>(std::bit_cast<Bits>(e * std::bit_cast<F>(exponent << 23)) & at_least_mask(x, -87.f));
}

inline double exp_of_logit(double x) { return std::exp(x); }
inline float exp_of_logit(float x) { return exp_in_f32<std::uint32_t>(x); }
AKIN_LAZY Vec<float> exp_of_logit(const Vec<float>& x) { return exp_in_f32<Vec<std::uint32_t>>(x); }
AKIN_LAZY Vec<double> exp_of_logit(const Vec<double>& x) {
  Vec<double> y{};
  for (int i = 0; i < lanes<double>; ++i) y[i] = std::exp(x[i]);
  return y;
}

/// log(1 + e) for 0 <= e <= 1: twice the series of artanh(u) at u = e / (2 + e) <= 1/3; what is left out is 2e-8 of it.
AKIN_LAZY Vec<float> log_of_one_plus(const Vec<float>& e) {
  const Vec<float> u = e / (e + 2.f), q = u * u;
  return 2.f * u *
         ((((((1.f / 13 * q + 1.f / 11) * q + 1.f / 9) * q + 1.f / 7) * q + 1.f / 5) * q + 1.f / 3) * q + 1.f);
}
AKIN_LAZY Vec<double> log_of_one_plus(const Vec<double>& e) {
  Vec<double> y{};
  for (int i = 0; i < lanes<double>; ++i) y[i] = std::log1p(e[i]);
  return y;
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
