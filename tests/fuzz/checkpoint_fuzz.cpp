// Checkpoints: loading is all or nothing. A file that does not fit leaves the tensors as they were; what was loaded is
// what the file holds. Files are tried as they are, and with the checksum that belongs to them, which no mutation finds.
#include <akin/io/checkpoint.hpp>

#include "fuzz.hpp"

using namespace akin;

namespace {

// Four axes (their layout matters), another type, and a scalar.
std::vector<nn::NamedTensor> small_network() {
  return {{"conv.weight", Tensor(Array::full({2, 2, 2, 1}, 7.0))},
          {"norm.mean", Tensor(Array::full({3}, 7.0, DType::f64))},
          {"steps", Tensor(Array::full({}, 7.0, DType::i64))}};
}

void load(std::string_view bytes, const std::string& layout) {
  const fuzz::MemoryFile saved(bytes);
  const auto tensors = small_network(), before = small_network();
  if (!fuzz::accepts([&] { io::load_tensors(saved.path(), tensors, {.layout = layout}); })) {
    for (std::size_t i = 0; i < tensors.size(); ++i)
      fuzz::require(fuzz::same_bits(tensors[i].tensor.value(), before[i].tensor.value()), "an Error changes nothing");
    return;
  }
  const io::TensorFile file = io::parse_safetensors(bytes);
  fuzz::require(file.tensors.size() == tensors.size(), "a file that fits holds these tensors and no others");
  const auto said = file.metadata.find("layout");
  const bool torch = (said == file.metadata.end() ? layout : said->second) == "oihw";
  const Array& conv = file.at("conv.weight");
  fuzz::require(fuzz::same_bits(torch ? io::ohwi_from_oihw(conv) : conv, tensors[0].tensor.value()),
                "weights are those of the file");
  fuzz::require(fuzz::same_bits(file.at("norm.mean"), tensors[1].tensor.value()), "statistics are those of the file");
  fuzz::require(fuzz::same_bits(file.at("steps"), tensors[2].tensor.value()), "counts are those of the file");
}

/// The checksum put where akin writes it, if the file has the place.
std::optional<std::string> sealed(std::string bytes) {
  constexpr std::string_view none = io::detail::no_crc;
  const std::size_t at = io::detail::crc_position(bytes);
  if (at == bytes.npos) return std::nullopt;
  bytes.replace(at, none.size(), none);
  bytes.replace(at, none.size(), io::crc_text(io::crc32c(bytes)));
  return bytes;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  load(bytes, "");
  if (!fuzz::accepts([&] { io::parse_safetensors(bytes); })) return 0;
  for (const char* layout : {"ohwi", "oihw"}) load(bytes, layout);
  if (const auto whole = sealed(std::string(bytes))) load(*whole, "");
  return 0;
}
