#include "support/test.hpp"

namespace akin {
namespace {

TEST(DType, MatchesItsType) {
  for (const DType dtype : every_dtype)
    on_any(dtype, [&]<class T>() {
      EXPECT_EQ(dtype_of<T>, dtype);
      EXPECT_EQ(size_of(dtype), static_cast<std::int64_t>(sizeof(T))) << dtype;
      EXPECT_EQ(is_floating(dtype), std::is_floating_point_v<compute_t<T>>) << dtype;
    });
}

TEST(DType, PrintsItsShortName) {
  std::string names;
  for (const DType dtype : every_dtype) names += cat(dtype, ' ');
  EXPECT_EQ(names, "f32 f64 bf16 i64 i32 u8 ");
}

TEST(DType, OnFloatRefusesIntegersAndNamesTheOp) {
  for (const DType dtype : {DType::i64, DType::i32, DType::u8})
    expect_error([&] { on_float(dtype, "softmax", [&]<class T>() {}); },
                 cat("softmax: needs floating-point values (f32, f64 or bf16), got ", dtype));
}

TEST(DType, DispatchReturnsWhatTheCallbackReturns) {
  EXPECT_EQ(on_float(DType::f64, "op", [&]<class T>() { return sizeof(T); }), 8u);
  EXPECT_EQ(on_any(DType::u8, [&]<class T>() { return sizeof(T); }), 1u);
}

}  // namespace
}  // namespace akin
