// What lets tests that know of no device run on one: where Arrays lie, and that the host may read them at any time.
#include <akin/nn/linear.hpp>
#include <akin/optim/sgd.hpp>

#include "support/gradients.hpp"

namespace akin {
namespace {

TEST(ManagedCuda, ArraysThatNameNoDeviceLieThere) {
  EXPECT_EQ(Array::empty({2}).device(), Device::cuda);
  EXPECT_EQ(Array::zeros({2}).device(), Device::cuda);
  EXPECT_EQ(Array::full({2}, 3).device(), Device::cuda);
  EXPECT_EQ(Array::eye(2).device(), Device::cuda);
  EXPECT_EQ(Array::from<float>({2}, {1, 2}).device(), Device::cuda);
  EXPECT_EQ(nn::Linear({.in = 2, .out = 2}).weight.value().device(), Device::cuda);
  EXPECT_EQ(Array::zeros({2}, DType::f32, Device::cpu).device(), Device::cpu);
}

TEST(ManagedCuda, TheHostReadsAndWritesWithoutACopy) {
  Array x = Array::from<float>({3}, {1, 2, 3});
  const Array doubled = ops::scale(x, 2);
  x.mut<float>()[1] = -7;  // after the op, which runs on a stream
  EXPECT_EQ(doubled.data<float>()[1], 4);
  EXPECT_EQ(ops::scale(x, 2).data<float>()[1], -14);
  EXPECT_EQ(x.slice(0, 1, 2).item(), -7);
}

TEST(ManagedCuda, CopiesGoToTheHostAndBack) {
  const Array there = Array::from<double>({2}, {1.5, -2}), here = there.to(Device::cpu);
  EXPECT_EQ(here.device(), Device::cpu);
  EXPECT_EQ(here.data<double>()[1], -2);
  EXPECT_EQ(here.to(Device::cuda).data<double>()[0], 1.5);
  expect_error([&] { ops::add(here, there); }, "add: devices differ: cpu vs cuda");
}

}  // namespace
}  // namespace akin
