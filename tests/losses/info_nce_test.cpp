#include <akin/losses/info_nce.hpp>

#include "support/golden.hpp"
#include "support/gradients.hpp"

namespace akin {
namespace {

using losses::info_nce;

TEST(InfoNce, InBothDirectionsGivesClipsReference) {
  golden::expect_golden("clip", [](const Tensor& a, const Tensor& b) {
    return 0.5 * (info_nce(a, b, {.temperature = 0.07}) + info_nce(b, a, {.temperature = 0.07}));
  });
}

TEST(InfoNce, OfStoppedKeysTimesTwiceTheTemperatureGivesMocoV3sReference) {
  golden::expect_golden("mocov3", [](const Tensor& a, const Tensor& b) {
    return 0.4 * (info_nce(a, b.detach(), {.temperature = 0.2}) + info_nce(b, a.detach(), {.temperature = 0.2}));
  });
}

TEST(InfoNce, OfIdenticalOrthogonalPairsHasAClosedForm) {
  const Tensor z(Array::eye(4, DType::f64));
  expect_close(info_nce(z, z, {.temperature = 1}).item(), std::log(std::exp(1.0) + 3) - 1, tol::f64);
  // two more wrong answers, as unrelated as the others
  const Array bank = Array::from<double>({2, 4}, {0, 0, 0, 0, 0, 0, 0, 0});
  expect_close(info_nce(z, z, {.temperature = 1}, bank).item(), std::log(std::exp(1.0) + 5) - 1, tol::f64);
}

TEST(InfoNce, WithABankIsInfoNceOfMoreKeys) {  // the first query of a batch of one, against keys and bank together
  const Array q = random_array({5, 3}, 1), k = random_array({5, 3}, 2), bank = random_array({11, 3}, 3);
  const Tensor unit_q = l2_normalize(Tensor(q)), all = l2_normalize(concat(Tensor(k), Tensor(bank)));
  const double want = mean(reduce_pairs(unit_q, all, 10, ops::EqualIndex{})).item();
  expect_close(info_nce(Tensor(q), Tensor(k), {.temperature = 0.1}, bank).item(), want, tol::f64);
}

TEST(InfoNce, HasTheRightGradientWithAndWithoutABank) {
  for (const Shape& shape : {Shape{1, 3}, Shape{2, 1}, Shape{7, 5}}) {
    const Array bank = random_array({4, shape[1]}, 3);
    expect_right_gradient([](const Tensor& a, const Tensor& b) { return info_nce(a, b); },
                          {smooth(shape, 1), smooth(shape, 2)});
    expect_right_gradient([&](const Tensor& a, const Tensor& b) { return info_nce(a, b, {}, bank); },
                          {smooth(shape, 1), smooth(shape, 2)});
  }
}

TEST(InfoNce, RejectsBadInput) {
  const Tensor z(random_array({4, 3}));
  expect_error([&] { info_nce(z, z, {.temperature = 0}); }, "info_nce: temperature must be > 0 and finite, got 0");
  expect_error(
      [&] {
        info_nce(z, z, {}, random_array({5, 2}));
      },
      "info_nce: needs a bank [K, D] with K > 0 for embeddings [4, 3], got [5, 2]");
  expect_error([&] { info_nce(z, z, {}, random_array({5, 3}, 1, DType::f32)); }, "info_nce: dtypes differ: f64 vs f32");
}

}  // namespace
}  // namespace akin
