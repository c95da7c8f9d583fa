// Reading safetensors. The checks and their order are those of the reference implementation (huggingface/safetensors):
// a file that passes describes every byte of its buffer exactly once, so memory is bounded by the size of the file.
#pragma once
#include <algorithm>
#include <cstring>
#include <vector>

#include "file.hpp"
#include "json_parser.hpp"
#include "safetensors_format.hpp"

namespace akin::inline AKIN_ABI::io {
namespace detail {

/// One row of the header: values [begin, end) of the buffer.
struct StoredTensor {
  std::string name;
  const StoredType* type;
  std::vector<std::uint64_t> sizes;
  std::uint64_t begin, end;
};

struct TensorHeader {
  std::vector<StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// What to do, if the bytes begin as torch.save() begins a file: with a zip archive, or a pickle in older versions.
/// Neither is a valid length of a header together with the rest, so this only explains a refusal.
AKIN_LAZY std::string_view advice_for(std::string_view bytes) {
  if (!bytes.starts_with("PK\x03\x04") && !bytes.starts_with("\x80\x02")) return "";
  return "\nThis is a file of torch.save(), a pickle, which may run code when it is read. Convert it once, in Python:\n"
         "  import torch, safetensors.torch\n"
         "  state = torch.load(\"checkpoint.pth\", map_location=\"cpu\", weights_only=True)\n"
         "  safetensors.torch.save_file({k: v.contiguous().clone() for k, v in state.get(\"state_dict\", "
         "state).items() "
         "if torch.is_tensor(v)}, \"checkpoint.safetensors\")";
}

AKIN_LAZY std::string_view header_text(std::string_view bytes) {
  check(bytes.size() >= 8, "safetensors", "the file has ", bytes.size(), " bytes, too few for the length of a header");
  std::uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  check(length <= max_header_bytes, "safetensors", "the header claims ", length, " bytes, more than the limit of ",
        max_header_bytes, advice_for(bytes));
  check(length <= bytes.size() - 8, "safetensors", "the header claims ", length, " bytes, but only ", bytes.size() - 8,
        " follow (truncated, or not a safetensors file)", advice_for(bytes));
  return bytes.substr(8, length);
}

AKIN_LAZY StoredTensor read_row(const std::string& name, const Json& row) {
  const std::string& type_name = row.at("dtype").string();
  const StoredType* type = find_stored_type(type_name);
  check(type != nullptr, "dtype", "the format knows no ", quoted(type_name));
  const Json::List &sizes = row.at("shape").list(), &offsets = row.at("data_offsets").list();
  check(sizes.size() <= static_cast<std::size_t>(max_rank), "shape", sizes.size(), " axes, at most ", max_rank,
        " are supported");
  check(offsets.size() == 2, "data_offsets", "expected [begin, end], got ", offsets.size(), " numbers");
  StoredTensor tensor{name, type, {}, offsets[0].natural(), offsets[1].natural()};
  for (const Json& size : sizes) tensor.sizes.push_back(size.natural());
  return tensor;
}

AKIN_LAZY TensorHeader read_header(std::string_view text) {
  const Json json = parse_json(text, {.max_depth = 4});
  check(json.object().size() <= max_tensors, "safetensors", "more than ", max_tensors, " tensors");
  TensorHeader header;
  for (const auto& [name, value] : json.object()) {
    check(name.size() <= max_name_bytes, "safetensors", "a name of ", name.size(), " bytes; at most ", max_name_bytes);
    try {
      if (name != "__metadata__")
        header.tensors.push_back(read_row(name, value));
      else
        for (const auto& [key, note] : value.object()) header.metadata.emplace(key, note.string());
    } catch (const Error& error) {
      throw Error(cat("safetensors: header of ", quoted(name), ": ", error.what()));
    }
  }
  return header;
}

/// Bytes of a tensor, from its shape. Errors: overflow; not a whole number of bytes.
AKIN_LAZY std::uint64_t bytes_of(const StoredTensor& tensor) {
  std::uint64_t bits = static_cast<std::uint64_t>(tensor.type->bits), count = 1;
  bool fits = true;
  for (const auto size : tensor.sizes) {
    fits = fits && !__builtin_mul_overflow(count, size, &count);
    fits = fits && std::in_range<std::int64_t>(size);
  }
  fits = fits && !__builtin_mul_overflow(bits, count, &bits);
  check(fits, "safetensors", "the shape of ", quoted(tensor.name), " is too large to address");
  check(bits % 8 == 0, "safetensors", quoted(tensor.name), " takes ", bits, " bits, not a whole number of bytes");
  return bits / 8;
}

/// Sorts by offset; then each tensor begins where the one before ended, and the last ends with the buffer.
AKIN_LAZY void check_layout(std::vector<StoredTensor>& tensors, std::uint64_t buffer_bytes) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t end = 0;
  for (const auto& tensor : tensors) {
    check(tensor.begin == end && tensor.end >= tensor.begin, "safetensors", quoted(tensor.name), " has offsets [",
          tensor.begin, ", ", tensor.end, "], but must begin at ", end, " (no overlap, no hole)");
    const std::uint64_t bytes = bytes_of(tensor);
    check(tensor.end - tensor.begin == bytes, "safetensors", quoted(tensor.name), " needs ", bytes,
          " bytes for its shape and dtype, but its offsets hold ", tensor.end - tensor.begin);
    end = tensor.end;
  }
  check(end == buffer_bytes, "safetensors", "the header describes ", end, " bytes of values, the file holds ",
        buffer_bytes, end > buffer_bytes ? " (truncated)" : " (bytes that belong to no tensor)");
}

/// Copies values one by one: files need not be aligned, so no pointer into them is ever cast.
template <class From, class To, class F>
void widen(const char* bytes, Array& out, F&& convert) {
  To* to = out.mut<To>();
  for (std::int64_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, bytes + i * static_cast<std::int64_t>(sizeof(From)), sizeof(From));
    to[i] = convert(value);
  }
}

AKIN_LAZY Array read_values(const StoredTensor& tensor, std::string_view buffer) {
  const StoredType& type = *tensor.type;
  check(type.reading != Reading::unsupported, "safetensors", quoted(tensor.name), " is ", type.name,
        ", which akin does not support; convert it to F32, F64, BF16, I64, I32 or U8");
  Shape shape;
  for (const auto size : tensor.sizes) shape.push_back(static_cast<std::int64_t>(size));
  Array out = Array::empty(shape, type.dtype);
  const char* bytes = buffer.data() + tensor.begin;
  const auto to_i32 = [](auto value) { return static_cast<std::int32_t>(value); };
  if (type.name == "F16")
    widen<std::uint16_t, float>(bytes, out, float_from_half);
  else if (type.name == "BOOL")
    widen<std::uint8_t, std::uint8_t>(bytes, out, [](std::uint8_t b) { return std::uint8_t{b != 0}; });
  else if (type.name == "I8")
    widen<std::int8_t, std::int32_t>(bytes, out, to_i32);
  else if (type.name == "I16")
    widen<std::int16_t, std::int32_t>(bytes, out, to_i32);
  else if (type.name == "U16")
    widen<std::uint16_t, std::int32_t>(bytes, out, to_i32);
  else
    on_any(type.dtype, [&]<class T>() { std::memcpy(out.mut<T>(), bytes, tensor.end - tensor.begin); });
  return out;
}

}  // namespace detail

