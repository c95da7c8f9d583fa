#include <akin/io/checkpoint.hpp>
#include <akin/nn/batch_norm.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/sequential.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

/// Weights, a bias, and the five tensors of a batch norm, none of them at its initial value.
nn::Module network(unsigned seed, std::int64_t width = 7) {
  const nn::Module model = nn::Sequential(nn::Linear({.in = 3, .out = width}), nn::BatchNorm({.features = width}));
  for (const auto& [name, tensor] : model.named_tensors())
    ops::assign(tensor.mutable_value(), ops::cast(random_array(tensor.shape(), ++seed, DType::f64, 5), tensor.dtype()));
  return model;
}

std::string bytes_of(const nn::Module& model) {
  NamedArrays arrays;
  for (const auto& [name, tensor] : model.named_tensors()) arrays.emplace(name, tensor.value());
  return serialize_safetensors(arrays);
}

void expect_refused(const nn::Module& model, const std::string& path, const std::string& why) {
  const std::string before = bytes_of(model);
  expect_error([&] { load(model, path); }, cat("load: '", path, "' does not fit the network:", why));
  EXPECT_EQ(bytes_of(model), before) << "an Error must leave the network as it was";
}

TEST(Checkpoint, GivesEveryParameterAndBufferBack) {
  const test::Folder folder;
  const nn::Module saved = network(1), loaded = network(100);
  save(saved, folder / "a.safetensors");
  EXPECT_NE(bytes_of(loaded), bytes_of(saved));
  load(loaded, folder / "a.safetensors");
  EXPECT_EQ(bytes_of(loaded), bytes_of(saved));
  EXPECT_EQ(folder.names(), "a.safetensors");  // no temporary file stays
}

TEST(Checkpoint, LoadsIntoTheTensorsThatOthersHold) {
  const test::Folder folder;
  const nn::Module saved = network(1), loaded = network(100);
  const Tensor held = loaded.parameters()[0];
  save(saved, folder / "a.safetensors");
  load(loaded, folder / "a.safetensors");
  expect_close(held.value(), saved.parameters()[0].value(), tol::exact);
  EXPECT_TRUE(held.requires_grad());
}

TEST(Checkpoint, SaysHowValuesLieAndWhatItWasTold) {
  const test::Folder folder;
  save_tensors(folder / "a.safetensors", network(1).named_tensors(), {{"epochs", "3"}});
  const TensorFile file = load_safetensors(folder / "a.safetensors");
  EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"epochs", "3"}, {"layout", "ohwi"}}));
  EXPECT_EQ(file.tensors.size(), 7u);
  EXPECT_EQ(file.at("1.num_batches_tracked").dtype(), DType::i64);
}

TEST(Checkpoint, RejectsAnotherDtypeAndChangesNothing) {
  const test::Folder folder;
  save_safetensors(folder / "a.safetensors", {{"w", Array::ones({2})}, {"x", Array::from<double>({2}, {0.5, -3})}});
  const Tensor w(Array::zeros({2})), x(Array::zeros({2}));
  expect_error([&] { load_tensors(folder / "a.safetensors", {{"w", w}, {"x", x}}); }, "\n  dtype       x is f64, expected f32");
  expect_close(w.value(), Array::zeros({2}), tol::exact);
}

TEST(Checkpoint, RejectsWeightsInAnotherLayout) {
  const test::Folder folder;
  const nn::Module model = network(1);
  save_tensors(folder / "a.safetensors", model.named_tensors(), {{"layout", "oihw"}});
  expect_error([&] { load(model, folder / "a.safetensors"); }, "has weights in the layout 'oihw', expected 'ohwi'");
}

TEST(Checkpoint, ListsWhatIsMissingAndUnexpectedAndChangesNothing) {
  const test::Folder folder;
  auto tensors = network(1).named_tensors();
  tensors.erase(tensors.begin());  // 0.weight
  tensors.push_back({"head.weight", Tensor(Array::zeros({2, 7}))});
  save_tensors(folder / "a.safetensors", tensors);
  expect_refused(network(100), folder / "a.safetensors", "\n  missing     0.weight [7, 3]\n  unexpected  head.weight [2, 7]");
}

TEST(Checkpoint, ListsEveryWrongShapeAndChangesNothing) {
  const test::Folder folder;
  save(network(1, 5), folder / "a.safetensors");
  expect_refused(network(100), folder / "a.safetensors",
                 "\n  shape       0.weight is [5, 3], expected [7, 3]\n  shape       0.bias is [5], expected [7]\n  shape       1.weight is [5], expected [7]");
}

TEST(Checkpoint, RejectsTwoTensorsOfOneName) {
  const test::Folder folder;
  const Tensor x(Array::zeros({1}));
  expect_error([&] { save_tensors(folder / "a.safetensors", {{"x", x}, {"x", x}}); }, "save: two tensors are named 'x'");
  EXPECT_EQ(folder.names(), "");
}

TEST(Checkpoint, AMissingFileIsAnError) {
  const test::Folder folder;
  expect_error([&] { load(network(1), folder / "a.safetensors"); }, "a.safetensors");
}

}  // namespace
}  // namespace akin::io
