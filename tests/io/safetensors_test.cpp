#include <akin/io/safetensors.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

std::string little_endian(std::uint64_t value) { return std::string(reinterpret_cast<const char*>(&value), 8); }

Array counting(const Shape& shape, DType dtype) {
  Array a = Array::empty(shape, dtype);
  on_any(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < a.size(); ++i) a.mut<T>()[i] = static_cast<T>(static_cast<compute_t<T>>(i + 1));
  });
  return a;
}

std::string raw(const Array& a) { return std::string(detail::bytes_of("a", a)); }

TEST(Safetensors, WritesTheBytesOfTheReferenceForOneTensor) {
  const std::string header = R"({"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}})";
  EXPECT_EQ(header.size(), 64u);
  EXPECT_EQ(serialize_safetensors({{"attn.0", Array::zeros({1, 2, 3})}}),
            little_endian(64) + header + std::string(24, '\0'));
}

TEST(Safetensors, WritesTheBytesOfTheReferenceForAnEmptyFile) {
  EXPECT_EQ(serialize_safetensors({}), little_endian(8) + "{}      ");
}

TEST(Safetensors, WritesTheBytesOfTheReferenceForMetadataAlone) {
  EXPECT_EQ(serialize_safetensors({}, {{"framework", "pt"}}),
            little_endian(40) + R"({"__metadata__":{"framework":"pt"}})" + "     ");
}

TEST(Safetensors, PutsWiderTypesFirstThenSortsByName) {
  NamedArrays tensors;
  for (const auto dtype : {DType::u8, DType::bf16, DType::i32, DType::f32, DType::f64, DType::i64})
    for (const auto* name : {"2", "1"}) tensors.emplace(cat(name, dtype), counting({3}, dtype));
  const std::string bytes = serialize_safetensors(tensors);
  std::size_t last = 0;
  for (const auto* name :
       {"1i64", "2i64", "1f64", "2f64", "1f32", "2f32", "1i32", "2i32", "1bf16", "2bf16", "1u8", "2u8"}) {
    const auto place = bytes.find(cat('"', name, '"'));
    EXPECT_GT(place, last) << name;
    last = place;
  }
}

TEST(Safetensors, KeepsEveryDtypeAndShapeBitForBit) {
  NamedArrays tensors;
  for (const auto dtype : {DType::f32, DType::f64, DType::bf16, DType::i64, DType::i32, DType::u8})
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{7}, Shape{3, 0, 2}, Shape{2, 3, 1, 5}})
      tensors.emplace(cat(dtype, ' ', shape), counting(shape, dtype));
  const std::map<std::string, std::string> metadata{{"akin", "0.1.0"}, {"naïve \"key\"", "line\nline"}, {"", ""}};
  const TensorFile file = parse_safetensors(serialize_safetensors(tensors, metadata));
  EXPECT_EQ(file.metadata, metadata);
  EXPECT_TRUE(file.stored_as.empty());
  ASSERT_EQ(file.tensors.size(), tensors.size());
  for (const auto& [name, a] : tensors) {
    EXPECT_EQ(file.at(name).shape(), a.shape()) << name;
    EXPECT_EQ(file.at(name).dtype(), a.dtype()) << name;
    EXPECT_EQ(raw(file.at(name)), raw(a)) << name;
  }
}

TEST(Safetensors, SavesViewsThatAreContiguousAndRefusesOthers) {
  const Array a = counting({4, 3}, DType::f32);
  EXPECT_EQ(at(parse_safetensors(serialize_safetensors({{"a", a.slice(0, 1, 3)}})).at("a"), 0), 4);
  expect_error(
      [&] {
        serialize_safetensors({{"a", a.transpose()}});
      },
      "\"a\" is a strided view of shape [3, 4]; call contiguous()");
  expect_error([&] { serialize_safetensors({{"a", Array()}}); }, "\"a\" has no values");
}

TEST(Safetensors, RefusesNamesThatTheFormatCannotHold) {
  const Array a = Array::zeros({1});
  expect_error([&] { serialize_safetensors({{"__metadata__", a}}); }, "\"__metadata__\" cannot name a tensor");
  expect_error([&] { serialize_safetensors({{std::string(4097, 'x'), a}}); }, "cannot name a tensor");
  expect_error([&] { serialize_safetensors({{"\xff", a}}); }, "not UTF-8");
  expect_error([&] { serialize_safetensors({}, {{"key", "\xff"}}); }, "not UTF-8");
}

TEST(Safetensors, SavesAndLoadsFiles) {
  const test::Folder folder;
  const Array a = random_array({33, 7}, 1, DType::f32);
  save_safetensors(folder / "a.safetensors", {{"w", a}}, {{"k", "v"}});
  const TensorFile file = load_safetensors(folder / "a.safetensors");
  EXPECT_EQ(raw(file.at("w")), raw(a));
  EXPECT_EQ(file.metadata.at("k"), "v");
  EXPECT_EQ(folder.names(), "a.safetensors");
  expect_error([&] { file.at("v"); }, "no tensor 'v' among the 1 in the file");
}

TEST(Safetensors, NamesTheFileThatCannotBeLoaded) {
  const test::Folder folder;
  write_file(folder / "a", "1234");
  expect_error([&] { load_safetensors(folder / "a"); },
               cat("load '", folder / "a", "': safetensors: the file has 4 bytes"));
  expect_error([&] { load_safetensors(folder / "b"); }, "No such file");
}

TEST(FloatFromHalf, IsExactForEveryKindOfValue) {
  const auto value = [](unsigned bits) { return detail::float_from_half(static_cast<std::uint16_t>(bits)); };
  EXPECT_EQ(value(0x3c00), 1.0f);
  EXPECT_EQ(value(0xc000), -2.0f);
  EXPECT_EQ(value(0x3555), 0.333251953125f);
  EXPECT_EQ(value(0x7bff), 65504.0f);
  EXPECT_EQ(value(0x0400), 0x1p-14f);
  EXPECT_EQ(value(0x03ff), 1023 * 0x1p-24f);
  EXPECT_EQ(value(0x8001), -0x1p-24f);
  EXPECT_TRUE(value(0x8000) == 0 && std::signbit(value(0x8000)));
  EXPECT_EQ(value(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(value(0x7e00)));
}

}  // namespace
}  // namespace akin::io
