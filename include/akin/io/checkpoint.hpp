// Weights in and out: the named tensors of a network as a safetensors file.
//
// Values lie as in memory: convolution weights are [out, kh, kw, in]. Metadata says so: {"layout": "ohwi"}. PyTorch's
// are [out, in, kh, kw]; with {"layout": "oihw"} they are converted. A file that holds tensors of four axes and says
// neither is refused, since 3x3 filters of three channels would fit both ways.
//
// Metadata "crc32c" is the checksum of the whole file, in which its own eight digits count as zeros.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "../nn/module.hpp"
#include "crc32c.hpp"
#include "safetensors.hpp"

namespace akin::inline AKIN_ABI::io {

namespace detail {

inline constexpr std::string_view crc_key = "\"crc32c\":\"", no_crc = "00000000";

/// Position of the eight digits in the bytes of a file, or npos. Our metadata comes first, so the first match is it.
AKIN_LAZY std::size_t crc_position(std::string_view bytes) {
  const std::size_t key = bytes.find(crc_key), digits = key + crc_key.size();
  return key == bytes.npos || bytes.size() < digits + no_crc.size() ? bytes.npos : digits;
}

/// Errors: the bytes are not those that were written.
AKIN_LAZY void check_crc(const std::string& path, std::string_view bytes, const std::string& said) {
  const std::size_t digits = crc_position(bytes), after = digits + no_crc.size();
  check(digits != bytes.npos && bytes.substr(digits, no_crc.size()) == said, "load", "'", path,
        "' does not hold its checksum where akin writes it");
  const std::string found = crc_text(crc32c(bytes.substr(after), crc32c(no_crc, crc32c(bytes.substr(0, digits)))));
  check(found == said, "load", "'", path, "' is damaged: its CRC-32C is ", found, ", when written it was ", said,
        "; use a copy of it");
}

/// Writes a safetensors file with a checksum of the whole. Errors: metadata says "crc32c"; whatever the system refuses.
template <class Calls>
void save_checked(const std::string& path, const NamedArrays& arrays, std::map<std::string, std::string> metadata,
                  const std::string& previous, Calls& calls) {
  check(metadata.emplace("crc32c", no_crc).second, "save", "the checksum is not for metadata to say; leave it out");
  FileParts parts = file_parts(arrays, metadata);
  std::uint32_t crc = crc32c(parts.header);
  for (std::size_t i = 1; i < parts.pieces.size(); ++i) crc = crc32c(parts.pieces[i], crc);
  parts.header.replace(crc_position(parts.header), no_crc.size(), crc_text(crc));
  parts.pieces[0] = parts.header;
  replace_file(path, previous, parts.pieces, calls);
}

}  // namespace detail

/// Writes the tensors atomically. With `previous`, a path in the same folder, the file that was there stays under that
/// name. Errors: two have the same name; metadata says "layout" or "crc32c"; whatever the system refuses.
template <class Calls = FileCalls>
void save_tensors(const std::string& path, const std::vector<nn::NamedTensor>& tensors,
                  std::map<std::string, std::string> metadata = {}, const std::string& previous = {},
                  Calls&& calls = {}) {
  NamedArrays arrays;
  for (const auto& [name, tensor] : tensors)
    check(arrays.emplace(name, tensor.value().to(Device::cpu)).second, "save", "two tensors are named '", name, "'");
  check(metadata.emplace("layout", "ohwi").second, "save",
        "the layout of the values is 'ohwi', not for metadata to say; leave it out");
  detail::save_checked(path, arrays, std::move(metadata), previous, calls);
}

/// The tensors of a file. Errors: as load_safetensors; the checksum is not that of its bytes. Files of other programs
/// need none.
AKIN_LAZY TensorFile read_tensors(const std::string& path) {
  const std::string bytes = read_file(path);
  TensorFile file = parse_safetensors(bytes, path);
  const auto said = file.metadata.find("crc32c"), layout = file.metadata.find("layout");
  if (said != file.metadata.end())
    detail::check_crc(path, bytes, said->second);
  else
    check(layout == file.metadata.end() || layout->second != "ohwi", "load", "'", path,
          "' is damaged: files in akin's layout have a checksum, this one has none");
  return file;
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

/// Puts the values of a file into tensors that exist. All or nothing: every name must be in the file with the same shape
/// and dtype, and the file must hold no others; else an Error lists all that differs, and nothing changes. Also refused:
/// weights of four axes in an unknown layout. `path` is for messages.
AKIN_LAZY void assign_tensors(const std::string& path, TensorFile file, const std::vector<nn::NamedTensor>& tensors,
                              const LoadOptions& options = {}) {
  const NamedArrays stored = detail::in_akins_layout(path, std::move(file), options);
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
  for (const auto& [name, tensor] : tensors) ops::assign(tensor.mutable_value(), stored.at(name).to(tensor.device()));
}

/// Reads values into tensors that exist. Errors: those of read_tensors and assign_tensors.
AKIN_LAZY void load_tensors(const std::string& path, const std::vector<nn::NamedTensor>& tensors,
                            const LoadOptions& options = {}) {
  assign_tensors(path, read_tensors(path), tensors, options);
}

/// The weights of one network. Errors as above.
AKIN_LAZY void save(const nn::Module& module, const std::string& path) { save_tensors(path, module.named_tensors()); }
AKIN_LAZY void load(const nn::Module& module, const std::string& path, const LoadOptions& options = {}) {
  load_tensors(path, module.named_tensors(), options);
}

}  // namespace akin::inline AKIN_ABI::io
