#include <akin/ops/pair_scores.hpp>

#include "support/numeric.hpp"

using namespace akin;

TEST(ReducePairs, OfZerosIsTheLogarithmOfTheirNumber) {
  const Array zero = Array::zeros({3, 2}, DType::f64), ten = Array::zeros({10, 2}, DType::f64);
  expect_close(ops::reduce_pairs(zero, ten, 1, ops::AllPairs{}, ops::LogSumExp{}).y,
               Array::full({3}, std::log(10.0), DType::f64), tol::f64);
  expect_close(ops::reduce_pairs(ten, 1, ops::OthersOnly{}, ops::LogSumExp{}).y,
               Array::full({10}, std::log(9.0), DType::f64), tol::f64);
  expect_close(ops::reduce_pairs(zero, ten, 1, ops::AllPairs{}, ops::SoftplusSum{}).y,
               Array::full({3}, 10 * std::log(2.0), DType::f64), tol::f64);
}

TEST(ReducePairs, OfTheSameEmbeddingsTwiceIsTheSymmetricCase) {
  const Array z = random_array({14, 5}), dy = random_array({14}, 2);
  const ops::PartnerView pairs{7};
  const auto one = ops::reduce_pairs(z, 2, pairs, ops::LogSumExp{});
  const auto two = ops::reduce_pairs(z, z, 2, pairs, ops::LogSumExp{});
  expect_close(one.y, two.y, tol::f64);
  const auto [da, dc] = ops::reduce_pairs_backward(dy, z, z, 2, two, pairs, ops::LogSumExp{});
  expect_close(ops::reduce_pairs_backward(dy, z, 2, one, pairs, ops::LogSumExp{}), ops::add(da, dc), tol::f64);
}

TEST(ReducePairs, GradientsAreRightAndTakeStridedOperands) {
  const Array at = random_array({5, 3}, 1), c = random_array({7, 5}, 2), dy = random_array({3}, 3);
  const Array a = at.transpose();
  const auto saved = ops::reduce_pairs(a, c, 0.7, ops::EqualIndex{}, ops::LogSumExp{});
  const auto [da, dc] = ops::reduce_pairs_backward(dy, a, c, 0.7, saved, ops::EqualIndex{}, ops::LogSumExp{});
  const auto value = [](const Array& x, const Array& y) {
    return ops::reduce_pairs(x, y, 0.7, ops::EqualIndex{}, ops::LogSumExp{}).y;
  };
  expect_gradient([&](const Array& x) { return value(x, c); }, ops::contiguous(a), dy, da);
  expect_gradient([&](const Array& x) { return value(a, x); }, c, dy, dc);
}

TEST(ReducePairs, GivesOnlyTheGradientThatIsWanted) {
  const Array a = random_array({3, 5}, 1), c = random_array({7, 5}, 2), dy = random_array({3}, 3);
  const auto saved = ops::reduce_pairs(a, c, 1, ops::AllPairs{}, ops::LogSumExp{});
  const auto backward = [&](bool da, bool dc) {
    return ops::reduce_pairs_backward(dy, a, c, 1, saved, ops::AllPairs{}, ops::LogSumExp{}, da, dc);
  };
  EXPECT_FALSE(backward(true, false).dc.defined());
  EXPECT_FALSE(backward(false, true).da.defined());
  expect_close(backward(true, false).da, backward(true, true).da, tol::exact);
  expect_close(backward(false, true).dc, backward(true, true).dc, tol::exact);
}

TEST(ReducePairs, RejectsBadInput) {
  const Array a = random_array({3, 5}, 1);
  const auto reduce = [&](const Array& c, double scale) {
    ops::reduce_pairs(a, c, scale, ops::AllPairs{}, ops::LogSumExp{});
  };
  expect_error(
      [&] {
        reduce(random_array({3, 4}), 1);
      },
      "reduce_pairs: needs rows [M, D] and columns [K, D], got [3, 5] and [3, 4]");
  expect_error([&] { reduce(random_array({0, 5}), 1); }, "reduce_pairs: there is nothing to compare");
  expect_error([&] { reduce(random_array({3, 5}, 1, DType::f32), 1); }, "reduce_pairs: dtypes differ");
  expect_error([&] { reduce(a, 0); }, "reduce_pairs: scale must be > 0 and finite, got 0");
  const Array low = random_array({3, 5}, 1, DType::bf16);
  expect_error([&] { ops::reduce_pairs(low, 1, ops::OthersOnly{}, ops::LogSumExp{}); },
               "reduce_pairs: values must be f32 or f64, got bf16");
  const auto partners = [&](std::int64_t n) { ops::reduce_pairs(a, 1, ops::PartnerView{n}, ops::LogSumExp{}); };
  expect_error([&] { partners(2); }, "reduce_pairs: row 1 of 3 cannot have column 3 of 3 as its right one");
  expect_error([&] { partners(1); }, "reduce_pairs: row 2 of 3 cannot have column 1 of 3 as its right one");
}
