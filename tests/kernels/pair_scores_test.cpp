// Kernels on pairs of embeddings against their textbook twins.
#include <akin/ops/kernels.hpp>

#include "support/test.hpp"
#include "support/threads.hpp"

using namespace akin;
using kernels::Cpu;

namespace {

struct PairNumbers {
  Array y, shift, sum, da, dc;
};

/// Forward and backward of the kernel; dc is da in the symmetric case.
template <class T, class Pairs, class Reduction>
PairNumbers run_pairs(const kernels::PairShape& s, const Pairs& pairs, const Reduction& f, const Array& a,
                      const Array& c, const Array& dy) {
  PairNumbers out{Array::full({s.rows}, 7, dtype_of<T>), Array::full({s.rows}, 7, dtype_of<T>),
                  Array::full({s.rows}, 7, DType::f64), Array::full({s.rows, s.dim}, 7, dtype_of<T>),
                  Array::full({s.cols, s.dim}, 7, dtype_of<T>)};
  kernels::reduce_pairs(Cpu{}, s, pairs, f, a.data<T>(), c.data<T>(), out.y.mut<T>(), out.shift.mut<T>(),
                        out.sum.mut<double>());
  kernels::reduce_pairs_backward(Cpu{}, s, pairs, f, a.data<T>(), c.data<T>(), dy.data<T>(), out.shift.data<T>(),
                                 out.sum.data<double>(), out.da.mut<T>(), out.dc.mut<T>());
  if (s.symmetric) out.dc = out.da;
  return out;
}

template <class T, class Pairs, class Reduction>
void compare_pairs(const kernels::PairShape& s, const Pairs& pairs, const Reduction& f, tol::Tolerance t) {
  const Array a = random_array({s.rows, s.dim}, 1, dtype_of<T>);
  const Array c = s.symmetric ? a : random_array({s.cols, s.dim}, 2, dtype_of<T>);
  const Array dy = random_array({s.rows}, 3, dtype_of<T>);
  const PairNumbers got = run_pairs<T>(s, pairs, f, a, c, dy);
  Array y = empty_like(got.y), da = empty_like(got.da), dc = empty_like(got.dc);
  kernels::reduce_pairs_naive(Cpu{}, s, pairs, f, a.data<T>(), c.data<T>(), y.mut<T>());
  kernels::reduce_pairs_backward_naive(Cpu{}, s, pairs, f, a.data<T>(), c.data<T>(), dy.data<T>(), da.mut<T>(),
                                       dc.mut<T>());
  const std::string what = cat(dtype_of<T>, " ", s.rows, " x ", s.cols, " of ", s.dim);
  expect_close(got.y, y, t, "y " + what);
  expect_close(got.da, da, t, "da " + what);
  if (!s.symmetric) expect_close(got.dc, dc, t, "dc " + what);
}

template <class Pairs, class Reduction>
void compare_pairs_in_both(const kernels::PairShape& s, const Pairs& pairs, const Reduction& f) {
  compare_pairs<double>(s, pairs, f, tol::f64);
  compare_pairs<float>(s, pairs, f, tol::reduce_f32);
}

}  // namespace

TEST(PairKernel, OfTwoSidesAgreesWithTheTextbook) {
  const test::WithThreads scope(3);
  for (const std::int64_t rows : {1, 7, 33, 151})
    for (const std::int64_t cols : {1, 7, 33, 151})
      for (const std::int64_t dim : {1, 7, 33}) {
        const kernels::PairShape s{rows, cols, dim, 0.7};
        compare_pairs_in_both(s, kernels::AllPairs{}, kernels::LogSumExp{});
        compare_pairs_in_both(s, kernels::AllPairs{}, kernels::SoftplusSum{-3});
        if (rows > cols) continue;  // each row needs its column
        compare_pairs_in_both(s, kernels::EqualIndex{}, kernels::LogSumExp{});
        compare_pairs_in_both(s, kernels::EqualIndex{}, kernels::SoftplusSum{-3});
      }
}

TEST(PairKernel, OfASetWithItselfAgreesWithTheTextbook) {
  const test::WithThreads scope(3);
  for (const std::int64_t n : {1, 2, 7, 33, 65, 151})
    for (const std::int64_t dim : {1, 7, 33}) {
      const kernels::PairShape s{2 * n, 2 * n, dim, 0.3, true};
      compare_pairs_in_both(s, kernels::PartnerView{n}, kernels::LogSumExp{});
      compare_pairs_in_both(s, kernels::PartnerView{n}, kernels::SoftplusSum{-1});
      compare_pairs_in_both(s, kernels::OthersOnly{}, kernels::LogSumExp{});
      if (n > 1) compare_pairs_in_both(s, kernels::DecoupledPartner{n}, kernels::LogSumExp{});
    }
}

