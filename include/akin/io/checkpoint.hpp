// Weights in and out: the named tensors of a network as a safetensors file.
//
// Values lie as in memory: convolution weights are [out, kh, kw, in]. Metadata says so: {"layout": "ohwi"}. PyTorch's
// are [out, in, kh, kw]; with {"layout": "oihw"} they are converted. A file that holds tensors of four axes and says
// neither is refused, since 3x3 filters of three channels would fit both ways.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "../nn/module.hpp"
#include "safetensors.hpp"

namespace akin::inline AKIN_ABI::io {

/// Writes the tensors atomically. Errors: two have the same name; metadata says "layout"; whatever the system refuses.
AKIN_LAZY void save_tensors(const std::string& path, const std::vector<nn::NamedTensor>& tensors,
                            std::map<std::string, std::string> metadata = {}) {
  NamedArrays arrays;
  for (const auto& [name, tensor] : tensors)
    check(arrays.emplace(name, tensor.value()).second, "save", "two tensors are named '", name, "'");
  check(metadata.emplace("layout", "ohwi").second, "save",
        "the layout of the values is 'ohwi', not for metadata to say; leave it out");
  save_safetensors(path, arrays, metadata);
}

/// Convolution weights of PyTorch, [out, in, kh, kw], as akin's [out, kh, kw, in]. Errors: not four axes.
AKIN_LAZY Array ohwi_from_oihw(const Array& weight) {
  check_rank("ohwi_from_oihw", "a weight [out, in, kh, kw]", weight, 4);
  return ops::contiguous(weight.transpose(1, 2).transpose(2, 3));
}

struct LoadOptions {
  std::string layout = {};  ///< "ohwi" or "oihw": of tensors of four axes in a file that does not say
};

namespace detail {

/// The tensors of a file as akin lays them out. Errors: the file and the options say different layouts, none, or another.
AKIN_LAZY NamedArrays in_akins_layout(const std::string& path, TensorFile file, const LoadOptions& options) {
  const auto said = file.metadata.find("layout");
  const std::string layout = said == file.metadata.end() ? options.layout : said->second;
  check(options.layout.empty() || options.layout == layout, "load", "'", path, "' says its layout is '", layout,
        "', asked for '", options.layout, "'; leave the option out");
  check(layout.empty() || layout == "ohwi" || layout == "oihw", "load", "'", path, "' has weights in the layout '",
        layout, "', expected 'ohwi' or 'oihw'");
  for (auto& [name, array] : file.tensors) {
    if (array.rank() != 4) continue;
    check(!layout.empty(), "load", "'", path, "' does not say how ", name, " ", array.shape(),
          " lies; if it is from PyTorch, load with {.layout = \"oihw\"}, else with {.layout = \"ohwi\"}");
    if (layout == "oihw") array = ohwi_from_oihw(array);
  }
  return std::move(file.tensors);
}

}  // namespace detail

/// Reads values into tensors that exist. All or nothing: every name must be in the file with the same shape and dtype,
/// and the file must hold no others; else an Error lists all that differs, and nothing changes. Also refused: weights of
/// four axes in an unknown layout.
AKIN_LAZY void load_tensors(const std::string& path, const std::vector<nn::NamedTensor>& tensors,
                            const LoadOptions& options = {}) {
  const NamedArrays stored = detail::in_akins_layout(path, load_safetensors(path), options);
  std::string problems;
  NamedArrays unexpected = stored;
  for (const auto& [name, tensor] : tensors) {
    unexpected.erase(name);
    const auto found = stored.find(name);
    if (found == stored.end())
      problems += cat("\n  missing     ", name, " ", tensor.shape());
    else if (found->second.dtype() != tensor.dtype())
      problems += cat("\n  dtype       ", name, " is ", found->second.dtype(), ", expected ", tensor.dtype());
    else if (!(found->second.shape() == tensor.shape()))
      problems += cat("\n  shape       ", name, " is ", found->second.shape(), ", expected ", tensor.shape());
  }
  for (const auto& [name, array] : unexpected) problems += cat("\n  unexpected  ", name, " ", array.shape());
  check(problems.empty(), "load", "'", path, "' does not fit the network:", problems);
  for (const auto& [name, tensor] : tensors) ops::assign(tensor.mutable_value(), stored.at(name));
}

/// The weights of one network. Errors as above.
AKIN_LAZY void save(const nn::Module& module, const std::string& path) { save_tensors(path, module.named_tensors()); }
AKIN_LAZY void load(const nn::Module& module, const std::string& path, const LoadOptions& options = {}) {
  load_tensors(path, module.named_tensors(), options);
}

}  // namespace akin::inline AKIN_ABI::io