/// Reads the bytes of a safetensors file. BOOL is read as u8, I8, I16 and U16 as i32, F16 as f32 (see stored_as).
/// Errors: whatever a valid file may not be; other types of the format; types the format does not know.
AKIN_LAZY TensorFile parse_safetensors(std::string_view bytes) {
  const std::string_view text = detail::header_text(bytes);
  const std::string_view buffer = bytes.substr(8 + text.size());
  detail::TensorHeader header = detail::read_header(text);
  detail::check_layout(header.tensors, buffer.size());
  TensorFile file;
  file.metadata = std::move(header.metadata);
  for (const auto& tensor : header.tensors) {
    file.tensors.emplace(tensor.name, detail::read_values(tensor, buffer));
    if (tensor.type->reading == detail::Reading::widened) file.stored_as.emplace(tensor.name, tensor.type->name);
  }
  return file;
}

/// The same for the bytes of the file at `path`, which errors name.
AKIN_LAZY TensorFile parse_safetensors(std::string_view bytes, const std::string& path) {
  try {
    return parse_safetensors(bytes);
  } catch (const Error& error) {
    throw Error(cat("load '", path, "': ", error.what()));
  }
}

/// Reads a file. Errors: as parse_safetensors, with the path; not readable.
AKIN_LAZY TensorFile load_safetensors(const std::string& path) { return parse_safetensors(read_file(path), path); }

}  // namespace akin::inline AKIN_ABI::io
