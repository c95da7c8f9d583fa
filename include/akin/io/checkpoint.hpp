// Weights in and out: the named tensors of a network as a safetensors file.
//
// Values lie as in memory: convolution weights are [out, kh, kw, in]. Metadata says so: {"layout": "ohwi"}.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "../nn/module.hpp"
#include "safetensors.hpp"

namespace akin::inline AKIN_ABI::io {

/// Writes the tensors atomically. Errors: two have the same name; whatever the system refuses.
AKIN_LAZY void save_tensors(const std::string& path, const std::vector<nn::NamedTensor>& tensors,
                         std::map<std::string, std::string> metadata = {}) {
  NamedArrays arrays;
  for (const auto& [name, tensor] : tensors)
    check(arrays.emplace(name, tensor.value()).second, "save", "two tensors are named '", name, "'");
  metadata.emplace("layout", "ohwi");
  save_safetensors(path, arrays, metadata);
}

/// Reads values into tensors that exist. All or nothing: every name must be in the file with the same shape and dtype,
/// and the file must hold no others; else an Error lists all that differs, and nothing changes.
AKIN_LAZY void load_tensors(const std::string& path, const std::vector<nn::NamedTensor>& tensors) {
  const TensorFile file = load_safetensors(path);
  const auto layout = file.metadata.find("layout");
  check(layout == file.metadata.end() || layout->second == "ohwi", "load", "'", path, "' has weights in the layout '",
        layout == file.metadata.end() ? "" : layout->second, "', expected 'ohwi'");
  std::string problems;
  std::map<std::string, bool> wanted;
  for (const auto& [name, tensor] : tensors) {
    wanted[name] = true;
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) problems += cat("\n  missing     ", name, " ", tensor.shape());
    else if (found->second.dtype() != tensor.dtype()) problems += cat("\n  dtype       ", name, " is ", found->second.dtype(), ", expected ", tensor.dtype());
    else if (!(found->second.shape() == tensor.shape())) problems += cat("\n  shape       ", name, " is ", found->second.shape(), ", expected ", tensor.shape());
  }
  for (const auto& [name, array] : file.tensors)
    if (!wanted.count(name)) problems += cat("\n  unexpected  ", name, " ", array.shape());
  check(problems.empty(), "load", "'", path, "' does not fit the network:", problems);
  for (const auto& [name, tensor] : tensors) ops::assign(tensor.mutable_value(), file.tensors.at(name));
}

/// The weights of one network. Errors as above.
AKIN_LAZY void save(const nn::Module& module, const std::string& path) { save_tensors(path, module.named_tensors()); }
AKIN_LAZY void load(const nn::Module& module, const std::string& path) { load_tensors(path, module.named_tensors()); }

}  // namespace akin::inline AKIN_ABI::io