TEST(PairKernel, WithBlocksOfFullSizeAgreesWithTheTextbook) {
  compare_pairs_in_both({70, 3333, 5, 0.7}, kernels::EqualIndex{}, kernels::LogSumExp{});
  compare_pairs_in_both({3333, 70, 5, 0.7}, kernels::AllPairs{}, kernels::LogSumExp{});
  compare_pairs<float>({3210, 3210, 3, 0.7, true}, kernels::PartnerView{1605}, kernels::LogSumExp{}, tol::reduce_f32);
}

TEST(PairKernel, DoesNotOverflowAtLargeScales) {
  for (const double scale : {100.0, 1e4})
    compare_pairs<double>({66, 66, 7, scale, true}, kernels::PartnerView{33}, kernels::LogSumExp{}, tol::golden);
}

TEST(PairKernel, MeetsEveryPairOfBlocksOnceAndNoBlockTwiceInARound) {
  for (const std::int64_t n : {1, 2, 3, 8, 11})
    for (const kernels::detail::PairRounds& order :
         {kernels::detail::PairRounds{n, n, true}, {n, 5, false}, {5, n, false}}) {
      std::vector<int> met(static_cast<std::size_t>(order.row_blocks * order.col_blocks));
      for (std::int64_t round = 0; round < order.rounds(); ++round) {
        std::vector<int> rows(static_cast<std::size_t>(order.row_blocks)), cols(met.size());
        for (std::int64_t i = 0; i < order.meetings(round); ++i) {
          const auto [row, col] = order.meeting(round, i);
          if (col >= order.col_blocks) continue;
          ++met[static_cast<std::size_t>(row * order.col_blocks + col)];
          auto& other = order.symmetric && row != col ? rows : cols;  // one set of blocks, or two
          EXPECT_EQ(rows[static_cast<std::size_t>(row)]++, 0);
          EXPECT_EQ(other[static_cast<std::size_t>(col)]++, 0);
        }
      }
      for (std::int64_t row = 0; row < order.row_blocks; ++row)
        for (std::int64_t col = 0; col < order.col_blocks; ++col)
          EXPECT_EQ(met[static_cast<std::size_t>(row * order.col_blocks + col)], order.symmetric && row > col ? 0 : 1);
    }
}

TEST(PairKernel, GivesTheSameBitsAtAnyNumberOfThreads) {
  const auto numbers = [](int threads, const kernels::PairShape& s) {
    const test::WithThreads scope(threads);
    const Array a = random_array({s.rows, s.dim}, 1, DType::f32), dy = random_array({s.rows}, 3, DType::f32);
    const Array c = s.symmetric ? a : random_array({s.cols, s.dim}, 2, DType::f32);
    return s.symmetric ? run_pairs<float>(s, kernels::PartnerView{s.rows / 2}, kernels::LogSumExp{}, a, c, dy)
                       : run_pairs<float>(s, kernels::AllPairs{}, kernels::LogSumExp{}, a, c, dy);
  };
  for (const kernels::PairShape& s : {kernels::PairShape{902, 902, 33, 2, true}, {301, 1200, 33, 2}}) {
    const PairNumbers one = numbers(1, s);
    for (const int threads : {2, 3}) {
      const PairNumbers many = numbers(threads, s);
      expect_close(many.y, one.y, tol::exact);
      expect_close(many.da, one.da, tol::exact);
      expect_close(many.dc, one.dc, tol::exact);
    }
  }
}

TEST(PairKernel, OfARowWithoutCandidatesIsMinusInfinityWithoutGradient) {
  const Array one = random_array({1, 4}, 1, DType::f32), dy = Array::ones({1}, DType::f32);
  const PairNumbers got =
      run_pairs<float>({1, 1, 4, 1, true}, kernels::OthersOnly{}, kernels::LogSumExp{}, one, one, dy);
  EXPECT_EQ(at(got.y, 0), -INFINITY);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(at(got.da, i), 0);
}

TEST(PairKernel, ANaNSpoilsItsOwnRowOnly) {
  Array a = random_array({9, 4}, 1, DType::f32);
  a.mut<float>()[5 * 4 + 2] = NAN;
  const Array c = random_array({20, 4}, 2, DType::f32);
  const PairNumbers got =
      run_pairs<float>({9, 20, 4, 1}, kernels::AllPairs{}, kernels::LogSumExp{}, a, c, Array::ones({9}, DType::f32));
  for (int i = 0; i < 9; ++i) EXPECT_EQ(std::isnan(at(got.y, i)), i == 5) << i;
}
