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

void expect_misfit(const nn::Module& model, const std::string& path, const std::string& why) {
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
  EXPECT_EQ(file.metadata.size(), 3u);
  EXPECT_EQ(file.metadata.at("epochs"), "3");
  EXPECT_EQ(file.metadata.at("layout"), "ohwi");
  EXPECT_EQ(file.metadata.at("crc32c").size(), 8u);
  EXPECT_EQ(file.tensors.size(), 7u);
  EXPECT_EQ(file.at("1.num_batches_tracked").dtype(), DType::i64);
}

TEST(Checkpoint, RejectsAnotherDtypeAndChangesNothing) {
  const test::Folder folder;
  save_safetensors(folder / "a.safetensors", {{"w", Array::ones({2})}, {"x", Array::from<double>({2}, {0.5, -3})}});
  const Tensor w(Array::zeros({2})), x(Array::zeros({2}));
  expect_error(
      [&] {
        load_tensors(folder / "a.safetensors", {{"w", w}, {"x", x}});
      },
      "\n  dtype       x is f64, expected f32");
  expect_close(w.value(), Array::zeros({2}), tol::exact);
}

/// A weight [2, 3, 4, 5] that numbers its elements, and the same as PyTorch lays it out: [2, 5, 3, 4].
struct BothLayouts {
  Array ohwi = Array::empty({2, 3, 4, 5}), oihw = Array::empty({2, 5, 3, 4});
  BothLayouts() {
    float *a = ohwi.mut<float>(), *b = oihw.mut<float>();
    for (int o = 0; o < 2; ++o)
      for (int h = 0; h < 3; ++h)
        for (int w = 0; w < 4; ++w)
          for (int i = 0; i < 5; ++i)
            a[((o * 3 + h) * 4 + w) * 5 + i] = b[((o * 5 + i) * 3 + h) * 4 + w] =
                static_cast<float>(1000 * o + 100 * h + 10 * w + i);
  }
};

TEST(OhwiFromOihw, MovesTheInputChannelsToTheEnd) {
  const BothLayouts both;
  expect_close(ohwi_from_oihw(both.oihw), both.ohwi, tol::exact);
  expect_error(
      [] {
        ohwi_from_oihw(Array::zeros({2, 3}));
      },
      "ohwi_from_oihw: a weight [out, in, kh, kw] needs 4 axes, got shape [2, 3]");
}

TEST(Checkpoint, ConvertsWeightsThatLieAsInPyTorch) {
  const test::Folder folder;
  const BothLayouts both;
  const Array bias = random_array({2}, 1, DType::f32);
  const Tensor w(Array::zeros({2, 3, 4, 5})), b(Array::zeros({2}));
  save_safetensors(folder / "a.safetensors", {{"w", both.oihw}, {"b", bias}}, {{"layout", "oihw"}});
  load_tensors(folder / "a.safetensors", {{"w", w}, {"b", b}});
  expect_close(w.value(), both.ohwi, tol::exact);
  expect_close(b.value(), bias, tol::exact);
}

TEST(Checkpoint, AsksHowWeightsOfFourAxesLieWhenTheFileDoesNotSay) {
  const test::Folder folder;
  const Array square = random_array({3, 3, 3, 3}, 1, DType::f32);  // fits both ways: no shape could tell
  const Tensor w(Array::zeros({3, 3, 3, 3}));
  save_safetensors(folder / "a.safetensors", {{"w", square}});
  expect_error(
      [&] {
        load_tensors(folder / "a.safetensors", {{"w", w}});
      },
      "does not say how w [3, 3, 3, 3] lies; if it is from PyTorch, load with {.layout = \"oihw\"}, else with {.layout "
      "= \"ohwi\"}");
  expect_close(w.value(), Array::zeros({3, 3, 3, 3}), tol::exact);
  load_tensors(folder / "a.safetensors", {{"w", w}}, {.layout = "ohwi"});
  expect_close(w.value(), square, tol::exact);
  load_tensors(folder / "a.safetensors", {{"w", w}}, {.layout = "oihw"});
  expect_close(w.value(), ohwi_from_oihw(square), tol::exact);
}

TEST(Checkpoint, NeedsNoLayoutForOtherTensors) {
  const test::Folder folder;
  const Tensor x(Array::zeros({2, 3}));
  save_safetensors(folder / "a.safetensors", {{"x", Array::ones({2, 3})}});
  load_tensors(folder / "a.safetensors", {{"x", x}});
  expect_close(x.value(), Array::ones({2, 3}), tol::exact);
}

