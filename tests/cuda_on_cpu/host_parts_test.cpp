// Parts of the library that the host does for the device: what goes there and back must not be forgotten.
#include <akin/akin.hpp>

#include "twins.hpp"

namespace akin_test {
namespace {

double element_of(const Array& a, std::int64_t i) { return a.to(Device::cpu).reshape({-1}).slice(0, i, i + 1).item(); }

TEST(CudaHostParts, SupConFindsItsClassesOnTheHost) {
  const Array labels = Array::from<std::int64_t>({5}, {3, -1, 3, 7, 7});
  const auto loss_and_slope = [&](Device device, const Array& classes) {
    const auto view = [&](int which) {
      Array x = Array::empty({5, 4}, DType::f64);
      for (std::int64_t i = 0; i < x.size(); ++i) x.mut<double>()[i] = std::sin(static_cast<double>(which + i * i));
      return Tensor(x.to(device), true);
    };
    const Tensor a = view(1), b = view(2);
    const Tensor loss = losses::sup_con(a, b, classes);
    loss.backward();
    return std::pair(loss.item(), element_of(a.grad(), 6));
  };
  const auto here = loss_and_slope(Device::cpu, labels);
  for (const Array& classes : {labels, labels.to(Device::cuda)}) {
    const auto there = loss_and_slope(Device::cuda, classes);
    EXPECT_NEAR(there.first, here.first, 1e-12);
    EXPECT_NEAR(there.second, here.second, 1e-12);
  }
}

/// A layer of each kind that draws or sets values.
nn::Module every_initializer() {
  return nn::Sequential(nn::Conv2d({.in = 1, .out = 4, .kernel = 3}), nn::BatchNorm({.features = 4}),
                        nn::GlobalAveragePool(), nn::Linear({.in = 4, .out = 3}), nn::LayerNorm({.features = 3}),
                        nn::Dropout({.p = 0.5}));
}

TEST(CudaHostParts, InitialValuesDoNotDependOnTheDevice) {
  const nn::Module here = every_initializer(), there = every_initializer();
  there.to(Device::cuda);
  for (const auto& [name, tensor] : there.named_tensors())  // values that no initializer leaves
    if (is_floating(tensor.dtype())) ops::assign(tensor.mutable_value(), ops::add_scalar(tensor.value(), 5));
  here.initialize(3);
  there.initialize(3);
  const auto a = here.named_tensors(), b = there.named_tensors();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k)
    for (std::int64_t i = 0; i < a[k].tensor.size(); ++i)
      ASSERT_EQ(element_of(b[k].tensor.value(), i), element_of(a[k].tensor.value(), i)) << a[k].name << ' ' << i;
  EXPECT_EQ(there.device(), Device::cuda);
}

TEST(CudaHostParts, ANetworkOnTheDeviceHasTheSummaryOfOneOnTheHost) {
  const nn::Module here = every_initializer(), there = here.clone();
  there.to(Device::cuda);
  EXPECT_EQ(nn::summary(there, {2, 5, 5, 1}), nn::summary(here, {2, 5, 5, 1}));
}

}  // namespace
}  // namespace akin_test
