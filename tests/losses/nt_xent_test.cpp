#include <akin/autograd/gradcheck.hpp>
#include <akin/losses/nt_xent.hpp>

#include "support/golden.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

TEST(NtXent, EqualsTheReference) {
  golden::expect_golden("ntxent",
                        [](const Tensor& a, const Tensor& b) { return losses::nt_xent(a, b, {.temperature = 0.5}); });
}

TEST(NtXent, OfIdenticalOrthogonalPairsHasAClosedForm) {  // s = 1 for the partner, 0 for the other 2N - 2
  const Tensor z(Array::eye(4, DType::f64));
  expect_close(losses::nt_xent(z, z, {.temperature = 1}).item(), std::log(std::exp(1.0) + 6) - 1, tol::f64);
}

TEST(NtXent, OfEqualEmbeddingsIsTheChanceLevel) {
  const Tensor z(Array::ones({5, 3}, DType::f64));
  expect_close(losses::nt_xent(z, z).item(), std::log(9.0), tol::f64);
}

TEST(NtXent, OfOnePairIsZero) {  // the partner is the only candidate
  expect_close(losses::nt_xent(random_tensor({1, 4}, 1, DType::f64), random_tensor({1, 4}, 2, DType::f64)).item(), 0,
               tol::f64);
}

TEST(NtXent, DoesNotDependOnLengthsOrderOrWhichViewComesFirst) {
  const Array a = random_array({7, 5}, 1), b = random_array({7, 5}, 2);
  const double want = losses::nt_xent(Tensor(a), Tensor(b)).item();
  expect_close(losses::nt_xent(Tensor(ops::scale(a, 3)), Tensor(ops::scale(b, 0.1))).item(), want, tol::f64);
  expect_close(losses::nt_xent(Tensor(b), Tensor(a)).item(), want, tol::f64);
  const auto rotated = [](const Array& x) { return ops::concat({x.slice(0, 3, 7), x.slice(0, 0, 3)}, 0); };
  expect_close(losses::nt_xent(Tensor(rotated(a)), Tensor(rotated(b))).item(), want, tol::f64);
}

TEST(NtXent, StaysFiniteAtATinyTemperature) {
  const Tensor z = random_tensor({8, 4}, 3, DType::f64);
  EXPECT_TRUE(std::isfinite(losses::nt_xent(z, z, {.temperature = 1e-4}).item()));
}

TEST(NtXent, HasTheRightGradientForBothViews) {
  for (const Shape& shape : {Shape{1, 3}, Shape{2, 1}, Shape{7, 5}}) {
    const auto report =
        gradcheck([](const Tensor& a, const Tensor& b) { return losses::nt_xent(a, b, {.temperature = 0.3}); },
                  {random_tensor(shape, 1, DType::f64), random_tensor(shape, 2, DType::f64)});
    EXPECT_TRUE(report.ok) << shape << " " << report.summary();
  }
}

TEST(NtXent, RejectsBadInput) {
  const Tensor z = random_tensor({4, 3}, 1, DType::f64);
  expect_error([&] { losses::nt_xent(z, z, {.temperature = 0}); },
               "nt_xent: temperature must be > 0 and finite, got 0");
  expect_error([&] { losses::nt_xent(z, z, {.temperature = INFINITY}); },
               "nt_xent: temperature must be > 0 and finite, got inf");
  expect_error(
      [&] {
        losses::nt_xent(z, random_tensor({4, 2}, 1, DType::f64));
      },
      "nt_xent: shapes differ: [4, 3] vs [4, 2]");
  expect_error([&] { losses::nt_xent(random_tensor({4}, 1, DType::f64), random_tensor({4}, 2, DType::f64)); },
               "needs embeddings [N, D]");
  const Tensor none(Array::zeros({0, 3}, DType::f64));
  expect_error([&] { losses::nt_xent(none, none); }, "needs embeddings [N, D] with N, D > 0, got [0, 3]");
}

}  // namespace
}  // namespace akin
