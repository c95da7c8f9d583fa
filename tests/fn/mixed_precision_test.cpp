#include <akin/autograd/backward.hpp>
#include <akin/fn/conv.hpp>
#include <akin/fn/matmul.hpp>

#include "support/tensors.hpp"
#include "support/test.hpp"

namespace akin {
namespace {

/// As bf16 holds it, in f32.
Tensor rounded(const Tensor& x) { return cast(cast(x, DType::bf16), DType::f32); }
Tensor leaf_of(const Shape& shape, unsigned seed) { return Tensor(random_array(shape, seed, DType::f32), true); }

TEST(MixedPrecision, LinearAndConvolutionComputeInBf16AndTrainInF32) {
  const Tensor x = leaf_of({7, 33}, 1), w = leaf_of({5, 33}, 2), b = leaf_of({5}, 3);
  const Tensor image = leaf_of({2, 7, 7, 3}, 4), filters = leaf_of({5, 3, 3, 3}, 5);
  const Tensor want = linear(rounded(x), rounded(w), rounded(b)),
               want_map = conv2d(rounded(image), rounded(filters), {.padding = 1});
  const MixedPrecision on;
  EXPECT_TRUE(mixed_precision());
  const Tensor y = linear(x, w, b), map = conv2d(image, filters, {.padding = 1});
  EXPECT_EQ(y.dtype(), DType::bf16);
  EXPECT_EQ(map.dtype(), DType::bf16);
  expect_close(ops::cast(y.value(), DType::f32), want.value(), tol::bf16);
  expect_close(ops::cast(map.value(), DType::f32), want_map.value(), tol::bf16);
  y.backward({.gradient = Array::ones(y.shape(), DType::bf16)});
  map.backward({.gradient = Array::ones(map.shape(), DType::bf16)});
  for (const Tensor& leaf : {x, w, b, image, filters}) EXPECT_EQ(leaf.grad().dtype(), DType::f32);
}

TEST(MixedPrecision, LeavesOtherProductsAndOtherDtypesAlone) {
  const MixedPrecision on;
  EXPECT_EQ(matmul(leaf_of({3, 4}, 1), leaf_of({4, 2}, 2)).dtype(), DType::f32);  // similarities of a loss
  const Tensor x(random_array({3, 4}, 1, DType::f64)), w(random_array({2, 4}, 2, DType::f64));
  EXPECT_EQ(linear(x, w).dtype(), DType::f64);
}

TEST(MixedPrecision, EndsWithItsScope) {
  const Tensor x = leaf_of({3, 4}, 1), w = leaf_of({2, 4}, 2);
  {
    const MixedPrecision on;
    {
      const MixedPrecision off(false);
      EXPECT_EQ(linear(x, w).dtype(), DType::f32);
    }
    EXPECT_EQ(linear(x, w).dtype(), DType::bf16);
  }
  EXPECT_EQ(linear(x, w).dtype(), DType::f32);
}

}  // namespace
}  // namespace akin
