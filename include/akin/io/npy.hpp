// .npy, NumPy's file of one array, versions 1 to 3:
//   \x93NUMPY | major, minor | length of the header, 16 (version 1) or 32 bits | header | values
// The header is a Python dictionary in text: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "../ops/elementwise.hpp"
#include "file.hpp"
#include "mapped_file.hpp"
#include "safetensors_format.hpp"

namespace akin::inline AKIN_ABI::io {
namespace detail {

inline constexpr std::size_t max_npy_header = 10'000;  // NumPy's own limit
inline constexpr std::string_view npy_magic = "\x93NUMPY";

struct NpyHeader {
  std::string type;  ///< "<f4": byte order, kind, bytes
  bool fortran = false;
  Shape shape;
  std::size_t end = 0;  ///< where the values begin
};

/// Just enough of Python to read such a dictionary.
class NpyHeaderText {
 public:
  explicit NpyHeaderText(std::string_view text) : text_(text) {}

  AKIN_LAZY void read(NpyHeader& header) {
    int types = 0, orders = 0, shapes = 0;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr")
        header.type = type(), ++types;
      else if (key == "fortran_order")
        header.fortran = truth(), ++orders;
      else if (key == "shape")
        header.shape = shape(), ++shapes;
      else
        fail(cat("unknown key '", key, "'"));
      if (!accept(',')) expect('}'), --at_;
    }
    check(types == 1 && orders == 1 && shapes == 1, "npy",
          "the header must name descr, fortran_order and shape once each");
  }

