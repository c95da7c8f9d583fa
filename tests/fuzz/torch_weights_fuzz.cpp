// Weights of PyTorch, whose names are matched with the network's under a prefix: loading is all or nothing, and the
// report accounts for every name.
#include <akin/io/torch_weights.hpp>

#include "fuzz.hpp"

using namespace akin;

namespace {

/// The first two layers of a ResNet by their names; it computes nothing.
struct Stem {
  Tensor weight{Array::ones({1, 2, 2, 2}), true}, scale{Array::ones({1}), true}, mean{Array::zeros({1})},
      count{Array::zeros({}, DType::i64)};

  Tensor operator()(const Tensor& x) const { return x; }
  void visit(nn::Visitor& v) {
    v.parameter("conv1.weight", weight);
    v.parameter("bn1.weight", scale);
    v.buffer("bn1.running_mean", mean);
    v.buffer("bn1.num_batches_tracked", count);
  }
};

std::string bits_of(const nn::Module& network) {
  io::NamedArrays values;
  for (const auto& [name, tensor] : network.named_tensors()) values.emplace(name, tensor.value());
  return io::serialize_safetensors(values);
}

void load(std::string_view bytes, bool strict) {
  const nn::Module network = Stem{};
  const std::string before = bits_of(network);
  const fuzz::MemoryFile saved(bytes);
  const auto report = fuzz::value_or_error([&] { return io::load_torch(network, saved.path(), {.strict = strict}); });
  if (!report) return fuzz::require(bits_of(network) == before, "an Error changes nothing");
  const std::size_t stored = io::parse_safetensors(bytes).tensors.size();
  fuzz::require(!report->matched.empty() && !io::to_text(*report).empty(), "something was loaded");
  fuzz::require(report->matched.size() + report->unexpected.size() + report->ignored.size() == stored,
                "the report accounts for every name in the file");
  fuzz::require(!strict || (report->missing.empty() && report->unexpected.empty()), "strict is strict");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  if (!fuzz::accepts([&] { io::parse_safetensors(bytes); })) return load(bytes, true), 0;
  for (const bool strict : {true, false}) load(bytes, strict);
  return 0;
}
