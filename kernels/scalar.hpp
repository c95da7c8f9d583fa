// Every scalar formula once, for both backends: named functors whose call operator is a template on the compute type.
//
// Functors, not lambdas: a host lambda cannot cross into a CUDA kernel. Parameters are double, converted at the call,
// so that f64 results agree with f64 references. XVjp(x, dy) is the gradient of X at x times dy.
#pragma once
#include <cmath>

#include "../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels {

// A functor is a line of a table.
// clang-format off
#define AKIN_FN template <class T> AKIN_HD T

// ---- two operands ---------------------------------------------------------------------------------------------------
struct Add { AKIN_FN operator()(T a, T b) const { return a + b; } };
struct Sub { AKIN_FN operator()(T a, T b) const { return a - b; } };
struct Mul { AKIN_FN operator()(T a, T b) const { return a * b; } };
struct Div { AKIN_FN operator()(T a, T b) const { return a / b; } };
/// d(a/b)/db * dy = -(a/b) / b * dy
struct DivVjpB { AKIN_FN operator()(T a, T b, T dy) const { return -(a / b) / b * dy; } };
struct Maximum { AKIN_FN operator()(T a, T b) const { return a > b || a != a ? a : b; } };  ///< NaN wins
/// dy where a > b, half of it at a tie, 0 elsewhere: the gradient of Maximum for a.
struct MaximumVjp { AKIN_FN operator()(T a, T b, T dy) const { return a > b ? dy : a == b ? dy / 2 : T(0); } };
/// 1 where a = b, else 0
struct Equal { AKIN_FN operator()(T a, T b) const { return T(a == b); } };
/// a + k b
struct AddScaled { double k; AKIN_FN operator()(T a, T b) const { return a + T(k) * b; } };

// ---- one operand ----------------------------------------------------------------------------------------------------
struct Identity { AKIN_FN operator()(T x) const { return x; } };
struct Scale { double k; AKIN_FN operator()(T x) const { return T(k) * x; } };
/// x / k, rounded once: 5 / 3 and 5 (1 / 3) differ in f32.
struct DivScalar { double k; AKIN_FN operator()(T x) const { return x / T(k); } };
struct AddScalar { double k; AKIN_FN operator()(T x) const { return x + T(k); } };
struct Square { AKIN_FN operator()(T x) const { return x * x; } };
struct SquareVjp { AKIN_FN operator()(T x, T dy) const { return 2 * x * dy; } };
struct Sqrt { AKIN_FN operator()(T x) const { return std::sqrt(x); } };
struct SqrtVjp { AKIN_FN operator()(T y, T dy) const { return dy / (2 * y); } };  ///< y = sqrt(x)
struct Exp { AKIN_FN operator()(T x) const { return std::exp(x); } };
struct Log { AKIN_FN operator()(T x) const { return std::log(x); } };
struct Abs { AKIN_FN operator()(T x) const { return x < 0 ? -x : x; } };
struct AbsVjp { AKIN_FN operator()(T x, T dy) const { return x > 0 ? dy : x < 0 ? -dy : T(0); } };
struct Pow { double k; AKIN_FN operator()(T x) const { return std::pow(x, T(k)); } };
struct PowVjp { double k; AKIN_FN operator()(T x, T dy) const { return k == 0 ? T(0) : T(k) * std::pow(x, T(k - 1)) * dy; } };
/// x limited to [low, high]; the gradient passes inside, ends included.
struct Clamp { double low, high; AKIN_FN operator()(T x) const { return x < T(low) ? T(low) : x > T(high) ? T(high) : x; } };
struct ClampVjp { double low, high; AKIN_FN operator()(T x, T dy) const { return x >= T(low) && x <= T(high) ? dy : T(0); } };

// ---- activations ----------------------------------------------------------------------------------------------------
struct Relu { AKIN_FN operator()(T x) const { return x < 0 ? T(0) : x; } };  ///< NaN stays NaN
struct ReluVjp { AKIN_FN operator()(T x, T dy) const { return x > 0 ? dy : T(0); } };
struct Sigmoid { AKIN_FN operator()(T x) const { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); } };
struct SigmoidVjp { AKIN_FN operator()(T y, T dy) const { return y * (1 - y) * dy; } };  ///< y = sigmoid(x)
struct Tanh { AKIN_FN operator()(T x) const { return std::tanh(x); } };
struct TanhVjp { AKIN_FN operator()(T y, T dy) const { return (1 - y * y) * dy; } };  ///< y = tanh(x)
/// log(1 + e^x) without overflow
struct Softplus { AKIN_FN operator()(T x) const { return (x > 0 ? x : T(0)) + std::log1p(std::exp(x > 0 ? -x : x)); } };
struct SoftplusVjp { AKIN_FN operator()(T x, T dy) const { return Sigmoid{}(x) * dy; } };
/// GELU, exact form: x Phi(x), Phi the normal distribution function. arXiv:1606.08415
struct Gelu { AKIN_FN operator()(T x) const { return x / 2 * (1 + std::erf(x * T(0.7071067811865476))); } };
struct GeluVjp {
  AKIN_FN operator()(T x, T dy) const {
    const T cdf = (1 + std::erf(x * T(0.7071067811865476))) / 2;
    const T density = T(0.3989422804014327) * std::exp(-x * x / 2);
    return (cdf + x * density) * dy;
  }
};

#undef AKIN_FN
// clang-format on

}  // namespace akin::inline AKIN_ABI::kernels
