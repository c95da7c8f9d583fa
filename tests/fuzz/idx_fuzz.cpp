// IDX: an array that was read accounts for every byte of the file, and holds its values.
#include <akin/data/idx.hpp>

#include "fuzz.hpp"

using namespace akin;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto array = fuzz::value_or_error([&] { return data::parse_idx(std::string(fuzz::text_of(data, size))); });
  if (!array) return 0;
  constexpr std::size_t item_bytes[] = {1, 1, 0, 2, 4, 4, 8};  // of types 8 ... 14
  const std::size_t header = 4 + 4 * std::size_t{data[3]}, item = item_bytes[data[2] - 8];
  fuzz::require(array->rank() == data[3], "the rank is byte 3");
  fuzz::require(header + static_cast<std::size_t>(array->size()) * item == size, "every byte belongs to a value");
  if (array->size() > 0 && data[2] == 8)
    fuzz::require(std::memcmp(array->data<std::uint8_t>(), data + header, size - header) == 0,
                  "u8 values are the bytes");
  return 0;
}
