#include <akin/losses/nt_xent.hpp>
#include <akin/losses/sup_con.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(SupCon, OfLabelsThatAllDifferIsNtXent) {
  const Tensor a(random_array({7, 5}, 1)), b(random_array({7, 5}, 2));
  const Array labels = int_array({70, -3, 12, 5, 1 << 20, 0, 8});
  expect_close(losses::sup_con(a, b, labels, {.temperature = 0.2, .base_temperature = 0.2}).item(),
               losses::nt_xent(a, b, {.temperature = 0.2}).item(), tol::f64);
}

TEST(SupCon,
     OfOneClassPerDirectionHasAClosedForm) {  // 2 classes of 4 views: s = 1 to the 3 others, 0 to the 4 far ones
  const Tensor z(Array::from<double>({4, 2}, {1, 0, 1, 0, 0, 1, 0, 1}));
  expect_close(losses::sup_con(z, z, int_array({4, 4, 9, 9}), {.temperature = 1, .base_temperature = 2}).item(),
               0.5 * (std::log(3 * std::exp(1.0) + 4) - 1), tol::f64);
}

TEST(SupCon, HasTheRightGradientForBothViews) {
  const auto loss = [](const Array& labels) {
    return [=](const Tensor& a, const Tensor& b) { return losses::sup_con(a, b, labels, {.temperature = 0.3}); };
  };
  expect_right_gradient(loss(int_array({2, 0, 1, 0, 2, 2, 5})), {smooth({7, 5}, 1), smooth({7, 5}, 2)});
  expect_right_gradient(loss(int_array({1, 1})), {smooth({2, 3}, 1), smooth({2, 3}, 2)});
}

TEST(SupCon, RejectsBadInput) {
  const Tensor z(random_array({4, 3}));
  const char* wrong = "sup_con: needs labels [N] in i64 for embeddings [4, 3]";
  expect_error([&] { losses::sup_con(z, z, int_array({1, 2, 3})); }, wrong);
  expect_error([&] { losses::sup_con(z, z, Array::zeros({4})); }, wrong);
  expect_error([&] { losses::sup_con(z, z, {}); }, wrong);
  expect_error(
      [&] {
        losses::sup_con(z, z, int_array({1, 2, 1, 2}), {.base_temperature = 0});
      },
      "sup_con: base_temperature must be > 0 and finite, got 0");
}

}  // namespace
}  // namespace akin
