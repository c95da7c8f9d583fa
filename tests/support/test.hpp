// What every test uses: random arrays, comparison by the tolerance table, and expected errors.
#pragma once
#include <gtest/gtest.h>

#include <akin/core/array.hpp>
#include <akin/core/philox.hpp>
#include <string>

#include "tolerance.hpp"

namespace akin {

/// Standard normal values (times scale, plus shift), a pure function of shape and seed.
inline Array random_array(const Shape& shape, unsigned seed = 0, DType dtype = DType::f64, double scale = 1,
                          double shift = 0) {
  Array a = Array::empty(shape, dtype);
  Draws draws(seed, {.stream = stream_of("test")});
  on_float(dtype, "random_array", [&]<class T>() {
    for (std::int64_t i = 0; i < a.size(); ++i)
      a.mut<T>()[i] = static_cast<T>(static_cast<compute_t<T>>(scale * draws.normal() + shift));
  });
  return a;
}

/// i64 values: labels, indices.
inline Array int_array(const Shape& shape, const std::vector<std::int64_t>& values) {
  return Array::from<std::int64_t>(shape, values);
}
inline Array int_array(const std::vector<std::int64_t>& values) {
  return int_array({static_cast<std::int64_t>(values.size())}, values);
}

inline constexpr DType every_dtype[] = {DType::f32, DType::f64, DType::bf16, DType::i64, DType::i32, DType::u8};

/// Element i of a contiguous array, as double.
inline double at(const Array& a, std::int64_t i) {
  return on_any(a.dtype(), [&]<class T>() { return static_cast<double>(static_cast<compute_t<T>>(a.data<T>()[i])); });
}

inline bool is_close(double got, double want, tol::Tolerance t) {
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want);
  return got == want || std::abs(got - want) <= t.atol + t.rtol * std::abs(want);
}

/// Compares two contiguous arrays of the same shape element by element; reports the worst.
inline void expect_close(const Array& got, const Array& want, tol::Tolerance t, std::string_view what = "") {
  ASSERT_EQ(got.shape(), want.shape()) << what;
  ASSERT_TRUE(got.is_contiguous() && want.is_contiguous()) << what;
  for (std::int64_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(is_close(at(got, i), at(want, i), t))
        << what << " element " << i << " of " << got.shape() << ": got " << at(got, i) << ", expected " << at(want, i);
}
inline void expect_close(double got, double want, tol::Tolerance t, std::string_view what = "") {
  EXPECT_TRUE(is_close(got, want, t)) << what << " got " << got << ", expected " << want;
}

/// Expects f() to throw Error with `text` in its message.
template <class F>
void expect_error(F&& f, const std::string& text) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos)
        << "the message was: " << error.what() << "\nexpected in it:  " << text;
    return;
  }
  ADD_FAILURE() << "no Error was thrown; expected one with: " << text;
}

}  // namespace akin
