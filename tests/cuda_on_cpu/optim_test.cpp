#include "kernels/cuda/optim.hpp"

#include "kernels/cpu/optim.hpp"
#include "twins.hpp"

namespace akin_test {
namespace {

using kernels::AdamStep;
using kernels::EmaStep;
using kernels::SgdStep;

template <class T>
class CudaOptim : public testing::Test {};
using OptimTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(CudaOptim, OptimTypes);

/// Sizes of tensors: empty ones, ends of pieces, and several pieces.
const std::int64_t tensor_sizes[] = {1, 0, 7, 33, 257, 1000, 8191, 8192, 8193, 20005, 3, 0};

const std::vector<std::int64_t> all_tensor_sizes(std::begin(tensor_sizes), std::end(tensor_sizes));

/// A network of many small tensors: several tables of them.
std::vector<std::int64_t> many_tensors() {
  std::vector<std::int64_t> sizes;
  for (std::int64_t i = 0; i < 140; ++i) sizes.push_back(i % 13);
  return sizes;
}

/// Where tensors of these sizes begin in one piece of memory, all `offset` values off the alignment; last, its size.
std::vector<std::int64_t> tensor_starts(const std::vector<std::int64_t>& sizes, std::int64_t offset) {
  std::vector<std::int64_t> starts{offset};
  for (const std::int64_t n : sizes) starts.push_back(starts.back() + (n + 3) / 4 * 4);
  return starts;
}

/// Applies step_of(index) to tensors of these sizes, with so many states; with a gate also with counts, products and rates.
template <class T, class StepOf>
void expect_update_twins(const std::vector<std::int64_t>& sizes, int states, std::int64_t offset, StepOf step_of,
                         const std::vector<double>& gate = {}) {
  using Step = decltype(step_of(0));
  const std::vector<std::int64_t> starts = tensor_starts(sizes, offset);
  Twins twins;
  std::vector<double> squares = twins.numbers(starts.back());
  for (double& square : squares) square = std::abs(square);
  const auto value = twins.in_out(starts.back()), input = twins.input(starts.back()),
             state0 = twins.in_out(starts.back()), state1 = twins.in_out(squares);
  const auto gates = twins.double_input(gate);
  const auto counts = twins.whole_in_out(sizes);
  std::vector<double> products(3 * sizes.size());
  for (std::size_t i = 0; i < products.size(); ++i) products[i] = i % 9 == 0 ? 0 : 1.0 + static_cast<double>(i % 7);
  const auto product = twins.double_input(products);
  const auto rates = twins.double_input({0.07});
  twins.compare<T>([&](auto queue, auto at) {
    using V = std::remove_reference_t<decltype(*at(value))>;
    std::vector<kernels::TensorUpdate<V, Step>> updates;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      updates.push_back({sizes[i], step_of(static_cast<int>(i)), at(value) + starts[i], at(input) + starts[i],
                         states > 0 ? at(state0) + starts[i] : nullptr, states > 1 ? at(state1) + starts[i] : nullptr});
      if (!gate.empty())
        updates.back().numbers = {at(counts) + i, reinterpret_cast<const kernels::UpdateProducts*>(at(product) + 3 * i),
                                  i % 2 == 0 ? at(rates) : nullptr};
    }
    kernels::apply_updates(queue, updates, gate.empty() ? nullptr : at(gates));
  });
}

TYPED_TEST(CudaOptim, SgdIsItsTwin) {
  for (const int states : {0, 1})
    expect_update_twins<TypeParam>(all_tensor_sizes, states, 0, [&](int i) {
      return SgdStep{
          .lr = 0.1 * (i + 1), .momentum = 0.9, .weight_decay = 0.01, .nesterov = i % 2 == 0, .scale = 0.5 + i};
    });
}

TYPED_TEST(CudaOptim, AdamIsItsTwin) {
  for (const bool decoupled : {false, true})
    expect_update_twins<TypeParam>(all_tensor_sizes, 2, 0, [&](int i) {
      return AdamStep{.lr = 0.01 * (i + 1), .weight_decay = 0.1, .decoupled = decoupled}.at(i + 1);
    });
}

TYPED_TEST(CudaOptim, AdamCountsItsStepsWhereItsNumbersLie) {
  for (const double gate : {0.5, 1.0, 0.0, std::nan("")})
    expect_update_twins<TypeParam>(all_tensor_sizes, 2, 0,
                                   [](int) { return AdamStep{.lr = 0.01, .weight_decay = 0.1}; }, {gate});
}

TYPED_TEST(CudaOptim, EmaIsItsTwin) {
  expect_update_twins<TypeParam>(all_tensor_sizes, 0, 0, [](int i) { return EmaStep{0.9 + 0.005 * i}; });
  for (const double gate : {0.5, std::nan("")})
    expect_update_twins<TypeParam>(all_tensor_sizes, 0, 0, [](int) { return EmaStep{0.9}; }, {gate});
}

TYPED_TEST(CudaOptim, CopiesAreTheirTwins) {
  expect_update_twins<TypeParam>(all_tensor_sizes, 0, 0, [](int) { return kernels::CopyStep{}; });
}

TYPED_TEST(CudaOptim, LarsIsItsTwin) {
  using kernels::LarsForm;
  for (const LarsForm form : {LarsForm::fb, LarsForm::lightly, LarsForm::larc_clip, LarsForm::simclr})
    for (const double gate : {0.5, 1.0, std::nan("")})
      expect_update_twins<TypeParam>(
          all_tensor_sizes, 1, 0,
          [form](int i) {
            return kernels::LarsStep{
                {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01 * (i % 3)}, 0.02 * (1 + i), form, i % 4 != 0};
          },
          {gate});
}

TYPED_TEST(CudaOptim, LambIsItsTwin) {
  for (const double gate : {0.5, std::nan("")})
    expect_update_twins<TypeParam>(all_tensor_sizes, 0, 0,
                                   [](int i) {
                                     return kernels::LambStep{{.lr = 0.1, .weight_decay = 0.01}, i % 2 == 0};
                                   },
                                   {gate});
}

TYPED_TEST(CudaOptim, UpdatesWhatIsNotAligned) {
  expect_update_twins<TypeParam>({7, 8192, 9001}, 2, 1, [](int) { return AdamStep{.lr = 0.1}.at(3); });
}

TYPED_TEST(CudaOptim, UpdatesMoreTensorsThanOneTableHolds) {
  expect_update_twins<TypeParam>(many_tensors(), 1, 0, [](int i) { return SgdStep{.lr = 0.001 * i, .momentum = 0.5}; });
  kernels::apply_updates(kernels::Cuda{}, std::vector<kernels::TensorUpdate<TypeParam, SgdStep>>{});
}

/// Products and norms of tensors of these sizes.
template <class T>
void expect_sums_twins(const std::vector<std::int64_t>& sizes) {
  const std::vector<std::int64_t> starts = tensor_starts(sizes, 0);
  const auto count = static_cast<std::int64_t>(sizes.size());
  Twins twins;
  const auto value = twins.input(starts.back()), input = twins.input(starts.back());
  const auto norms = twins.double_output(count), products = twins.double_output(3 * count);
  const auto sums = [&](auto queue, auto at) {
    using V = std::remove_reference_t<decltype(*at(value))>;
    std::vector<kernels::ValueAndInput<V>> tensors, without_inputs;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      tensors.push_back({sizes[i], at(value) + starts[i], at(input) + starts[i]});
      without_inputs.push_back({sizes[i], at(value) + starts[i], nullptr});
    }
    kernels::squared_norms(queue, without_inputs, at(norms));
    kernels::update_products(queue, tensors, reinterpret_cast<kernels::UpdateProducts*>(at(products)));
  };
  twins.compare<T>(sums, {0, 0});  // products of Twins' numbers are exact in double
}

