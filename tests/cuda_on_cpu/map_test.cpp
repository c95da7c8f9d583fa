// map, add_row and dropout_mask.
#include "kernels/cuda/map.hpp"

#include <tuple>
#include <typeinfo>

#include "kernels/cpu/add_row.hpp"
#include "kernels/cpu/dropout.hpp"
#include "kernels/cpu/map.hpp"
#include "kernels/cuda/add_row.hpp"
#include "kernels/cuda/dropout.hpp"
#include "kernels/scalar.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using namespace kernels;

/// What only moves values, or computes each in one rounding, may not differ from the CPU.
constexpr TwinTolerance map_exact{0, 0};
/// One more than what a whole grid takes in one pass, when each thread takes `each`.
constexpr std::int64_t beyond_one_pass(std::int64_t each) { return most_blocks * block_threads * each + 1; }

template <class T>
class CudaMap : public testing::Test {};
using MapTypes = testing::Types<float, double, bf16>;
TYPED_TEST_SUITE(CudaMap, MapTypes);

// ---- every formula --------------------------------------------------------------------------------------------------

const std::tuple all_formulas{Add{},          Sub{},
                              Mul{},          Div{},
                              DivVjpB{},      Maximum{},
                              MaximumVjp{},   Equal{},
                              AddScaled{0.3}, Identity{},
                              Scale{0.3},     DivScalar{0.3},
                              AddScalar{0.3}, Square{},
                              SquareVjp{},    Sqrt{},
                              SqrtVjp{},      Exp{},
                              Log{},          Abs{},
                              AbsVjp{},       Pow{2.5},
                              PowVjp{2.5},    PowVjp{0},
                              Clamp{-0.3, 2}, ClampVjp{-0.3, 2},
                              Relu{},         ReluVjp{},
                              Sigmoid{},      SigmoidVjp{},
                              Tanh{},         TanhVjp{},
                              Softplus{},     SoftplusVjp{},
                              Gelu{},         GeluVjp{}};

/// Every pair of special values, and then numbers; the third operand is one of these numbers.
template <class T>
struct Formulas {
  std::vector<T> a, b, c;

  Formulas() {
    const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    const double special[] = {0, -0.0, 1, -1, inf, -inf, nan, 1000, -1000};
    for (const double x : special)
      for (const double y : special) add(x, y);
    Twins numbers;
    for (const double x : numbers.numbers(257)) add(x, numbers.numbers(1)[0]);
    for (const double x : numbers.numbers(static_cast<std::int64_t>(a.size()))) c.push_back(convert_one<T>(x));
  }
  void add(double x, double y) { a.push_back(convert_one<T>(x)), b.push_back(convert_one<T>(y)); }

  /// f of as many operands as it takes, on the device and here.
  template <class F>
  void expect_agreement(F f) const {
    using C = compute_t<T>;
    SCOPED_TRACE(typeid(F).name());
    if constexpr (std::is_invocable_v<F, C>)
      expect_agreement_on(f, a);
    else if constexpr (std::is_invocable_v<F, C, C>)
      expect_agreement_on(f, a, b);
    else
      expect_agreement_on(f, a, b, c);
  }
  /// One value after another, and down the columns of a matrix.
  template <class F, class... In>
  void expect_agreement_on(F f, const In&... in) const {
    using C = compute_t<T>;
    const auto n = static_cast<std::int64_t>(a.size()), rows = n / 2;
    StridedLoop<sizeof...(In)> loop{.rank = 2, .size = {rows, 2}, .stride = {}};
    for (auto& stride : loop.stride) stride[0] = 1, stride[1] = rows;
    const OnDevice<T> y(std::vector<T>(a.size())), down(std::vector<T>(a.size()));
    const auto compute = [&](const auto&... x) {
      kernels::map(Cuda{}, n, y.data(), f, x.data()...);
      kernels::map_strided(Cuda{}, loop, down.data(), f, x.data()...);
      cudaDeviceSynchronize();
    };
    compute(OnDevice<T>(in)...);
    std::vector<double> want, want_down;
    for (std::size_t i = 0; i < a.size(); ++i) want.push_back(f(C(in[i])...));
    for (std::size_t i = 0; i < a.size(); ++i) want_down.push_back(want[i % 2 * a.size() / 2 + i / 2]);
    expect_close_to(y.host(), want);
    expect_close_to(down.host(), want_down);
  }
  static void expect_close_to(const std::vector<T>& got, const std::vector<double>& want) {
    for (std::size_t i = 0; i < want.size(); ++i) {
      const auto value = static_cast<double>(static_cast<compute_t<T>>(got[i]));
      const bool close = std::isfinite(want[i])
                             ? std::abs(value - want[i]) <= twin_tolerance<T>.largest * std::max(1.0, std::abs(want[i]))
                             : value == want[i] || (std::isnan(value) && std::isnan(want[i]));
      EXPECT_TRUE(close) << i << ": " << value << ", here " << want[i];
    }
  }
};

