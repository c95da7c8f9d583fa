#include <akin/methods/byol.hpp>

#include "support/tiny_method.hpp"

namespace akin {
namespace {

TEST(Byol, TheTargetStartsElsewhereAndFollowsTheOnlineNetwork) {
  const auto method = test::tiny_method("byol");
  const auto distance = [&] {
    double total = 0;
    const auto networks = method->networks();
    const nn::Module online = networks[0].module, target = networks[3].module;
    EXPECT_EQ(networks[3].name, "target_encoder");
    const Array d = ops::sub(online.parameters()[0].value(), target.parameters()[0].value());
    for (std::int64_t i = 0; i < d.size(); ++i) total += at(d, i) * at(d, i);
    return total;
  };
  const double before = distance();
  EXPECT_GT(before, 0);
  method->after_step(0);  // momentum 0.99
  expect_close(distance(), before * 0.99 * 0.99, {1e-5, 1e-4});
}

TEST(Byol, TheTargetStandsStillAtTheEnd) {
  const auto method = test::tiny_method("byol");
  const Tensor target = test::network_of(*method, "target_encoder").parameters()[0];
  const Array before = ops::clone(target.value());
  method->after_step(1);
  expect_close(target.value(), before, tol::exact);
  method->after_step(0);
  EXPECT_NE(at(target.value(), 0), at(before, 0));
}

TEST(Byol, TheLossIsSymmetricInTheViewsAndBounded) {
  const auto views = test::two_noisy_views();
  const double loss = test::tiny_method("byol")->forward(views).loss.item();
  EXPECT_GT(loss, 0);
  EXPECT_LT(loss, 8);
  expect_close(test::tiny_method("byol")->forward({views[1], views[0]}).loss.item(), loss, tol::f32);
}

TEST(Byol, RunningStatisticsOfTheTargetFollowItsOwnBatches) {
  const auto method = test::tiny_method("byol");
  method->forward(test::two_noisy_views());
  for (const auto& buffer : test::network_of(*method, "target_encoder").named_buffers()) {
    if (!buffer.name.ends_with("num_batches_tracked")) continue;
    EXPECT_EQ(buffer.tensor.item(), 2) << "one batch per view";
  }
}

}  // namespace
}  // namespace akin
