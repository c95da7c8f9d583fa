#include <akin/losses/embeddings.hpp>
#include <akin/losses/nt_xent.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(Embeddings, OfBf16BecomeF32AndOthersStay) {
  EXPECT_EQ(losses::embeddings("test", Tensor(random_array({3, 4}, 1, DType::bf16))).dtype(), DType::f32);
  EXPECT_EQ(losses::embeddings("test", Tensor(random_array({3, 4}, 1, DType::f64))).dtype(), DType::f64);
  EXPECT_EQ(losses::nt_xent(Tensor(random_array({3, 4}, 1, DType::bf16)), Tensor(random_array({3, 4}, 2, DType::bf16)))
                .dtype(),
            DType::f32);
}

TEST(ViewPair, RefusesViewsThatDoNotMatch) {
  const Tensor a(Array::ones({3, 4})), b(Array::ones({3, 4}, DType::f64)), c(Array::ones({4, 3}));
  expect_error([&] { losses::view_pair("test", a, b); }, "test: dtypes differ: f32 vs f64");
  expect_error([&] { losses::view_pair("test", a, c); }, "test: shapes differ: [3, 4] vs [4, 3]");
}

}  // namespace
}  // namespace akin