 private:
  [[noreturn]] void fail(std::string_view what) const { throw Error(cat("npy: byte ", at_, " of the header: ", what)); }
  bool accept(char wanted) {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() && text_[at_] == wanted ? ++at_, true : false;
  }
  AKIN_LAZY void expect(char wanted) {
    if (!accept(wanted)) fail(cat("expected '", wanted, "'"));
  }
  AKIN_LAZY bool accept_word(std::string_view word) {
    accept('\0');  // passes spaces over
    const bool here = text_.substr(at_, word.size()) == word;
    at_ += here ? word.size() : 0;
    return here;
  }
  AKIN_LAZY std::string string() {
    const char quote = accept('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const std::size_t end = std::min(text_.find(quote, at_), text_.size());
    const std::string value(text_.substr(at_, end - at_));
    at_ = end;
    expect(quote);
    return value;
  }
  AKIN_LAZY std::string type() {
    if (accept('[')) fail("records of several fields are not supported; save one field");
    return string();
  }
  AKIN_LAZY bool truth() {
    const bool value = accept_word("True");
    if (!value && !accept_word("False")) fail("expected True or False");
    return value;
  }
  AKIN_LAZY Shape shape() {
    Shape sizes;
    expect('(');
    while (!accept(')')) {
      const std::size_t first = at_;
      std::int64_t size = 0;
      for (; at_ < text_.size() && '0' <= text_[at_] && text_[at_] <= '9' && at_ < first + 18; ++at_)
        size = 10 * size + (text_[at_] - '0');
      if (at_ == first) fail("expected a size");
      sizes.push_back(size);
      accept('L');  // Python 2 wrote long numbers so
      if (!accept(',')) expect(')'), --at_;
    }
    return sizes;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

AKIN_LAZY NpyHeader npy_header(std::string_view bytes) {
  check(bytes.substr(0, 6) == npy_magic && bytes.size() >= 10, "npy",
        "not a .npy file: it does not begin with \\x93NUMPY");
  const int version = bytes[6], wide = version == 1 ? 2 : 4;
  check(1 <= version && version <= 3, "npy", "version ", version, " is not supported; save the array anew");
  const auto begin = static_cast<std::size_t>(8 + wide);
  check(bytes.size() >= begin, "npy", "truncated: the file has ", bytes.size(), " bytes");
  std::size_t length = 0;
  for (std::size_t i = begin; i-- > 8;) length = length << 8 | static_cast<std::uint8_t>(bytes[i]);
  check(length <= max_npy_header, "npy", "the header claims ", length, " bytes, more than the limit of ",
        max_npy_header);
  check(length <= bytes.size() - begin, "npy", "truncated: the header claims ", length, " bytes, of which ",
        bytes.size() - begin, " follow");
  NpyHeader header;
  NpyHeaderText(bytes.substr(begin, length)).read(header);
  header.end = begin + length;
  return header;
}

/// Values of type In, perhaps with their bytes in reverse, as an array of type Out.
template <class In, class Out, class F>
Array read_npy_values(std::string_view bytes, const Shape& shape, bool reversed, F&& convert) {
  check_sizes("npy", shape, static_cast<std::int64_t>(std::max(sizeof(In), sizeof(Out))));
  const auto expected = static_cast<std::uint64_t>(shape.numel()) * sizeof(In);
  check(bytes.size() == expected, "npy", "expected ", expected, " bytes of values for shape ", shape, ", found ",
        bytes.size(), bytes.size() < expected ? " (truncated)" : "");
  Array out = Array::empty(shape, dtype_of<Out>);
  Out* to = out.mut<Out>();
  for (std::size_t i = 0; i < static_cast<std::size_t>(out.size()); ++i) {
    char value[sizeof(In)];
    std::memcpy(value, bytes.data() + i * sizeof(In), sizeof(In));
    if (reversed) std::reverse(value, value + sizeof(In));
    In in;
    std::memcpy(&in, value, sizeof(In));
    to[i] = static_cast<Out>(convert(in));
  }
  return out;
}

AKIN_LAZY Array npy_values(std::string_view type, std::string_view bytes, const Shape& shape) {
  const auto same = [](auto value) { return value; };
  const bool reversed = type[0] == '>';  // the machines that akin runs on are little-endian
  const std::string_view kind = type.substr(1);
  if (kind == "f4") return read_npy_values<float, float>(bytes, shape, reversed, same);
  if (kind == "f8") return read_npy_values<double, double>(bytes, shape, reversed, same);
  if (kind == "f2") return read_npy_values<std::uint16_t, float>(bytes, shape, reversed, float_from_half);
  if (kind == "u1") return read_npy_values<std::uint8_t, std::uint8_t>(bytes, shape, reversed, same);
  if (kind == "b1")
    return read_npy_values<std::uint8_t, std::uint8_t>(bytes, shape, reversed, [](auto b) { return b != 0; });
  if (kind == "i1") return read_npy_values<std::int8_t, std::int32_t>(bytes, shape, reversed, same);
  if (kind == "i2") return read_npy_values<std::int16_t, std::int32_t>(bytes, shape, reversed, same);
  if (kind == "u2") return read_npy_values<std::uint16_t, std::int32_t>(bytes, shape, reversed, same);
  if (kind == "i4") return read_npy_values<std::int32_t, std::int32_t>(bytes, shape, reversed, same);
  if (kind == "u4") return read_npy_values<std::uint32_t, std::int64_t>(bytes, shape, reversed, same);
  if (kind == "i8") return read_npy_values<std::int64_t, std::int64_t>(bytes, shape, reversed, same);
  throw Error(
      cat("npy: values of type '", type, "' are not supported; save f2, f4, f8, u1, i1, i2, u2, i4, u4, i8 or b1"));
}

AKIN_LAZY std::string_view npy_type_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "<f4";
    case DType::f64:
      return "<f8";
    case DType::i64:
      return "<i8";
    case DType::i32:
      return "<i4";
    case DType::u8:
      return "|u1";
    default:
      throw Error("npy: NumPy has no bf16; cast the array to f32 first");
  }
}

}  // namespace detail

/// Reads an array from a file's bytes. f4, f8, u1, i4 and i8 stay as they are; f2 becomes f32, b1 u8, i1, i2 and u2 i32,
/// u4 i64. Big-endian values and Fortran order are put right. Never runs what a file holds: Python objects are refused.
/// Errors: not a .npy file; damaged, truncated or too long; other types.
AKIN_LAZY Array parse_npy(std::string_view bytes) {
  const detail::NpyHeader header = detail::npy_header(bytes);
  const std::string& type = header.type;
  check(type.find('O') == type.npos, "npy",
        "the array holds Python objects, and loading these would run code; save "
        "numbers");
  check(type.size() == 3 && std::string_view("<>|=").find(type[0]) != std::string_view::npos, "npy", "values of type '",
        type, "' are not supported; save numbers");
  const Shape& shape = header.shape;
  const std::string_view values = bytes.substr(header.end);
  if (!header.fortran) return detail::npy_values(type, values, shape);
  Shape backwards = shape;  // the first axis runs fastest
  for (int i = 0; i < shape.rank(); ++i) backwards[i] = shape[shape.rank() - 1 - i];
  Array array = detail::npy_values(type, values, backwards);
  for (int i = 0; i < shape.rank() / 2; ++i) array = array.transpose(i, shape.rank() - 1 - i);
  return ops::contiguous(array);
}

/// Reads a file. Errors: as parse_npy, with the path; not readable.
AKIN_LAZY Array load_npy(const std::string& path) {
  const MappedFile file(path);
  try {
    return parse_npy(file.bytes());
  } catch (const Error& error) {
    throw Error(cat("'", path, "': ", error.what()));
  }
}

/// Writes an array as NumPy would, version 1, atomically. Errors: no values on the cpu; bf16; not written.
AKIN_LAZY void save_npy(const std::string& path, const Array& array) {
  check(array.defined() && array.device() == Device::cpu, "npy", "the array has no values on the cpu");
  std::string text = cat("{'descr': '", detail::npy_type_of(array.dtype()), "', 'fortran_order': False, 'shape': (");
  for (int i = 0; i < array.rank(); ++i)
    text += cat(i > 0 ? " " : "", array.dim(i), i == 0 || i + 1 < array.rank() ? "," : "");
  text += "), }";
  text.resize((10 + text.size() + 1 + 63) / 64 * 64 - 11, ' ');  // the values begin at a multiple of 64 bytes
  text += '\n';
  std::string head = cat(detail::npy_magic, '\x01', '\0');
  head += static_cast<char>(text.size() & 255);
  head += static_cast<char>(text.size() >> 8);
  head += text;
  const Array values = ops::contiguous(array);
  const std::string_view bytes = on_any(values.dtype(), [&]<class T>() {
    return std::string_view(reinterpret_cast<const char*>(values.data<T>()),
                            static_cast<std::size_t>(values.size()) * sizeof(T));
  });
  write_file(path, {head, bytes});
}

}  // namespace akin::inline AKIN_ABI::io
