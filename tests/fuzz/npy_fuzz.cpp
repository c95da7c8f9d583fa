// .npy: an array that was read accounts for every byte after the header, in the order that the header says.
#include <akin/io/npy.hpp>

#include "fuzz.hpp"

using namespace akin;

namespace {

/// Byte `at` of the values in the order of the file, for types of one byte: the first axis runs fastest in Fortran's.
std::uint8_t in_fortran_order(const Array& array, std::int64_t at) {
  std::int64_t position = 0, stride = array.size();
  for (int axis = 0; axis < array.rank(); ++axis) {
    stride /= array.dim(axis);
    position += at % array.dim(axis) * stride;
    at /= array.dim(axis);
  }
  return array.data<std::uint8_t>()[position];
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  const auto array = fuzz::value_or_error([&] { return io::parse_npy(bytes); });
  if (!array) return 0;
  const io::detail::NpyHeader header = io::detail::npy_header(bytes);
  const auto item = static_cast<std::size_t>(header.type[2] - '0');
  fuzz::require(array->is_contiguous() && array->shape() == header.shape, "the shape is that of the header");
  fuzz::require(header.end + static_cast<std::size_t>(array->size()) * item == size, "every byte belongs to a value");
  if (header.type.substr(1) != "u1") return 0;
  for (std::int64_t i = 0; i < array->size(); ++i)
    fuzz::require((header.fortran ? in_fortran_order(*array, i) : array->data<std::uint8_t>()[i]) ==
                      data[header.end + static_cast<std::size_t>(i)],
                  "u1 values are the bytes");
  return 0;
}
