// Weights to and from PyTorch: a state_dict as a safetensors file, convolution weights as [out, in, kh, kw].
//
//   io::save_torch(encoder, "encoder.safetensors");
//   const io::LoadReport report = io::load_torch(encoder, "moco_v2_800ep.safetensors");  // finds "module.encoder_q."
//
// and in Python, where an encoder without classifier is one whose fc is the identity:
//
//   model = torchvision.models.resnet50(); model.fc = torch.nn.Identity()
//   model.load_state_dict(safetensors.torch.load_file("encoder.safetensors"))
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint.hpp"
#include "load_report.hpp"

namespace akin::inline AKIN_ABI::io {

/// akin's convolution weights, [out, kh, kw, in], as PyTorch's [out, in, kh, kw]. Errors: not four axes.
AKIN_LAZY Array oihw_from_ohwi(const Array& weight) {
  check_rank("oihw_from_ohwi", "a weight [out, kh, kw, in]", weight, 4);
  return ops::contiguous(weight.transpose(2, 3).transpose(1, 2));
}

/// Writes parameters and buffers so that load_state_dict(..., strict=True) takes them, atomically. io::load reads the
/// file too. Errors: two tensors have the same name; metadata says "format" or "layout"; whatever the system refuses.
AKIN_LAZY void save_torch(const nn::Module& module, const std::string& path,
                          std::map<std::string, std::string> metadata = {}) {
  NamedArrays arrays;
  for (const auto& [name, tensor] : module.named_tensors()) {
    const Array value = tensor.value().to(Device::cpu);
    check(arrays.emplace(name, value.rank() == 4 ? oihw_from_ohwi(value) : ops::contiguous(value)).second, "save_torch",
          "two tensors are named '", name, "'");
  }
  check(metadata.emplace("format", "pt").second && metadata.emplace("layout", "oihw").second, "save_torch",
        "the format is 'pt' and the layout 'oihw', not for metadata to say; leave them out");
  FileCalls calls;
  detail::save_checked(path, arrays, std::move(metadata), "", calls);
}

struct TorchLoadOptions {
  std::string prefix = "auto";  ///< of the file's names; "auto": of those below, the one with most names in the network
  bool strict = true;           ///< missing and unexpected names are errors
};

namespace detail {

/// Where released checkpoints keep the encoder. Of two that fit equally, the first is taken: the trained network of
/// solo-learn, not its moving average.
inline constexpr std::string_view torch_prefixes[] = {
    "",                      // torchvision, Barlow Twins, VICReg
    "module.encoder_q.",     // MoCo v1 and v2
    "module.base_encoder.",  // MoCo v3
    "module.encoder.",       // SimSiam
    "module.backbone.",      // DINO
    "backbone.",             // solo-learn, lightly
    "momentum_backbone.",    // solo-learn
    "_feature_blocks.",      // VISSL
    "encoder.",
    "module.",  // DistributedDataParallel around a plain network
};

/// lightly's encoders are the children of a ResNet by number: "4.0.conv1.weight" is "layer1.0.conv1.weight".
AKIN_LAZY std::string stage_from_number(std::string_view name) {
  constexpr std::string_view stages[] = {"conv1.", "bn1.", "", "", "layer1.", "layer2.", "layer3.", "layer4."};
  const bool numbered = name.size() > 1 && name[0] >= '0' && name[0] <= '7' && name[1] == '.';
  const std::string_view stage = numbered ? stages[name[0] - '0'] : "";
  return stage.empty() ? std::string(name) : cat(stage, name.substr(2));
}

struct TorchMatch {
  LoadReport report;
  std::map<std::string, std::string> stored_name;  ///< by name in the network
};

/// Who finds whom, if the file's names begin so.
AKIN_LAZY TorchMatch match_torch(const NamedArrays& network, const NamedArrays& stored, std::string_view prefix,
                                 bool numbered) {
  TorchMatch match;
  match.report.prefix = prefix;
  match.report.numbered = numbered;
  const auto first_fc = network.lower_bound("fc.");
  const bool classifies = first_fc != network.end() && first_fc->first.starts_with("fc.");
  for (const auto& [full, array] : stored) {
    const bool inside = full.starts_with(prefix);
    const std::string below = inside ? full.substr(prefix.size()) : full;
    const std::string name = numbered ? stage_from_number(below) : below;
    if (!inside || (!classifies && name.starts_with("fc.")))
      match.report.ignored.push_back(full);
    else if (network.count(name) == 0 || !match.stored_name.emplace(name, full).second)
      match.report.unexpected.push_back(full);
  }
  for (const auto& [name, array] : network)
    if (match.stored_name.count(name) > 0)
      match.report.matched.push_back(name);
    else if (!name.ends_with("num_batches_tracked"))  // absent before PyTorch 0.4.1, and nothing depends on it
      match.report.missing.push_back(name);
  return match;
}

AKIN_LAZY TorchMatch best_match(const NamedArrays& network, const NamedArrays& stored, const std::string& prefix) {
  TorchMatch best;
  const auto try_prefix = [&](std::string_view candidate) {
    for (const bool numbered : {false, true}) {
      TorchMatch match = match_torch(network, stored, candidate, numbered);
      if (match.report.matched.size() > best.report.matched.size()) best = std::move(match);
    }
  };
  if (prefix != "auto")
    try_prefix(prefix);
  else
    for (const auto candidate : torch_prefixes) try_prefix(candidate);
  return best;
}

/// The matched values in the dtypes of the network; a line for each that has another shape, or no such dtype.
AKIN_LAZY std::string convert_torch(const NamedArrays& network, const NamedArrays& stored,
                                    const std::map<std::string, std::string>& stored_as, TorchMatch& match,
                                    NamedArrays& values) {
  std::string problems;
  for (const auto& [name, full] : match.stored_name) {
    const Array &own = network.at(name), &value = stored.at(full);
    const bool same = value.dtype() == own.dtype();
    if (!(value.shape() == own.shape()))
      problems += cat("\n  shape       ", full, " is ", value.shape(), ", expected ", own.shape());
    else if (!same && !(is_floating(value.dtype()) && is_floating(own.dtype())))
      problems += cat("\n  dtype       ", full, " is ", value.dtype(), ", expected ", own.dtype());
    else
      values.emplace(name, same ? value : ops::cast(value, own.dtype()));
    const auto widened = stored_as.find(full);
    const std::string from = widened == stored_as.end() ? cat(value.dtype()) : widened->second;
    if (from != cat(own.dtype())) match.report.converted.push_back(cat(full, ' ', from, " -> ", own.dtype()));
  }
  return problems;
}

}  // namespace detail

/// Reads the weights of a network from a PyTorch state_dict, as safetensors. Convolution weights are taken as
/// [out, in, kh, kw] unless the metadata says {"layout": "ohwi"}. Floating-point values are converted to the network's
/// dtype. Names outside the prefix, and a classifier "fc." where the network has none, are ignored.
/// Errors: a wrong shape; no name fits; if strict, missing and unexpected names. Nothing changes then.
AKIN_LAZY LoadReport load_torch(const nn::Module& module, const std::string& path,
                                const TorchLoadOptions& options = {}) {
  const std::vector<nn::NamedTensor> tensors = module.named_tensors();
  NamedArrays network;
  for (const auto& [name, tensor] : tensors)
    check(network.emplace(name, tensor.value()).second, "load_torch", "two tensors of the network are named '", name,
          "'");
  TensorFile file = read_tensors(path);
  const auto stored_as = std::move(file.stored_as);
  const LoadOptions layout{file.metadata.count("layout") > 0 ? "" : "oihw"};
  const NamedArrays stored = detail::in_akins_layout(path, std::move(file), layout);

  detail::TorchMatch match = detail::best_match(network, stored, options.prefix);
  LoadReport& report = match.report;
  check(!report.matched.empty(), "load_torch", "'", path, "' has no tensor of the network",
        options.prefix == "auto" ? " under any known prefix" : cat(" under the prefix '", options.prefix, "'"),
        stored.empty() ? "" : cat("; the first in the file is '", stored.begin()->first, "'"),
        network.empty() ? "" : cat(", of the network '", network.begin()->first, "'"));
  NamedArrays values;
  const std::string problems = detail::convert_torch(network, stored, stored_as, match, values);
  const bool complete = report.missing.empty() && report.unexpected.empty();
  check(problems.empty() && (complete || !options.strict), "load_torch", "'", path,
        "' does not fit the network:", problems, complete || !options.strict ? "" : "\n" + to_text(report));
  for (const auto& [name, tensor] : tensors)
    if (const auto value = values.find(name); value != values.end())
      ops::assign(tensor.mutable_value(), value->second.to(tensor.device()));
  return std::move(report);
}

}  // namespace akin::inline AKIN_ABI::io
