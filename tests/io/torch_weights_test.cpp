#include <akin/io/torch_weights.hpp>
#include <akin/nn/linear.hpp>
#include <akin/nn/models/resnet.hpp>

#include "support/folder.hpp"
#include "support/tensors.hpp"

namespace akin::io {
namespace {

using Names = std::vector<std::string>;

/// The stem and the first block of a ResNet, 18 tensors, none of them at its initial value.
nn::Module small_resnet(unsigned seed, std::int64_t classes = 0) {
  const nn::Module model = nn::Resnet({{1, 0, 0, 0}, false}, {.channels = 2, .small_images = true, .classes = classes});
  for (const auto& [name, tensor] : model.named_tensors())
    ops::assign(tensor.mutable_value(), ops::cast(random_array(tensor.shape(), ++seed, DType::f64, 5), tensor.dtype()));
  return model;
}

NamedArrays values_of(const nn::Module& model) {
  NamedArrays values;
  for (const auto& [name, tensor] : model.named_tensors()) values.emplace(name, tensor.value());
  return values;
}
std::string bits_of(const nn::Module& model) { return serialize_safetensors(values_of(model)); }

/// What torch's save_file writes of that network, with names as `rename` tells; an empty one leaves the tensor out.
template <class Rename>
void write_state_dict(const std::string& path, const nn::Module& model, Rename rename, NamedArrays others = {}) {
  save_torch(model, path);
  for (const auto& [name, array] : load_safetensors(path).tensors)
    if (const std::string renamed = rename(name); !renamed.empty()) others.emplace(renamed, array);
  save_safetensors(path, others, {{"format", "pt"}});
}
template <class Rename>
void write_state_dict(const test::Folder& folder, const nn::Module& model, Rename rename, NamedArrays others = {}) {
  write_state_dict(folder / "a.safetensors", model, rename, std::move(others));
}
auto below(const std::string& prefix) {
  return [prefix](const std::string& name) { return prefix + name; };
}
std::string same(const std::string& name) { return name; }

/// Loads the file of `folder` into a fresh network, which must then equal `saved`.
LoadReport expect_loads(const test::Folder& folder, const nn::Module& saved, const TorchLoadOptions& options = {}) {
  const nn::Module loaded = small_resnet(100);
  LoadReport report = load_torch(loaded, folder / "a.safetensors", options);
  EXPECT_EQ(bits_of(loaded), bits_of(saved));
  EXPECT_EQ(report.matched.size(), saved.named_tensors().size());
  return report;
}

void expect_refused(const nn::Module& model, const test::Folder& folder, const std::string& why,
                    const TorchLoadOptions& options = {}) {
  const std::string before = bits_of(model);
  expect_error([&] { load_torch(model, folder / "a.safetensors", options); }, why);
  EXPECT_EQ(bits_of(model), before) << "an Error must leave the network as it was";
}

TEST(SaveTorch, WritesConvolutionWeightsAsPyTorchHasThem) {
  const test::Folder folder;
  const nn::Module model = small_resnet(1);
  save_torch(model, folder / "a.safetensors", {{"epochs", "3"}});
  const TensorFile file = load_safetensors(folder / "a.safetensors");
  EXPECT_EQ(file.metadata.at("epochs") + file.metadata.at("format") + file.metadata.at("layout"), "3ptoihw");
  EXPECT_EQ(file.metadata.at("crc32c").size(), 8u);
  EXPECT_EQ(file.tensors.size(), 18u);
  EXPECT_EQ(file.at("bn1.num_batches_tracked").dtype(), DType::i64);
  EXPECT_EQ(file.at("bn1.num_batches_tracked").shape(), Shape{});
  const Array ours = values_of(model).at("conv1.weight"), &theirs = file.at("conv1.weight");
  ASSERT_EQ(theirs.shape(), (Shape{64, 2, 3, 3}));
  for (std::int64_t o = 0; o < 64; ++o)
    for (std::int64_t i = 0; i < 2; ++i)
      for (std::int64_t h = 0; h < 3; ++h)
        for (std::int64_t w = 0; w < 3; ++w)
          ASSERT_EQ(at(theirs, ((o * 2 + i) * 3 + h) * 3 + w), at(ours, ((o * 3 + h) * 3 + w) * 2 + i));
  EXPECT_EQ(folder.names(), "a.safetensors");
}

TEST(SaveTorch, GivesAFileThatLoadReadsToo) {
  const test::Folder folder;
  const nn::Module saved = small_resnet(1), loaded = small_resnet(100);
  save_torch(saved, folder / "a.safetensors");
  load(loaded, folder / "a.safetensors");
  EXPECT_EQ(bits_of(loaded), bits_of(saved));
}

TEST(SaveTorch, RefusesMetadataThatContradictsIt) {
  const test::Folder folder;
  expect_error(
      [&] {
        save_torch(small_resnet(1), folder / "a", {{"layout", "ohwi"}});
      },
      "save_torch: the format is 'pt' and the layout 'oihw', not for metadata to say");
  expect_error(
      [&] {
        save_torch(small_resnet(1), folder / "a", {{"format", "np"}});
      },
      "save_torch: the format is 'pt' and");
  EXPECT_EQ(folder.names(), "");
}

TEST(LoadTorch, UndoesSaveTorchAndReadsAkinsOwnFiles) {
  const test::Folder folder;
  const nn::Module saved = small_resnet(1);
  save_torch(saved, folder / "a.safetensors");
  EXPECT_EQ(to_text(expect_loads(folder, saved)), "matched 18 tensors, names as they are");
  save(saved, folder / "a.safetensors");  // {"layout": "ohwi"}
  expect_loads(folder, saved);
}

TEST(LoadTorch, FindsTheEncoderOfEachKindOfCheckpoint) {
  const test::Folder folder;
  const nn::Module saved = small_resnet(1);
  const NamedArrays others{{"module.queue", random_array({8, 5}, 7, DType::f32)},
                           {"module.queue_ptr", int_array({1}, {3})}};
  for (const std::string prefix :
       {"", "module.encoder_q.", "module.base_encoder.", "module.encoder.", "module.backbone.", "backbone.",
        "momentum_backbone.", "_feature_blocks.", "encoder.", "module."}) {
    SCOPED_TRACE(prefix);
    write_state_dict(folder, saved, below(prefix));
    LoadReport report = expect_loads(folder, saved);
    EXPECT_EQ(report.prefix, prefix);
    EXPECT_TRUE(report.ignored.empty() && !report.numbered);
    if (prefix.empty() || prefix == "module.") continue;
    write_state_dict(folder, saved, below(prefix), others);
    report = expect_loads(folder, saved);
    EXPECT_EQ(report.ignored, (Names{"module.queue", "module.queue_ptr"}));
  }
}

TEST(LoadTorch, ReadsMocoCheckpointsWithBothEncodersAndTheirHeads) {
  const test::Folder folder;
  const nn::Module query = small_resnet(1), key = small_resnet(50);
  NamedArrays others{{"module.queue", random_array({8, 5}, 7, DType::f32)}};
  for (const std::string encoder : {"module.encoder_q.", "module.encoder_k."})
    for (const std::string layer : {"fc.0.weight", "fc.2.weight"})
      others.emplace(encoder + layer, random_array({4, 64}, 8, DType::f32));
  write_state_dict(folder / "k", key, below("module.encoder_k."));
  for (const auto& [name, array] : load_safetensors(folder / "k").tensors) others.emplace(name, array);
  write_state_dict(folder, query, below("module.encoder_q."), others);
  const LoadReport report = expect_loads(folder, query);
  EXPECT_EQ(report.prefix, "module.encoder_q.");
  EXPECT_EQ(report.ignored.size(), 18u + 4 + 1);

  const nn::Module momentum = small_resnet(100);
  load_torch(momentum, folder / "a.safetensors", {.prefix = "module.encoder_k."});
  EXPECT_EQ(bits_of(momentum), bits_of(key));
}

TEST(LoadTorch, PrefersTheTrainedNetworkOfSoloLearnToItsMovingAverage) {
  const test::Folder folder;
  const nn::Module trained = small_resnet(1), average = small_resnet(50);
  write_state_dict(folder / "m", average, below("momentum_backbone."));
  write_state_dict(folder, trained, below("backbone."), load_safetensors(folder / "m").tensors);
  EXPECT_EQ(expect_loads(folder, trained).prefix, "backbone.");
  EXPECT_EQ(expect_loads(folder, average, {.prefix = "momentum_backbone."}).prefix, "momentum_backbone.");
}

TEST(LoadTorch, KnowsTheStagesOfLightlyByNumber) {
  const test::Folder folder;
  const nn::Module saved = small_resnet(1);
  for (const std::string prefix : {"", "backbone."}) {
    write_state_dict(folder, saved, [&](const std::string& name) {
      const auto dot = name.find('.');
      const std::string stage = name.substr(0, dot);
      return prefix + (stage == "conv1" ? "0" : stage == "bn1" ? "1" : "4") + name.substr(dot);
    });
    const LoadReport report = expect_loads(folder, saved);
    EXPECT_TRUE(report.numbered);
    EXPECT_EQ(report.prefix, prefix);
  }
  const std::vector<std::pair<std::string, std::string>> stages{{"5.1.bn2.bias", "layer2.1.bn2.bias"},
                                                                {"6.0.x", "layer3.0.x"},
                                                                {"7.1.x", "layer4.1.x"},
                                                                {"40.x", "40.x"},
                                                                {"2.x", "2.x"},
                                                                {"8.x", "8.x"},
                                                                {"4", "4"}};
  for (const auto& [number, name] : stages) EXPECT_EQ(detail::stage_from_number(number), name);
}

TEST(LoadTorch, OfANumberedNetworkTakesTheNumbersAsTheyAre) {
  const test::Folder folder;
  const nn::Module saved = nn::Sequential(nn::Linear({.in = 3, .out = 4}), nn::Linear({.in = 4, .out = 3}));
  const nn::Module loaded = saved.clone();
  loaded.initialize(7);
  write_state_dict(folder, saved, same);
  EXPECT_FALSE(load_torch(loaded, folder / "a.safetensors").numbered);
  EXPECT_EQ(bits_of(loaded), bits_of(saved));
}

TEST(LoadTorch, DropsAClassifierThatTheNetworkDoesNotHave) {
  const test::Folder folder;
  const nn::Module classifier = small_resnet(1, 3), encoder = small_resnet(100);
  write_state_dict(folder, classifier, same);
  const LoadReport report = load_torch(encoder, folder / "a.safetensors");
  EXPECT_EQ(report.ignored, (Names{"fc.bias", "fc.weight"}));
  EXPECT_EQ(bits_of(encoder), bits_of(small_resnet(1)));

  write_state_dict(folder, encoder, same);  // and the other way round they are missed
  expect_refused(classifier, folder,
                 "\nmatched 18 tensors, names as they are\n  missing     fc.bias\n  missing     fc.weight");
  const LoadReport partly = load_torch(classifier, folder / "a.safetensors", {.strict = false});
  EXPECT_EQ(partly.missing, (Names{"fc.bias", "fc.weight"}));
}

TEST(LoadTorch, ListsWhatIsMissingAndUnexpected) {
  const test::Folder folder;
  const nn::Module saved = small_resnet(1), loaded = small_resnet(100);
  write_state_dict(folder, saved, [](const std::string& name) { return name == "bn1.bias" ? "bn1.shift" : name; },
                   {{"head.weight", Array::zeros({2, 2})}});
  expect_refused(
      loaded, folder,
      "a.safetensors' does not fit the network:\nmatched 17 tensors, names as they are\n  missing     bn1.bias\n "
      " unexpected  bn1.shift\n  unexpected  head.weight");
  const Array bias = ops::clone(values_of(loaded).at("bn1.bias"));
  const LoadReport report = load_torch(loaded, folder / "a.safetensors", {.strict = false});
  EXPECT_EQ(report.missing, (Names{"bn1.bias"}));
  EXPECT_EQ(report.unexpected, (Names{"bn1.shift", "head.weight"}));
  expect_close(values_of(loaded).at("bn1.bias"), bias, tol::exact);
  expect_close(values_of(loaded).at("bn1.weight"), values_of(saved).at("bn1.weight"), tol::exact);
}

TEST(LoadTorch, RefusesOtherShapesAlsoWhereItIsNotStrict) {
  const test::Folder folder;
  const nn::Module wide = nn::Linear({.in = 4, .out = 3}), narrow = nn::Linear({.in = 2, .out = 3});
  write_state_dict(folder, wide, below("encoder."));
  for (const bool strict : {true, false})
    expect_refused(narrow, folder, "does not fit the network:\n  shape       encoder.weight is [3, 4], expected [3, 2]",
                   {.strict = strict});
}

TEST(LoadTorch, RefusesAFileThatFitsNowhere) {
  const test::Folder folder;
  const nn::Module model = nn::Linear({.in = 4, .out = 3});
  write_state_dict(folder, model, below("trunk."));
  for (const bool strict : {true, false})
    expect_refused(model, folder,
                   "has no tensor of the network under any known prefix; the first in the file is 'trunk.bias', of the "
                   "network 'bias'",
                   {.strict = strict});
  expect_refused(model, folder, "has no tensor of the network under the prefix 'bush.'", {.prefix = "bush."});
  EXPECT_EQ(load_torch(model, folder / "a.safetensors", {.prefix = "trunk."}).prefix, "trunk.");
  save_safetensors(folder / "a.safetensors", {});
  expect_refused(model, folder, "has no tensor of the network");
}

TEST(LoadTorch, NeedsNoCountOfBatches) {
  const test::Folder folder;
  const nn::Module saved = small_resnet(1), loaded = small_resnet(100);
  write_state_dict(folder, saved,
                   [](const std::string& name) { return name.ends_with("num_batches_tracked") ? "" : name; });
  const LoadReport report = load_torch(loaded, folder / "a.safetensors");
  EXPECT_TRUE(report.missing.empty());
  EXPECT_EQ(report.matched.size(), 15u);
}

TEST(LoadTorch, ConvertsFloatingPointAndSaysSo) {
  const test::Folder folder;
  const nn::Module model = nn::Linear({.in = 2, .out = 1});
  save_safetensors(folder / "a.safetensors",
                   {{"weight", Array::from<double>({1, 2}, {0.1, -3})}, {"bias", Array::full({1}, 0.5, DType::bf16)}});
  const LoadReport report = load_torch(model, folder / "a.safetensors");
  EXPECT_EQ(report.converted, (Names{"bias bf16 -> f32", "weight f64 -> f32"}));
  EXPECT_EQ(at(values_of(model).at("weight"), 0), 0.1f);
  EXPECT_EQ(at(values_of(model).at("bias"), 0), 0.5);

  std::string half = serialize_safetensors({{"weight", Array::zeros({1, 2}, DType::bf16)}});
  half.replace(half.find("BF16\""), 5, "F16\" ");
  half.replace(half.size() - 4, 4, std::string("\x00\x3c\x00\xc2", 4));
  write_file(folder / "a.safetensors", half);
  const LoadReport widened = load_torch(model, folder / "a.safetensors", {.strict = false});
  EXPECT_EQ(widened.converted, (Names{"weight F16 -> f32"}));
  EXPECT_EQ(at(values_of(model).at("weight"), 1), -3);

  save_safetensors(folder / "a.safetensors", {{"weight", Array::zeros({1, 2}, DType::i64)}});
  expect_refused(model, folder, "\n  dtype       weight is i64, expected f32", {.strict = false});
}

TEST(LoadTorch, RefusesALayoutItDoesNotKnow) {
  const test::Folder folder;
  save_safetensors(folder / "a.safetensors", {{"weight", Array::zeros({1, 2})}}, {{"layout", "hwio"}});
  expect_refused(nn::Linear({.in = 2, .out = 1}), folder, "has weights in the layout 'hwio'");
}

TEST(LoadTorch, TellsHowToConvertAPickle) {
  const test::Folder folder;
  const nn::Module model = nn::Linear({.in = 2, .out = 1});
  const std::string zip = std::string("PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0", 14) + std::string(50, '\0');
  const std::string other_zip = std::string("PK\x03\x04\0\0\0\0", 8) + std::string(50, '\0');
  const std::string pickle = std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20", 10) + std::string(50, '.');
  for (const auto& bytes : {zip, other_zip, pickle}) {
    write_file(folder / "a.safetensors", bytes);
    expect_refused(model, folder, "a file of torch.save()");
    expect_error([&] { load(model, folder / "a.safetensors"); }, "safetensors.torch.save_file(");
  }
}

}  // namespace
}  // namespace akin::io