TEST(Checkpoint, RejectsUnknownAndContradictingLayouts) {
  const test::Folder folder;
  const Tensor x(Array::zeros({1}));
  save_safetensors(folder / "a.safetensors", {{"x", x.value()}}, {{"layout", "hwio"}});
  expect_error(
      [&] {
        load_tensors(folder / "a.safetensors", {{"x", x}});
      },
      "has weights in the layout 'hwio', expected 'ohwi' or 'oihw'");
  save_tensors(folder / "b.safetensors", {{"x", x}});
  expect_error(
      [&] {
        load_tensors(folder / "b.safetensors", {{"x", x}}, {.layout = "oihw"});
      },
      "says its layout is 'ohwi', asked for 'oihw'; leave the option out");
  expect_error(
      [&] {
        save_tensors(folder / "c.safetensors", {{"x", x}}, {{"layout", "oihw"}});
      },
      "save: the layout of the values is 'ohwi', not for metadata to say");
}

TEST(Checkpoint, ListsWhatIsMissingAndUnexpectedAndChangesNothing) {
  const test::Folder folder;
  auto tensors = network(1).named_tensors();
  tensors.erase(tensors.begin());  // 0.weight
  tensors.push_back({"head.weight", Tensor(Array::zeros({2, 7}))});
  save_tensors(folder / "a.safetensors", tensors);
  expect_misfit(network(100), folder / "a.safetensors",
                "\n  missing     0.weight [7, 3]\n  unexpected  head.weight [2, 7]");
}

TEST(Checkpoint, ListsEveryWrongShapeAndChangesNothing) {
  const test::Folder folder;
  save(network(1, 5), folder / "a.safetensors");
  expect_misfit(network(100), folder / "a.safetensors",
                "\n  shape       0.weight is [5, 3], expected [7, 3]\n  shape       0.bias is [5], expected [7]\n  "
                "shape       1.weight is [5], expected [7]");
}

/// Thousands of files that need not survive a power cut.
struct WithoutFlush : FileCalls {
  int sync(int) { return 0; }
};

TEST(Checkpoint, NoticesEveryChangedByteAndEveryLostOne) {
  const test::Folder folder;
  save(network(1), folder / "a");
  const std::string whole = read_file(folder / "a");
  const nn::Module model = network(100);
  const std::string before = bytes_of(model);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    write_file(folder / "b", {damaged}, WithoutFlush());
    expect_error([&] { load(model, folder / "b"); }, "load");
    write_file(folder / "b", {std::string_view(whole).substr(0, i)}, WithoutFlush());
    expect_error([&] { load(model, folder / "b"); }, "load");
  }
  EXPECT_EQ(bytes_of(model), before);
}

TEST(Checkpoint, SaysThatAValueWasDamaged) {
  const test::Folder folder;
  save(network(1), folder / "a");
  std::string damaged = read_file(folder / "a");
  damaged.back() = static_cast<char>(damaged.back() ^ 64);
  write_file(folder / "a", damaged);
  expect_error([&] { load(network(2), folder / "a"); }, "a' is damaged: its CRC-32C is ");
}

TEST(Checkpoint, TrustsFilesOfOthersThatHaveNoChecksum) {
  const test::Folder folder;
  save_safetensors(folder / "a", {{"x", Array::ones({2})}});
  const Tensor x(Array::zeros({2}));
  load_tensors(folder / "a", {{"x", x}});
  expect_close(x.value(), Array::ones({2}), tol::exact);
}

TEST(Checkpoint, KeepsThePreviousFileIfAskedTo) {
  const test::Folder folder;
  for (unsigned seed = 1; seed <= 3; ++seed)
    save_tensors(folder / "a", network(seed).named_tensors(), {}, folder / "before");
  const nn::Module now = network(100), before = network(100);
  load(now, folder / "a");
  load(before, folder / "before");
  EXPECT_EQ(bytes_of(now), bytes_of(network(3)));
  EXPECT_EQ(bytes_of(before), bytes_of(network(2)));
}

TEST(Checkpoint, RejectsTwoTensorsOfOneName) {
  const test::Folder folder;
  const Tensor x(Array::zeros({1}));
  expect_error(
      [&] {
        save_tensors(folder / "a.safetensors", {{"x", x}, {"x", x}});
      },
      "save: two tensors are named 'x'");
  EXPECT_EQ(folder.names(), "");
}

TEST(Checkpoint, AMissingFileIsAnError) {
  const test::Folder folder;
  expect_error([&] { load(network(1), folder / "a.safetensors"); }, "a.safetensors");
}

}  // namespace
}  // namespace akin::io
