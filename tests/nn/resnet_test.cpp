// ResNet-18 against torchvision's list of tensors. At -O0 under a sanitizer its 11.7 million weights take ten seconds to
// draw, so there only its block is tested.
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/models/resnet.hpp>
#include <fstream>

#include "support/gradients.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool too_slow = true;
#else
constexpr bool too_slow = false;
#endif

/// "name dtype [sizes]" of each tensor, convolution weights as torchvision lays them out.
std::vector<std::string> listed(const nn::Module& model) {
  std::vector<std::string> lines;
  for (const auto& [name, tensor] : model.named_tensors()) {
    Shape shape = tensor.shape();
    if (shape.rank() == 4) shape = {shape[0], shape[3], shape[1], shape[2]};
    lines.push_back(cat(name, ' ', tensor.dtype(), ' ', shape));
  }
  return lines;
}

void expect_gradients(const nn::Module& model) {
  for (const auto& p : model.named_parameters()) {
    ASSERT_TRUE(p.tensor.has_grad()) << p.name;
    EXPECT_GT(ops::sum(ops::mul(p.tensor.grad(), p.tensor.grad())).item(), 0) << p.name;
  }
}

TEST(Resnet, HasTorchvisionsTensorsInItsOrder) {
  if (too_slow) GTEST_SKIP();
  std::ifstream file("tests/reference/resnet18_state_dict.txt");
  ASSERT_TRUE(file) << "run this test in the root of the source tree";
  std::vector<std::string> want;
  for (std::string line; std::getline(file, line);)
    if (line[0] != '#') want.push_back(line);
  EXPECT_EQ(want.size(), 122u);
  EXPECT_EQ(listed(nn::resnet18({.classes = 1000})), want);
}

TEST(Resnet, TrainsOnSmallPictures) {
  if (too_slow) GTEST_SKIP();
  const nn::Module model = nn::resnet18({.small_images = true});
  EXPECT_EQ(model.parameter_count(), 11'168'832);
  const Tensor y = model(random_tensor({2, 9, 9, 3}));
  EXPECT_EQ(y.shape(), (Shape{2, 512}));
  sum(square(y)).backward();
  expect_gradients(model);
}

TEST(Resnet, TheStemForLargePicturesReducesFourfold) {
  if (too_slow) GTEST_SKIP();
  const auto after_stem = [](bool small_images, std::int64_t size) {
    const nn::Module model = nn::resnet18({.small_images = small_images});
    const auto& net = model.as<nn::Resnet>();
    return net.maxpool(net.bn1(net.conv1(random_tensor({2, size, size, 3})))).shape();
  };
  EXPECT_EQ(after_stem(false, 33), (Shape{2, 9, 9, 64}));
  EXPECT_EQ(after_stem(true, 7), (Shape{2, 7, 7, 64}));
}

TEST(BasicBlock, AddsItsInputBeforeTheLastRelu) {
  const nn::Module block = nn::BasicBlock(4, 4, 1);
  const Tensor x = random_tensor({2, 5, 5, 4});
  const auto& inner = block.as<nn::BasicBlock>();
  EXPECT_FALSE(inner.shortcut.defined()) << "size and width stay: the shortcut is the identity";
  const nn::BatchNorm plain({.features = 4});
  const Tensor y = plain(inner.conv2(inner.bn1(inner.conv1(x))), true);
  expect_close(block(x).value(), ops::map("relu", kernels::Relu{}, ops::add(y.value(), x.value())), tol::reduce_f32);
}

TEST(BasicBlock, ProjectsItsInputWhereSizeOrWidthChanges) {
  const nn::Module block = nn::BasicBlock(4, 6, 2);
  const Tensor y = block(random_tensor({2, 7, 7, 4}));
  EXPECT_EQ(y.shape(), (Shape{2, 4, 4, 6}));
  std::string names;
  for (const auto& p : block.named_parameters()) names += p.name + " ";
  EXPECT_EQ(names,
            "conv1.weight bn1.weight bn1.bias conv2.weight bn2.weight bn2.bias downsample.0.weight "
            "downsample.1.weight downsample.1.bias ");
  sum(square(y)).backward();
  expect_gradients(block);
}

}  // namespace
}  // namespace akin
