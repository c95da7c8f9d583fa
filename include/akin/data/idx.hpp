// IDX, the file format of MNIST and its relatives:
//   00 00 type rank | rank sizes, 32-bit big-endian | values, big-endian, row-major
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "../core/array.hpp"
#include "bytes.hpp"
#include "gzip.hpp"

namespace akin::inline AKIN_ABI::data {

namespace detail {

AKIN_LAZY std::uint64_t big_endian(const std::uint8_t* bytes, std::int64_t count) {
  std::uint64_t value = 0;
  for (std::int64_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

struct IdxHeader {
  int type = 0;
  std::int64_t item_bytes = 0;
  Shape shape;
  std::int64_t data_bytes = 0;

  std::int64_t bytes() const { return 4 + 4 * shape.rank(); }
};

AKIN_LAZY std::int64_t idx_item_bytes(int type, const std::string& file) {
  switch (type) {
    case 0x08:
      return 1;  // u8
    case 0x09:
      return 1;  // i8
    case 0x0B:
      return 2;  // i16
    case 0x0C:
      return 4;  // i32
    case 0x0D:
      return 4;  // f32
    case 0x0E:
      return 8;  // f64
    default:
      throw Error(cat("idx: ", file, ": byte 2 is the element type; expected 8 (u8), 9 (i8), 11 (i16), 12 (i32), ",
                      "13 (f32) or 14 (f64), found ", type, "; is this an IDX file?"));
  }
}

/// The sizes of an array from their big-endian bytes. Errors: the values' bytes cannot be counted in 63 bits.
AKIN_LAZY Shape idx_sizes(const std::uint8_t* bytes, int rank, std::int64_t item_bytes, const std::string& file) {
  // Sizes of 0 count as 1 here: [0, 2^32-1, 2^32-1, ...] holds no value, yet its strides would overflow.
  std::int64_t room = std::numeric_limits<std::int64_t>::max() / item_bytes;
  Shape shape;
  for (int i = 0; i < rank; ++i) {
    const auto size = static_cast<std::int64_t>(big_endian(bytes + 4 * i, 4));
    shape.push_back(size);
    check(size <= room, "idx", file, ": byte ", 4 + 4 * i, ": expected sizes that can be addressed, found ", shape,
          "...; copy the file again");
    room /= std::max<std::int64_t>(1, size);
  }
  return shape;
}

AKIN_LAZY IdxHeader read_idx_header(ByteSource& source) {
  const std::string& file = source.name();
  std::uint8_t bytes[4 + 4 * max_rank] = {};
  const std::size_t got = source.read(bytes, 4);
  const int first = bytes[0], second = bytes[1], rank = bytes[3];
  check(first != 0x1f || second != 0x8b, "idx", file,
        ": byte 0: expected 0 0, found 31 139: this is gzip data; let its name end in .gz");
  check(first == 0 && second == 0, "idx", file, ": byte 0: expected 0 0, found ", first, " ", second,
        "; is this an IDX file?");
  check(got == 4, "idx", file, ": truncated: expected at least 8 bytes, found ", got, "; copy the file again");
  IdxHeader header;
  header.type = bytes[2];
  header.item_bytes = idx_item_bytes(header.type, file);
  check(1 <= rank && rank <= max_rank, "idx", file, ": byte 3 is the number of axes; expected 1 ... ", max_rank,
        ", found ", rank, "; is this an IDX file?");
  const std::size_t sizes = source.read(bytes + 4, static_cast<std::size_t>(4 * rank));
  check(sizes == static_cast<std::size_t>(4 * rank), "idx", file, ": truncated: expected a header of ", 4 + 4 * rank,
        " bytes for ", rank, " axes, found ", 4 + sizes, "; copy the file again");
  header.shape = idx_sizes(bytes + 4, rank, header.item_bytes, file);
  header.data_bytes = header.shape.numel() * header.item_bytes;
  return header;
}

/// Big-endian values of type In, as an array of type Out.
template <class Bits, class In, class Out>
Array decode_idx(const Array& raw, const Shape& shape) {
  Array out = Array::empty(shape, dtype_of<Out>);
  const auto* bytes = raw.data<std::uint8_t>();
  auto* values = out.mut<Out>();
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const auto bits = static_cast<Bits>(big_endian(bytes + i * std::int64_t{sizeof(Bits)}, sizeof(Bits)));
    values[i] = static_cast<Out>(std::bit_cast<In>(bits));
  }
  return out;
}

}  // namespace detail

/// Reads one array: u8 stays u8; i8, i16 and i32 become i32; f32 and f64 stay. 1 to 8 axes.
/// Errors name file, byte, expected and found: wrong magic, type or rank; too short; too long; sizes beyond the file.
/// Never takes more memory than the source can fill.
AKIN_LAZY Array read_idx(ByteSource& source) {
  const auto header = detail::read_idx_header(source);
  const std::string& file = source.name();
  const auto expected = static_cast<std::uint64_t>(header.data_bytes);
  check(expected <= source.at_most(), "idx", file, ": truncated: expected ", expected, " bytes of values from byte ",
        header.bytes(), " for sizes ", header.shape, ", found at most ", source.at_most(), "; copy the file again");
  Array raw = Array::empty({header.data_bytes}, DType::u8);
  const std::size_t got = source.read(raw.mut<std::uint8_t>(), expected);
  check(got == expected, "idx", file, ": truncated: expected ", expected, " bytes of values from byte ", header.bytes(),
        " for sizes ", header.shape, ", found ", got, "; copy the file again");
  std::uint8_t more;
  check(source.read(&more, 1) == 0, "idx", file, ": expected the end at byte ", header.bytes() + header.data_bytes,
        " for sizes ", header.shape, ", found more bytes; copy the file again");
  switch (header.type) {
    case 0x08:
      return raw.reshape(header.shape);
    case 0x09:
      return detail::decode_idx<std::uint8_t, std::int8_t, std::int32_t>(raw, header.shape);
    case 0x0B:
      return detail::decode_idx<std::uint16_t, std::int16_t, std::int32_t>(raw, header.shape);
    case 0x0C:
      return detail::decode_idx<std::uint32_t, std::int32_t, std::int32_t>(raw, header.shape);
    case 0x0D:
      return detail::decode_idx<std::uint32_t, float, float>(raw, header.shape);
    default:
      return detail::decode_idx<std::uint64_t, double, double>(raw, header.shape);
  }
}

/// Reads a file, inflating it when its name ends in .gz.
AKIN_LAZY Array read_idx(const std::string& path) { return read_idx(*open_bytes(path)); }

/// Reads bytes that lie in memory; `name` is what errors call them.
AKIN_LAZY Array parse_idx(std::string bytes, std::string name = "memory") {
  PlainBytes source(std::move(name), std::move(bytes));
  return read_idx(source);
}

}  // namespace akin::inline AKIN_ABI::data
