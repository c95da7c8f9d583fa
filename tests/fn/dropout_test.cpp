#include <akin/fn/dropout.hpp>

#include "support/gradients.hpp"
#include "support/threads.hpp"

namespace akin {
namespace {

TEST(Dropout, KeepsTheMeanAndDropsTheAskedShare) {
  const Array y = dropout(Tensor(Array::ones({100, 100})), 0.3, 1, 0).value();
  std::int64_t dropped = 0;
  double total = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) dropped += at(y, i) == 0, total += at(y, i);
  EXPECT_NEAR(static_cast<double>(dropped) / 1e4, 0.3, 0.02);
  EXPECT_NEAR(total / 1e4, 1, 0.03);
}

TEST(Dropout, MasksInEveryFloatingType) {
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
    const Array mask = ops::dropout_mask(Array::empty({257}, dtype), 0.75, 1, 0);
    ASSERT_EQ(mask.dtype(), dtype);
    for (std::int64_t i = 0; i < mask.size(); ++i) EXPECT_TRUE(at(mask, i) == 0 || at(mask, i) == 4) << i;
  }
  expect_error([] { ops::dropout_mask(Array::empty({2}, DType::i32), 0.5, 0, 0); },
               "dropout: needs floating-point values");
}

TEST(Dropout, IsAFunctionOfSeedAndCallAlone) {
  const Tensor x(Array::ones({50000}));
  const auto bits = [&](std::uint64_t seed, std::uint32_t call, int threads) {
    const test::WithThreads with(threads);
    return dropout(x, 0.5, seed, call).value();
  };
  const Array one = bits(7, 3, 1), two = bits(7, 3, 2), other_call = bits(7, 4, 2), other_seed = bits(8, 3, 2);
  expect_close(two, one, tol::exact);
  const auto same = [&](const Array& a) {
    std::int64_t n = 0;
    for (std::int64_t i = 0; i < a.size(); ++i) n += at(a, i) == at(one, i);
    return static_cast<double>(n) / 50000;
  };
  EXPECT_NEAR(same(other_call), 0.5, 0.02);
  EXPECT_NEAR(same(other_seed), 0.5, 0.02);
}

TEST(Dropout, CountsItsCallsInAnArrayBesideTheValues) {
  const Tensor x(Array::ones({999}));
  Array calls = Array::from<std::int64_t>({}, {41});
  for (const std::uint32_t call : {41u, 42u, 43u})
    expect_close(dropout(x, 0.5, 7, calls).value(), dropout(x, 0.5, 7, call).value(), tol::exact);
  EXPECT_EQ(calls.item(), 44);
  Array pair = Array::zeros({2}, DType::i64), real = Array::zeros({});
  expect_error([&] { dropout(x, 0.5, 7, pair); }, "dropout: the number of the call has shape [2], expected []");
  expect_error([&] { dropout(x, 0.5, 7, real); }, "holds f32, asked for i64");
}

TEST(Dropout, GradientIsRight) {
  expect_right_gradient([](const Tensor& x) { return dropout(x, 0.4, 5, 1); }, {smooth({33})});
}

TEST(Dropout, RejectsProbabilitiesOutsideTheRange) {
  expect_error([] { dropout(Tensor(Array::ones({2})), 1, 0, 0); }, "dropout: p must lie in [0, 1), got 1");
}

}  // namespace
}  // namespace akin