TYPED_TEST(CudaMap, ComputesEveryFormula) {
  const Formulas<TypeParam> formulas;
  std::apply([&](auto... f) { (formulas.expect_agreement(f), ...); }, all_formulas);
}

// ---- map ------------------------------------------------------------------------------------------------------------

template <class T>
void expect_map(std::int64_t n, std::int64_t a_offset, std::int64_t b_offset, std::int64_t y_offset) {
  SCOPED_TRACE(cat("n ", n, ", offsets ", a_offset, ' ', b_offset, ' ', y_offset));
  Twins twins;
  const auto a = twins.input(n + a_offset), b = twins.input(n + b_offset), y = twins.in_out(n + y_offset);
  twins.compare<T>(
      [&](auto queue, auto at) {
        kernels::map(queue, n, at(y) + y_offset, Maximum{}, at(a) + a_offset, at(b) + b_offset);
      },
      map_exact);
}

TYPED_TEST(CudaMap, IsItsTwinAtAnyAlignment) {
  expect_map<TypeParam>(0, 0, 0, 0);
  for (const std::int64_t n : twin_sizes) {
    expect_map<TypeParam>(n, 0, 0, 0);
    expect_map<TypeParam>(n, 1, 0, 0);
    expect_map<TypeParam>(n, 0, 3, 0);
    expect_map<TypeParam>(n, 0, 0, 1);
    expect_map<TypeParam>(n, 1, 1, 1);
  }
}

TEST(CudaMapLong, TakesSeveralPasses) {
  expect_map<double>(beyond_one_pass(2), 0, 0, 0);
  expect_map<float>(beyond_one_pass(1), 1, 0, 0);
}

TYPED_TEST(CudaMap, MayWriteWhereItReads) {
  Twins twins;
  const std::int64_t n = 1001;
  const auto x = twins.input(n), y = twins.in_out(n);
  twins.compare<TypeParam>([&](auto queue, auto at) { kernels::map(queue, n, at(y), Add{}, at(y), at(x)); }, map_exact);
}

// ---- convert --------------------------------------------------------------------------------------------------------

template <class From, class To>
void expect_convert(const std::vector<double>& numbers) {
  SCOPED_TRACE(cat(typeid(From).name(), " to ", typeid(To).name()));
  std::vector<From> x;
  for (const double number : numbers) x.push_back(convert_one<From>(number));
  const OnDevice<From> from(x);
  const OnDevice<To> to(std::vector<To>(x.size()));
  kernels::convert(Cuda{}, static_cast<std::int64_t>(x.size()), from.data(), to.data());
  const std::vector<To> got = to.host();
  for (std::size_t i = 0; i < x.size(); ++i) {  // Cpu's loop is this one
    const auto a = static_cast<compute_t<To>>(got[i]), b = static_cast<compute_t<To>>(convert_one<To>(x[i]));
    if (a != b && !(a != a && b != b)) ADD_FAILURE() << i << ": " << numbers[i] << " gives " << +a << ", here " << +b;
  }
}

template <class From, class... To>
void expect_convert_to_all(const std::vector<double>& numbers) {
  (expect_convert<From, To>(numbers), ...);
}
template <class... T>
void expect_convert_between(const std::vector<double>& numbers) {
  (expect_convert_to_all<T, T...>(numbers), ...);
}

