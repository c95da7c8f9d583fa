// Tolerances are data with reasons; no test compares with a literal.
#pragma once

namespace akin::tol {

/// |got - want| <= atol + rtol * |want|
struct Tolerance {
  double atol, rtol;
};

inline constexpr Tolerance exact{0, 0};               // the same bits
inline constexpr Tolerance f64{1e-12, 1e-12};         // another order of operations, short sums
inline constexpr Tolerance golden{1e-10, 1e-10};      // f64 against independently computed reference values
inline constexpr Tolerance golden_gradient{1e-7, 0};  // the reference gradients are central differences
inline constexpr Tolerance f32{1e-6, 1e-6};           // the same operations in another order
inline constexpr Tolerance reduce_f32{1e-5, 1e-5};    // sums of up to 1e5 terms in another order
inline constexpr Tolerance winograd_f32{1e-4, 1e-4};  // the transforms of F(4, 3) cost a factor of about ten
inline constexpr Tolerance winograd_f64{1e-11, 1e-11};
inline constexpr Tolerance bf16{1e-2, 1e-2};       // 8 significant bits
inline constexpr Tolerance gradcheck{1e-7, 1e-6};  // f64 central differences, h = 1e-6

}  // namespace akin::tol
