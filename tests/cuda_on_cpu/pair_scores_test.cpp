#include "kernels/cuda/pair_scores.hpp"

#include <type_traits>

#include "kernels/cpu/pair_scores.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using kernels::PairShape;

template <class T>
class CudaPairScores : public testing::Test {};
using PairTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(CudaPairScores, PairTypes);

/// Not the same from both sides, unlike those of the losses.
struct LopsidedPairs {
  static constexpr int exclusions = 1;
  AKIN_HD std::int64_t excluded(std::int64_t i, int) const { return 2 * i; }
  AKIN_HD std::int64_t target(std::int64_t i) const { return i % 3 == 0 ? -1 : i + 1; }
};

/// Rows of the length that losses give them, about 1.
std::vector<double> embeddings(Twins& twins, std::int64_t count, std::int64_t dim) {
  std::vector<double> x = twins.numbers(count * dim);
  for (double& value : x) value = static_cast<float>(value / (2 * std::sqrt(static_cast<double>(dim))));
  return x;
}

/// Forward, and from what it keeps backward, in one.
template <class T, class Pairs, class Reduction>
void compare_pair_twins(const PairShape& s, const Pairs& pairs, const Reduction& f) {
  SCOPED_TRACE(testing::Message() << s.rows << " x " << s.cols << " of " << s.dim);
  Twins twins;
  const auto a = twins.input(embeddings(twins, s.rows, s.dim));
  const auto c = s.symmetric ? a : twins.input(embeddings(twins, s.cols, s.dim));
  const auto dy = twins.input(s.rows), y = twins.output(s.rows), shift = twins.output(s.rows);
  const auto sum = twins.double_output(s.rows);
  const auto da = twins.output(s.rows * s.dim), dc = twins.output(s.symmetric ? 0 : s.cols * s.dim);
  twins.compare<T>([&](auto queue, auto at) {
    kernels::reduce_pairs(queue, s, pairs, f, at(a), at(c), at(y), at(shift), at(sum));
    kernels::reduce_pairs_backward(queue, s, pairs, f, at(a), at(c), at(dy), at(shift), at(sum), at(da),
                                   s.symmetric ? nullptr : at(dc));
  });
}

TYPED_TEST(CudaPairScores, OfTwoSidesAreTheirTwins) {
  const kernels::LogSumExp choice;
  const kernels::SoftplusSum decisions{-3};
  for (const std::int64_t dim : {1, 7, 33})
    for (const std::int64_t rows : {1, 7, 33, 70}) {
      const std::int64_t cols = 71 - rows;
      compare_pair_twins<TypeParam>({rows, cols, dim, 2}, kernels::AllPairs{}, choice);
      compare_pair_twins<TypeParam>({rows, cols, dim, 2}, kernels::AllPairs{}, decisions);
      if (rows > cols) continue;  // each row needs its column
      compare_pair_twins<TypeParam>({rows, cols, dim, 2}, kernels::EqualIndex{}, choice);
      compare_pair_twins<TypeParam>({rows, cols, dim, 2}, kernels::EqualIndex{}, decisions);
    }
  compare_pair_twins<TypeParam>({70, 141, 7, 2}, LopsidedPairs{}, choice);
  compare_pair_twins<TypeParam>({70, 141, 7, 2}, LopsidedPairs{}, decisions);
}

TYPED_TEST(CudaPairScores, OfASetWithItselfAreTheirTwins) {
  for (const std::int64_t dim : {4, 33})
    for (const std::int64_t n : {1, 7, 33, 70}) {
      const PairShape s{2 * n, 2 * n, dim, 2, true};
      compare_pair_twins<TypeParam>(s, kernels::PartnerView{n}, kernels::LogSumExp{});
      compare_pair_twins<TypeParam>(s, kernels::PartnerView{n}, kernels::SoftplusSum{-1});
      compare_pair_twins<TypeParam>(s, kernels::OthersOnly{}, kernels::LogSumExp{});
      if (n > 1) compare_pair_twins<TypeParam>(s, kernels::DecoupledPartner{n}, kernels::LogSumExp{});
    }
}

TYPED_TEST(CudaPairScores, AreTheirTwinsWithManyBlocks) {
  compare_pair_twins<TypeParam>({130, 1000, 7, 5}, kernels::EqualIndex{}, kernels::LogSumExp{});
  compare_pair_twins<TypeParam>({1000, 65, 8, 5}, kernels::AllPairs{}, kernels::SoftplusSum{-2});
  compare_pair_twins<TypeParam>({65, 66, 257, 5}, kernels::EqualIndex{}, kernels::LogSumExp{});
}

TYPED_TEST(CudaPairScores, AreTheirTwinsWherePartsHaveSeveralBlocks) {
  const kernels::detail::PairParts parts(17, 300);
  EXPECT_EQ(parts.count, 22);
  EXPECT_EQ(parts.blocks, 14);
  compare_pair_twins<TypeParam>({1, 3 * 132 * 64 + 1, 2, 5}, kernels::AllPairs{}, kernels::LogSumExp{});
}

