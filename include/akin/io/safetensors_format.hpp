// What both sides of the safetensors format share: limits, element types, and the content of a file.
//
//   u64 N, little-endian | N bytes of JSON | the values, row-major and little-endian, to the end of the file
#pragma once
#include <bit>
#include <map>
#include <string>
#include <string_view>

#include "../core/array.hpp"

namespace akin::inline AKIN_ABI::io {

static_assert(std::endian::native == std::endian::little, "safetensors holds little-endian values");

using NamedArrays = std::map<std::string, Array>;

/// The content of a safetensors file.
struct TensorFile {
  NamedArrays tensors;
  std::map<std::string, std::string> metadata;   ///< the file's "__metadata__"
  std::map<std::string, std::string> stored_as;  ///< of tensors read into a wider type: "F16", "I8", ...

  /// Errors: no tensor of that name.
  AKIN_LAZY const Array& at(const std::string& name) const {
    const auto found = tensors.find(name);
    check(found != tensors.end(), "safetensors", "there is no tensor '", name, "' among the ", tensors.size(),
          " in the file");
    return found->second;
  }
};

namespace detail {

inline constexpr std::uint64_t max_header_bytes = 100'000'000;  // the reference reader's limit
inline constexpr std::size_t max_tensors = 1'000'000;
inline constexpr std::size_t max_name_bytes = 4096;

/// How a type of the format becomes one of akin's: as it is, by widening, or not at all.
enum class Reading { same, widened, unsupported };

struct StoredType {
  std::string_view name;
  int bits;
  Reading reading = Reading::unsupported;
  DType dtype = DType::f32;
};

/// Every type of the format, in its order of alignment: files hold the last ones first.
inline constexpr StoredType stored_types[] = {
    {"BOOL", 8, Reading::widened, DType::u8},
    {"F4", 4},
    {"F6_E2M3", 6},
    {"F6_E3M2", 6},
    {"U8", 8, Reading::same, DType::u8},
    {"I8", 8, Reading::widened, DType::i32},
    {"F8_E5M2", 8},
    {"F8_E4M3", 8},
    {"F8_E8M0", 8},
    {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8},
    {"I16", 16, Reading::widened, DType::i32},
    {"U16", 16, Reading::widened, DType::i32},
    {"F16", 16, Reading::widened, DType::f32},
    {"BF16", 16, Reading::same, DType::bf16},
    {"I32", 32, Reading::same, DType::i32},
    {"U32", 32},
    {"F32", 32, Reading::same, DType::f32},
    {"C64", 64},
    {"F64", 64, Reading::same, DType::f64},
    {"I64", 64, Reading::same, DType::i64},
    {"U64", 64},
};

/// nullptr if the format has no such type.
AKIN_LAZY const StoredType* find_stored_type(std::string_view name) {
  for (const auto& type : stored_types)
    if (type.name == name) return &type;
  return nullptr;
}

/// The type that holds akin's dtype as it is: every dtype has one.
AKIN_LAZY const StoredType& stored_type_of(DType dtype) {
  const StoredType* type = stored_types;
  while (type->reading != Reading::same || type->dtype != dtype) ++type;
  return *type;
}

/// IEEE 754 binary16 to binary32; exact.
inline float float_from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, exponent = (half >> 10) & 31u, fraction = half & 1023u;
  if (exponent == 0)
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24f) | sign);
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

}  // namespace detail
}  // namespace akin::inline AKIN_ABI::io
