#include <akin/autograd/gradcheck.hpp>
#include <akin/losses/negative_cosine.hpp>

#include "support/golden.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

using losses::negative_cosine;

// Both directions, predictions = embeddings, targets stopped: SimSiam's loss and BYOL's.
Tensor simsiam(const Tensor& a, const Tensor& b) {
  return 0.5 * (negative_cosine(a, b.detach()) + negative_cosine(b, a.detach()));
}

TEST(NegativeCosine, GivesSimSiamsReference) { golden::expect_golden("simsiam", simsiam); }

TEST(NegativeCosine, GivesByolsReference) {
  golden::expect_golden("byol", [](const Tensor& a, const Tensor& b) { return 4 * simsiam(a, b) + 4; });
}

TEST(NegativeCosine, IsMinusOneForEqualAndZeroForOrthogonalDirections) {
  const Tensor z(Array::eye(3, DType::f64)), longer(ops::scale(Array::eye(3, DType::f64), 7));
  expect_close(negative_cosine(z, longer).item(), -1, tol::f64);
  expect_close(negative_cosine(z, Tensor(Array::from<double>({3, 3}, {0, 1, 0, 0, 0, 1, 1, 0, 0}))).item(), 0,
               tol::f64);
}

TEST(NegativeCosine, GivesNothingToAStoppedTarget) {
  const Tensor p(random_array({4, 3}, 1), true), z(random_array({4, 3}, 2), true);
  negative_cosine(p, z.detach()).backward();
  EXPECT_TRUE(p.has_grad());
  EXPECT_FALSE(z.has_grad());
}

TEST(NegativeCosine, HasTheRightGradientForBothArguments) {
  for (const Shape& shape : {Shape{1, 1}, Shape{1, 3}, Shape{7, 5}}) {
    const auto report = gradcheck([](const Tensor& p, const Tensor& z) { return negative_cosine(p, z); },
                                  {random_tensor(shape, 1, DType::f64), random_tensor(shape, 2, DType::f64)});
    EXPECT_TRUE(report.ok) << shape << " " << report.summary();
  }
}

TEST(NegativeCosine, OfAZeroVectorIsFinite) {
  const Tensor p(Array::zeros({2, 3}, DType::f64), true);
  const Tensor loss = negative_cosine(p, random_tensor({2, 3}, 1, DType::f64));
  loss.backward();
  EXPECT_EQ(loss.item(), 0);
}

TEST(NegativeCosine, RejectsBadInput) {
  expect_error(
      [] {
        negative_cosine(random_tensor({4, 3}, 1, DType::f64), random_tensor({3, 4}, 1, DType::f64));
      },
      "negative_cosine: shapes differ: [4, 3] vs [3, 4]");
  expect_error([] { negative_cosine(random_tensor({4}, 1, DType::f64), random_tensor({4}, 1, DType::f64)); },
               "needs embeddings [N, D]");
}

}  // namespace
}  // namespace akin