TEST(CudaConvert, IsItsTwinBetweenAllTypes) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> numbers = {0,     -0.0, 1,    -1,         1.5,         -1.5, 127.9,  255,    255.5,   256,
                                 -0.9,  1e5,  65.5, 2147483647, 2147483648., -3e9, 1e10,   0x1p62, 0x1p63,  -0x1p63,
                                 1e300, inf,  -inf, nan,        16777217,    1e-3, 1 / 3., 1e-50,  3.39e38, 3.5e38};
  for (int i = 0; i < 230; ++i) numbers.push_back(i * 37.25 - 4000);
  expect_convert_between<float, double, bf16, std::int64_t, std::int32_t, std::uint8_t>(numbers);
}

// ---- map_strided ----------------------------------------------------------------------------------------------------

template <class T>
void expect_strided(const StridedLoop<3>& loop) {
  Twins twins;
  std::int64_t n = 1, reach[3] = {1, 1, 1};  // how far each operand is read
  for (int axis = 0; axis < loop.rank; ++axis) {
    n *= loop.size[axis];
    for (int k = 0; k < 3; ++k) reach[k] += (loop.size[axis] - 1) * loop.stride[k][axis];
  }
  const auto a = twins.input(reach[0]), b = twins.input(reach[1]), c = twins.input(reach[2]), y = twins.output(n);
  twins.compare<T>(
      [&](auto queue, auto at) { kernels::map_strided(queue, loop, at(y), MaximumVjp{}, at(a), at(b), at(c)); },
      map_exact);
}

TYPED_TEST(CudaMap, StridedReadsEveryOperandAtItsOwnStrides) {
  for (const std::int64_t cols : {1, 3, 33, 257, 1000}) {
    const std::int64_t rows = cols > 100 ? 7 : 300;
    SCOPED_TRACE(cols);
    expect_strided<TypeParam>({.rank = 2, .size = {rows, cols}, .stride = {{cols, 1}, {0, 1}, {1, 0}}});
    expect_strided<TypeParam>({.rank = 2, .size = {rows, cols}, .stride = {{1, rows}, {0, 0}, {2 * cols, 2}}});
    expect_strided<TypeParam>({.rank = 1, .size = {cols}, .stride = {{1}, {0}, {3}}});
  }
}

TYPED_TEST(CudaMap, StridedCountsOverManyAxes) {
  expect_strided<TypeParam>({.rank = 3, .size = {3, 57, 5}, .stride = {{285, 1, 57}, {0, 0, 1}, {1, 3, 0}}});
  expect_strided<TypeParam>({.rank = 4, .size = {3, 4, 5, 7}, .stride = {{1, 3, 12, 60}, {7, 0, 21, 1}, {0, 1, 0, 4}}});
  expect_strided<TypeParam>({.rank = 8,
                             .size = {2, 3, 1, 2, 3, 2, 1, 3},
                             .stride = {{108, 36, 36, 18, 6, 3, 3, 1}, {1, 2, 0, 6, 12, 36, 0, 72}, {}}});
}

TEST(CudaMapStrided, TakesSeveralPasses) {
  const std::int64_t rows = 1100, cols = 1003;  // more than the squat blocks of one grid
  Twins twins;
  const auto x = twins.input(rows * cols), y = twins.output(rows * cols);
  const StridedLoop<1> transposed{.rank = 2, .size = {rows, cols}, .stride = {{1, rows}}};
  const StridedLoop<1> one_row{.rank = 1, .size = {rows * cols}, .stride = {{1}}};
  for (const StridedLoop<1>& loop : {transposed, one_row})
    twins.compare<float>([&](auto queue, auto at) { kernels::map_strided(queue, loop, at(y), Identity{}, at(x)); },
                         map_exact);
}

template <class I>
void expect_copied_integers() {
  Twins twins;
  const auto x = twins.whole_input<I>({1, 2, 3, 4, 5, 255});
  const auto y = twins.whole_output<I>(7), z = twins.whole_output<I>(7);
  twins.compare<float>([&](auto queue, auto at) {
    const StridedLoop<1> transposed{.rank = 2, .size = {3, 2}, .stride = {{1, 3}}};
    kernels::map_strided(queue, transposed, at(y), Identity{}, at(x));
    const StridedLoop<1> no_rows{.rank = 2, .size = {0, 2}, .stride = {{1, 3}}},
        no_columns{.rank = 2, .size = {3, 0}, .stride = {{1, 3}}};
    kernels::map_strided(queue, no_rows, at(y), Identity{}, at(x));
    kernels::map_strided(queue, no_columns, at(y), Identity{}, at(x));
    kernels::map(queue, 6, at(z), Identity{}, at(x));
  });
}