TYPED_TEST(CudaOptim, SumsAreTheirTwins) {
  expect_sums_twins<TypeParam>(all_tensor_sizes);
  expect_sums_twins<TypeParam>(many_tensors());
  expect_sums_twins<TypeParam>({0});
  expect_sums_twins<TypeParam>({40 * 8192 + 5, 1});  // more pieces than a warp has lanes
  kernels::update_products(kernels::Cuda{}, std::vector<kernels::ValueAndInput<TypeParam>>{}, nullptr);
}

template <class T>
std::vector<double> norms_on_cuda(const std::vector<kernels::ValueAndInput<T>>& tensors) {
  const OnDevice<double> norms(std::vector<double>(tensors.size(), -1));
  kernels::squared_norms(kernels::Cuda{}, tensors, norms.data());
  return norms.host();
}

TYPED_TEST(CudaOptim, SumsHaveTheSameBitsWhereNotAligned) {
  const std::int64_t n = 9001;
  std::vector<TypeParam> shifted{0};
  for (const double value : Twins().numbers(n)) shifted.push_back(static_cast<TypeParam>(value / 3));
  const OnDevice<TypeParam> a({shifted.begin() + 1, shifted.end()}), b(shifted);
  const auto norms = norms_on_cuda<TypeParam>({{n, a.data(), nullptr}, {n, b.data() + 1, nullptr}});
  EXPECT_EQ(norms[0], norms[1]);
}

TEST(CudaOptimSums, SquaresOfFloatsNeitherOverflowNorVanish) {
  const OnDevice<float> x({1e30f, 2e-30f, 1e30f});
  const auto norms = norms_on_cuda<float>({{1, x.data(), nullptr}, {1, x.data() + 1, nullptr}});
  EXPECT_NEAR(norms[0] / 1e60, 1, 1e-6);
  EXPECT_NEAR(norms[1] / 4e-60, 1, 1e-6);
}

}  // namespace
}  // namespace akin_test
