// safetensors: what was read takes no more memory than the file can justify, and written again it reads back bit for bit.
#include <akin/io/safetensors.hpp>

#include "fuzz.hpp"

using namespace akin;

namespace {

void check_round_trip(const io::TensorFile& file) {
  const io::TensorFile again = io::parse_safetensors(io::serialize_safetensors(file.tensors, file.metadata));
  fuzz::require(again.metadata == file.metadata, "metadata read back as they were");
  fuzz::require(again.tensors.size() == file.tensors.size(), "every tensor is read back");
  fuzz::require(again.stored_as.empty(), "written types are never widened");
  for (const auto& [name, array] : file.tensors)
    fuzz::require(fuzz::same_bits(again.at(name), array), "tensors read back bit for bit");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = fuzz::value_or_error([&] { return io::parse_safetensors(fuzz::text_of(data, size)); });
  if (!file) return 0;
  std::size_t bytes = 0;
  for (const auto& [name, array] : file->tensors)
    bytes += static_cast<std::size_t>(array.size()) * size_of(array.dtype());
  fuzz::require(bytes <= 4 * size, "values take at most four times the file: I8 becomes i32");  // none overlap
  for (const auto& [name, type] : file->stored_as)
    fuzz::require(file->tensors.count(name) == 1, "widened tensors exist");
  check_round_trip(*file);
  return 0;
}
