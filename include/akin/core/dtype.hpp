// Element types, and the step from a run-time dtype to a compile-time type.
#pragma once
#include <cstdint>
#include <ostream>
#include <string_view>

#include "bf16.hpp"
#include "error.hpp"

namespace akin::inline AKIN_ABI {

enum class DType : std::uint8_t { f32, f64, bf16, i64, i32, u8 };

inline constexpr std::string_view name_of(DType dtype) {
  constexpr std::string_view names[] = {"f32", "f64", "bf16", "i64", "i32", "u8"};
  return names[static_cast<int>(dtype)];
}
inline constexpr std::int64_t size_of(DType dtype) {
  constexpr std::int64_t bytes[] = {4, 8, 2, 8, 4, 1};
  return bytes[static_cast<int>(dtype)];
}
inline constexpr bool is_floating(DType dtype) { return dtype <= DType::bf16; }
inline std::ostream& operator<<(std::ostream& os, DType dtype) { return os << name_of(dtype); }

template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(sizeof(T) == 0, "not an element type of akin");
  return DType::f32;
}();
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;
template <>
inline constexpr DType dtype_of<bf16> = DType::bf16;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::i64;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::i32;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::u8;

/// Calls f.operator()<T>() with T = float, double or bf16; other types are an Error that names the op.
template <class F>
decltype(auto) on_float(DType dtype, std::string_view op, F&& f) {
  switch (dtype) {
    case DType::f32:
      return f.template operator()<float>();
    case DType::f64:
      return f.template operator()<double>();
    case DType::bf16:
      return f.template operator()<bf16>();
    default:
      throw Error(cat(op, ": needs floating-point values (f32, f64 or bf16), got ", dtype, "; convert with cast()"));
  }
}

/// Calls f.operator()<T>() with the element type, whichever it is.
template <class F>
decltype(auto) on_any(DType dtype, F&& f) {
  switch (dtype) {
    case DType::i64:
      return f.template operator()<std::int64_t>();
    case DType::i32:
      return f.template operator()<std::int32_t>();
    case DType::u8:
      return f.template operator()<std::uint8_t>();
    default:
      return on_float(dtype, "on_any", f);
  }
}

}  // namespace akin::inline AKIN_ABI
