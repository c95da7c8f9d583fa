// ResNets against torchvision's lists of tensors. At -O0 under a sanitizer the 11.7 million weights of ResNet-18 take
// ten seconds to draw, so there only blocks and short networks are tested.
#include <akin/fn/elementwise.hpp>
#include <akin/fn/reduce.hpp>
#include <akin/nn/models/resnet.hpp>
#include <fstream>

#include "support/gradients.hpp"
#include "support/sanitized.hpp"
#include "support/tensors.hpp"

namespace akin {
namespace {

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

void expect_torchvisions(const nn::Module& model, const std::string& name, std::size_t tensors, std::int64_t weights) {
  std::ifstream file(cat("tests/reference/", name, "_state_dict.txt"));
  ASSERT_TRUE(file) << "run this test in the root of the source tree";
  std::vector<std::string> want;
  for (std::string line; std::getline(file, line);)
    if (line[0] != '#') want.push_back(line);
  EXPECT_EQ(want.size(), tensors);
  EXPECT_EQ(listed(model), want);
  EXPECT_EQ(model.parameter_count(), weights);
}

TEST(Resnet, HasTorchvisionsTensorsInItsOrder) {
  if (test::sanitized) GTEST_SKIP();  // drawing the weights takes a minute
  expect_torchvisions(nn::resnet18({.classes = 1000}), "resnet18", 122, 11'689'512);
  expect_torchvisions(nn::resnet34({.classes = 1000}), "resnet34", 218, 21'797'672);
  expect_torchvisions(nn::resnet50({.classes = 1000}), "resnet50", 320, 25'557'032);
}

TEST(Resnet, TrainsOnSmallPictures) {
  if (test::sanitized) GTEST_SKIP();  // so does a step
  const nn::Module model = nn::resnet18({.small_images = true});
  EXPECT_EQ(model.parameter_count(), 11'168'832);
  const Tensor y = model(random_tensor({2, 9, 9, 3}));
  EXPECT_EQ(y.shape(), (Shape{2, 512}));
  sum(square(y)).backward();
  expect_gradients(model);
}

TEST(Resnet, ABottleneckTrainsFromItsShortcuts) {
  const nn::Module model = nn::Resnet({{1, 1, 0, 0}, true}, {.small_images = true, .zero_init_residual = true});
  const Tensor y = model(random_tensor({2, 9, 9, 3}));
  EXPECT_EQ(y.shape(), (Shape{2, 512}));
  sum(square(y)).backward();
  for (const auto& p : model.named_parameters()) ASSERT_TRUE(p.tensor.has_grad()) << p.name;
  EXPECT_GT(ops::sum(ops::mul(model.parameters()[0].grad(), model.parameters()[0].grad())).item(), 0);
}

TEST(Resnet, HasTheStemForItsPictures) {
  const auto after_stem = [](const nn::ResnetOptions& options, std::int64_t size) {
    const nn::Module model = nn::Resnet({{1, 0, 0, 0}, false}, options);
    const auto& net = model.as<nn::Resnet>();
    return net.maxpool(net.bn1(net.conv1(random_tensor({2, size, size, 3})))).shape();
  };
  EXPECT_EQ(after_stem({}, 33), (Shape{2, 9, 9, 64}));
  EXPECT_EQ(after_stem({.small_images = true}, 7), (Shape{2, 7, 7, 64}));
  EXPECT_EQ(after_stem({.small_images = true, .small_padding = 2}, 7), (Shape{2, 9, 9, 64}));
}

TEST(BasicBlock, AddsItsInputBeforeTheLastRelu) {
  const nn::Module block = nn::BasicBlock({.in = 4, .width = 4});
  const Tensor x = random_tensor({2, 5, 5, 4});
  const auto& inner = block.as<nn::BasicBlock>();
  EXPECT_FALSE(inner.shortcut.defined()) << "size and width stay: the shortcut is the identity";
  const nn::BatchNorm plain({.features = 4});
  const Tensor y = plain(inner.conv2(inner.bn1(inner.conv1(x))), true);
  expect_close(block(x).value(), ops::map("relu", kernels::Relu{}, ops::add(y.value(), x.value())), tol::reduce_f32);
}

std::string parameter_names(const nn::Module& model) {
  std::string names;
  for (const auto& p : model.named_parameters()) names += p.name + " ";
  return names;
}

TEST(BasicBlock, ProjectsItsInputWhereSizeOrWidthChanges) {
  const nn::Module block = nn::BasicBlock({.in = 4, .width = 6, .stride = 2});
  const Tensor y = block(random_tensor({2, 7, 7, 4}));
  EXPECT_EQ(y.shape(), (Shape{2, 4, 4, 6}));
  EXPECT_EQ(parameter_names(block),
            "conv1.weight bn1.weight bn1.bias conv2.weight bn2.weight bn2.bias downsample.0.weight "
            "downsample.1.weight downsample.1.bias ");
  sum(square(y)).backward();
  expect_gradients(block);
}

TEST(Bottleneck, HasTheStrideInItsMiddleConvolution) {
  const nn::Module block = nn::Bottleneck({.in = 4, .width = 3, .stride = 2});
  const auto& inner = block.as<nn::Bottleneck>();
  const Tensor x = random_tensor({2, 7, 7, 4});
  const Tensor narrow = inner.bn1(inner.conv1(x));
  EXPECT_EQ(narrow.shape(), (Shape{2, 7, 7, 3}));
  EXPECT_EQ(inner.conv2(narrow).shape(), (Shape{2, 4, 4, 3}));
  const Tensor y = block(x);
  EXPECT_EQ(y.shape(), (Shape{2, 4, 4, 12}));
  EXPECT_EQ(parameter_names(block),
            "conv1.weight bn1.weight bn1.bias conv2.weight bn2.weight bn2.bias conv3.weight bn3.weight bn3.bias "
            "downsample.0.weight downsample.1.weight downsample.1.bias ");
  sum(square(y)).backward();
  expect_gradients(block);
}

TEST(Bottleneck, AddsItsInputBeforeTheLastRelu) {
  const nn::Module block = nn::Bottleneck({.in = 8, .width = 2});
  const Tensor x = random_tensor({2, 5, 5, 8});
  const auto& inner = block.as<nn::Bottleneck>();
  EXPECT_FALSE(inner.shortcut.defined());
  const nn::BatchNorm plain({.features = 8});
  const Tensor y = plain(inner.conv3(inner.bn2(inner.conv2(inner.bn1(inner.conv1(x))))), true);
  expect_close(block(x).value(), ops::map("relu", kernels::Relu{}, ops::add(y.value(), x.value())), tol::reduce_f32);
}

template <class Block>
void expect_to_start_as_its_shortcut() {
  const std::int64_t channels = 2 * Block::expansion;
  const nn::Module block = Block({.in = channels, .width = 2, .zero_init = true});
  const Tensor x = random_tensor({2, 5, 5, channels});
  const Array want = ops::map("relu", kernels::Relu{}, x.value());
  expect_close(block(x).value(), want, tol::exact);
  block.initialize(3);  // as methods do with a whole network
  expect_close(block(x).value(), want, tol::exact);
}

TEST(ResidualBlock, StartsAsItsShortcutIfAsked) {
  expect_to_start_as_its_shortcut<nn::BasicBlock>();
  expect_to_start_as_its_shortcut<nn::Bottleneck>();
}

}  // namespace
}  // namespace akin