TYPED_TEST(CudaPairScores, DoNotOverflowAtLargeScales) {
  for (const double scale : {100.0, 1e4})
    compare_pair_twins<TypeParam>({66, 66, 7, scale, true}, kernels::PartnerView{33}, kernels::LogSumExp{});
}

TYPED_TEST(CudaPairScores, OfOneSideAloneLeaveTheOther) {
  const PairShape s{9, 20, 5, 2};
  Twins twins;
  const auto a = twins.input(embeddings(twins, 9, 5)), c = twins.input(embeddings(twins, 20, 5)), dy = twins.input(9);
  const auto y = twins.output(9), shift = twins.output(9), da = twins.output(45), dc = twins.output(100);
  const auto sum = twins.double_output(9);
  twins.compare<TypeParam>([&](auto queue, auto at) {
    const kernels::AllPairs all;
    const kernels::LogSumExp f;
    const decltype(at(da)) none = nullptr;
    kernels::reduce_pairs(queue, s, all, f, at(a), at(c), at(y), at(shift), at(sum));
    kernels::reduce_pairs_backward(queue, s, all, f, at(a), at(c), at(dy), at(shift), at(sum), at(da), none);
    kernels::reduce_pairs_backward(queue, s, all, f, at(a), at(c), at(dy), at(shift), at(sum), none, at(dc));
  });
}

TYPED_TEST(CudaPairScores, OfNothingAreTheirTwins) {
  compare_pair_twins<TypeParam>({0, 5, 3, 1}, kernels::AllPairs{}, kernels::LogSumExp{});
  compare_pair_twins<TypeParam>({5, 0, 3, 1}, kernels::AllPairs{}, kernels::SoftplusSum{});
  compare_pair_twins<TypeParam>({5, 70, 0, 1}, kernels::AllPairs{}, kernels::LogSumExp{});
  compare_pair_twins<TypeParam>({0, 0, 3, 1, true}, kernels::OthersOnly{}, kernels::LogSumExp{});
}

/// y and da of both backends, of which the maxima cannot be compared with those in double: the lowest number of a type.
template <class T, class Pairs>
void compare_odd_pairs(const PairShape& s, const Pairs& pairs, std::vector<double> values) {
  Twins twins;
  const auto a = twins.input(std::move(values)), c = twins.input(embeddings(twins, s.cols, s.dim));
  const auto dy = twins.input(s.rows), y = twins.output(s.rows), da = twins.output(s.rows * s.dim);
  const auto dc = twins.output(s.symmetric ? 0 : s.cols * s.dim);
  twins.compare<T>([&](auto queue, auto at) {
    using P = decltype(at(a));
    using V = std::remove_pointer_t<P>;
    constexpr bool on_device = std::is_same_v<decltype(queue), kernels::Cuda>;
    const std::vector<V> zeros(static_cast<std::size_t>(s.rows));
    const std::vector<double> wide_zeros(zeros.size());
    const OnDevice<V> shift(zeros);
    const OnDevice<double> sum(wide_zeros);
    std::vector<V> host_shift = zeros;
    std::vector<double> host_sum = wide_zeros;
    V* const tops = on_device ? shift.data() : host_shift.data();
    double* const sums = on_device ? sum.data() : host_sum.data();
    const kernels::LogSumExp f;
    kernels::reduce_pairs(queue, s, pairs, f, at(a), s.symmetric ? at(a) : at(c), at(y), tops, sums);
    kernels::reduce_pairs_backward(queue, s, pairs, f, at(a), s.symmetric ? at(a) : at(c), at(dy), tops, sums, at(da),
                                   s.symmetric ? nullptr : at(dc));
    if (on_device) check_cuda("test", cudaDeviceSynchronize());
  });
}

TYPED_TEST(CudaPairScores, OfARowWithoutCandidatesAreMinusInfinityWithoutGradient) {
  compare_odd_pairs<TypeParam>({1, 1, 4, 1, true}, kernels::OthersOnly{}, {1, 2, 3, 4});
  compare_odd_pairs<TypeParam>({2, 2, 2, 1, true}, kernels::DecoupledPartner{1}, {1, 2, 3, 4});
  compare_odd_pairs<TypeParam>({2, 0, 2, 1}, kernels::AllPairs{}, {1, 2, 3, 4});
}

TYPED_TEST(CudaPairScores, SpoiltByANaNOrInfinityAreTheirTwins) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double odd : {std::numeric_limits<double>::quiet_NaN(), inf, -inf}) {
    Twins twins;
    std::vector<double> values = embeddings(twins, 70, 4);
    values[5 * 4 + 2] = odd;
    compare_odd_pairs<TypeParam>({70, 20, 4, 1}, kernels::AllPairs{}, values);
    compare_odd_pairs<TypeParam>({70, 70, 4, 1, true}, kernels::PartnerView{35}, values);
  }
}

}  // namespace
}  // namespace akin_test