TEST(CudaMapStrided, CopiesIntegersAndWritesNothingWhereThereIsNothing) {
  expect_copied_integers<std::uint8_t>();
  expect_copied_integers<std::int32_t>();
  expect_copied_integers<std::int64_t>();
}

// ---- add_row --------------------------------------------------------------------------------------------------------

TYPED_TEST(CudaMap, AddRowIsItsTwin) {
  for (const std::int64_t rows : {0, 1, 7, 257})
    for (const std::int64_t cols : {0, 1, 32, 33, 1000})
      for (const std::int64_t offset : {0, 1}) {
        SCOPED_TRACE(cat(rows, " x ", cols, ", offset ", offset));
        Twins twins;
        const auto row = twins.input(cols + offset), y = twins.in_out(rows * cols);
        twins.compare<TypeParam>(
            [&](auto queue, auto at) { kernels::add_row(queue, rows, cols, at(row) + offset, at(y)); }, map_exact);
      }
}

TEST(CudaAddRow, TakesSeveralPasses) {
  for (const std::int64_t rows : {3, 370'000}) {
    const std::int64_t cols = rows == 3 ? beyond_one_pass(1) : 3;
    Twins twins;
    const auto row = twins.input(cols), y = twins.in_out(rows * cols);
    twins.compare<float>([&](auto queue, auto at) { kernels::add_row(queue, rows, cols, at(row), at(y)); }, map_exact);
  }
}

// ---- dropout --------------------------------------------------------------------------------------------------------

/// The mask begins `offset` values into its memory. What lies around it stays.
template <class T>
void expect_dropout(std::int64_t n, double p, std::uint64_t seed, std::uint32_t call, std::int64_t offset) {
  SCOPED_TRACE(cat("n ", n, ", p ", p, ", offset ", offset));
  std::vector<T> want(static_cast<std::size_t>(offset + n + 1), static_cast<T>(7.0f));
  const OnDevice<T> mask(want);
  const std::int64_t number = (std::int64_t{3} << 32) + call;  // of which the lower half counts
  const OnDevice<std::int64_t> there(std::vector<std::int64_t>{number});
  kernels::dropout_mask(Cpu{}, n, p, seed, &number, want.data() + offset);
  kernels::dropout_mask(Cuda{}, n, p, seed, there.data(), mask.data() + offset);
  EXPECT_TRUE(mask.host() == want);
}

TYPED_TEST(CudaMap, DropoutDrawsTheBitsOfTheCpu) {
  const std::uint64_t seed = 0x123456789abcdefu;
  for (const std::int64_t n : {0, 1, 7, 33, 257, 1000, 4096, 4097, 20'003})
    for (const std::int64_t offset : {0, 1}) expect_dropout<TypeParam>(n, 0.3, seed, 0xabcdef12u, offset);
  for (const double p : {0.0, 0x1p-24, 0.1, 0.5, 1 - 0x1p-24, 1 - 0x1p-30}) expect_dropout<TypeParam>(5000, p, 1, 3, 0);
}

TEST(CudaDropout, DecidesWhereADrawEqualsTheProbability) {
  Draws draws(1, {.epoch = 0, .view = 3, .stream = stream_of("dropout")});
  for (int i = 0; i < 20; ++i) {
    const double p = draws.uniform();
    expect_dropout<double>(20, p, 1, 3, 0);
    expect_dropout<double>(20, std::nextafter(p, 1), 1, 3, 0);
    expect_dropout<double>(20, std::nextafter(p, 0), 1, 3, 0);
  }
}

TEST(CudaDropout, TakesSeveralPasses) { expect_dropout<float>(beyond_one_pass(4), 0.2, 5, 6, 0); }

}  // namespace
}  // namespace akin_test
