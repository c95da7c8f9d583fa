// Writing safetensors: byte for byte what the reference implementation writes, and atomically.
#pragma once
#include <algorithm>
#include <cstring>
#include <vector>

#include "file.hpp"
#include "json.hpp"
#include "safetensors_format.hpp"

namespace akin::inline AKIN_ABI::io {
namespace detail {

/// The values of an array, without a copy.
AKIN_LAZY std::string_view bytes_of(const std::string& name, const Array& a) {
  check(a.defined() && a.device() == Device::cpu, "safetensors", quoted(name),
        " has no values on the cpu; move it with to()");
  check(a.is_contiguous(), "safetensors", quoted(name), " is a strided view of shape ", a.shape(),
        "; call contiguous() first");
  return on_any(a.dtype(), [&]<class T>() {
    return std::string_view(reinterpret_cast<const char*>(a.data<T>()), static_cast<std::size_t>(a.size()) * sizeof(T));
  });
}

/// Wider types first, then by name: every tensor is then aligned to its own type.
AKIN_LAZY std::vector<const NamedArrays::value_type*> file_order(const NamedArrays& tensors) {
  std::vector<const NamedArrays::value_type*> order;
  for (const auto& named : tensors) order.push_back(&named);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return &stored_type_of(a->second.dtype()) > &stored_type_of(b->second.dtype());
  });
  return order;
}

AKIN_LAZY void check_names(const NamedArrays& tensors) {
  check(tensors.size() < max_tensors, "safetensors", "more than ", max_tensors, " tensors");
  for (const auto& named : tensors)
    check(named.first != "__metadata__" && named.first.size() <= max_name_bytes, "safetensors", quoted(named.first),
          " cannot name a tensor: it is reserved or longer than ", max_name_bytes, " bytes");
}

/// Length and header, padded with spaces so that the values begin at a multiple of 8 bytes.
AKIN_LAZY std::string header_bytes(const Json& header) {
  std::string text = to_json(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  check(text.size() <= max_header_bytes, "safetensors", "the header takes ", text.size(),
        " bytes, more than the limit of ", max_header_bytes);
  const std::uint64_t length = text.size();
  char prefix[8];
  std::memcpy(prefix, &length, 8);
  return std::string(prefix, 8) + text;
}

/// The header, and views of the values that follow it.
struct FileParts {
  std::string header;
  std::vector<std::string_view> pieces;  // pieces[0] is the header
};

AKIN_LAZY FileParts file_parts(const NamedArrays& tensors, const std::map<std::string, std::string>& metadata) {
  check_names(tensors);
  Json::Object rows, notes;
  for (const auto& [key, text] : metadata) notes.push_back({key, text});
  if (!notes.empty()) rows.push_back({"__metadata__", std::move(notes)});
  FileParts parts{"", {""}};
  std::uint64_t end = 0;
  for (const auto* named : file_order(tensors)) {
    const Array& a = named->second;
    parts.pieces.push_back(bytes_of(named->first, a));
    const std::uint64_t begin = std::exchange(end, end + parts.pieces.back().size());
    rows.push_back({named->first, Json::Object{{"dtype", stored_type_of(a.dtype()).name},
                                               {"shape", Json::List(a.shape().begin(), a.shape().end())},
                                               {"data_offsets", Json::List{begin, end}}}});
  }
  parts.header = header_bytes(std::move(rows));
  return parts;
}

}  // namespace detail

/// The bytes of a safetensors file.
AKIN_LAZY std::string serialize_safetensors(const NamedArrays& tensors,
                                            const std::map<std::string, std::string>& metadata = {}) {
  detail::FileParts parts = detail::file_parts(tensors, metadata);
  parts.pieces[0] = parts.header;
  std::string bytes;
  for (const auto piece : parts.pieces) bytes += piece;
  return bytes;
}

/// Writes a safetensors file atomically: a crash leaves the old file or the new one. Errors: an array without values on
/// the cpu, or not contiguous; a name or text that is not UTF-8; whatever the system refuses.
AKIN_LAZY void save_safetensors(const std::string& path, const NamedArrays& tensors,
                                const std::map<std::string, std::string>& metadata = {}) {
  detail::FileParts parts = detail::file_parts(tensors, metadata);
  parts.pieces[0] = parts.header;
  write_file(path, parts.pieces);
}

}  // namespace akin::inline AKIN_ABI::io
