#include <akin/io/safetensors.hpp>

#include "support/test.hpp"

namespace akin::io {
namespace {

std::string file_of(const std::string& header, const std::string& values = "") {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + values;
}
std::string row(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}
void expect_refused(const std::string& bytes, const std::string& why) {
  SCOPED_TRACE(bytes);
  expect_error([&] { parse_safetensors(bytes); }, why);
}
std::string text_of(const Array& a) {
  std::string text;
  for (std::int64_t i = 0; i < a.size(); ++i) text += cat(i ? " " : "", at(a, i));
  return text;
}

TEST(SafetensorsReader, WidensTheTypesThatAkinDoesNotHaveAndSaysSo) {
  const auto read = [](const std::string& dtype, const std::string& values, int count) {
    const std::string size = std::to_string(count), end = std::to_string(values.size());
    return parse_safetensors(file_of("{\"a\":" + row(dtype, "[" + size + "]", "[0," + end + "]") + "}", values));
  };
  const auto expect_widened = [&](const std::string& dtype, const std::string& values, DType as,
                                  const std::string& want) {
    const TensorFile file = read(dtype, values, dtype.find("8") != dtype.npos || dtype == "BOOL" ? 3 : 2);
    EXPECT_EQ(file.at("a").dtype(), as) << dtype;
    EXPECT_EQ(text_of(file.at("a")), want) << dtype;
    EXPECT_EQ(file.stored_as, (std::map<std::string, std::string>{{"a", dtype}}));
  };
  expect_widened("BOOL", std::string("\x00\x01\x02", 3), DType::u8, "0 1 1");
  expect_widened("I8", "\x7f\x80\xff", DType::i32, "127 -128 -1");
  expect_widened("I16", std::string("\xff\x7f\x00\x80", 4), DType::i32, "32767 -32768");
  expect_widened("U16", std::string("\xff\x7f\x00\x80", 4), DType::i32, "32767 32768");
  expect_widened("F16", std::string("\x00\x3c\x00\xc2", 4), DType::f32, "1 -3");
}

TEST(SafetensorsReader, NamesEveryTypeOfTheFormatThatItCannotRead) {
  for (const std::string type : {"F4", "F6_E2M3", "F6_E3M2", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ",
                                 "F8_E5M2FNUZ", "U32", "C64", "U64"}) {
    const int bits = type == "F4"             ? 4
                     : type.starts_with("F6") ? 6
                     : type.starts_with("F8") ? 8
                     : type == "U32"          ? 32
                                              : 64;
    const std::string header = "{\"a\":" + row(type, "[4]", "[0," + std::to_string(bits / 2) + "]") + "}";
    expect_refused(file_of(header, std::string(static_cast<std::size_t>(bits / 2), 'x')),
                   "safetensors: \"a\" is " + type +
                       ", which akin does not support; convert it to F32, F64, BF16, I64, I32 or U8");
  }
}

TEST(SafetensorsReader, TellsUnsupportedTypesFromUnknownOnes) {
  expect_refused(file_of("{\"a\":" + row("F8_E4M3", "[1]", "[0,1]") + "}", "x"),
                 "\"a\" is F8_E4M3, which akin does not support");
  expect_refused(file_of("{\"a\":" + row("U64", "[1]", "[0,8]") + "}", "12345678"),
                 "\"a\" is U64, which akin does not support");
  expect_refused(file_of("{\"a\":" + row("F33", "[1]", "[0,1]") + "}", "x"),
                 "header of \"a\": dtype: the format knows no \"F33\"");
}

TEST(SafetensorsReader, ReadsTensorsInAnyOrderAtAnyAlignmentWithSpaceAroundTheHeader) {
  const std::string header = " \n{\"b\":" + row("F32", "[1]", "[1,5]") + ",\"c\":" + row("U8", "[0]", "[1,1]") +
                             ",\"a\":" + row("U8", "[1]", "[0,1]") + "}\t ";
  const TensorFile file = parse_safetensors(file_of(header, std::string("\x07\x00\x00\x80\x3f", 5)));
  EXPECT_EQ(file.at("a").item(), 7);
  EXPECT_EQ(file.at("b").item(), 1);
  EXPECT_EQ(file.at("c").shape(), (Shape{0}));
}

TEST(SafetensorsReader, RefusesFilesTooShortForTheirHeader) {
  expect_refused("", "too few for the length of a header");
  expect_refused("1234567", "the file has 7 bytes");
  expect_refused(std::string("\x03\0\0\0\0\0\0\0{}", 10), "the header claims 3 bytes, but only 2 follow");
  expect_refused(std::string(8, '\xff') + "{}", "more than the limit of 100000000");
  expect_refused(std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10), "claims 100000001 bytes, more than the limit");
}

TEST(SafetensorsReader, RefusesHeadersThatAreNotStrictJson) {
  expect_refused(file_of(""), "json: byte 0");
  expect_refused(file_of("[]"), "expected an object, got a list");
  expect_refused(file_of("{\"\xff\":1}"), "byte 2: not UTF-8");
  expect_refused(file_of(std::string("{}\0\0", 4)), "byte 2: expected the end");
  expect_refused(file_of("{\"a\":" + row("U8", "[0]", "[0,0]") + ",\"a\":" + row("U8", "[0]", "[0,0]") + "}"),
                 "duplicate key \"a\"");
  expect_refused(file_of(R"({"a":[[[[[]]]]]})"), "nested deeper than 4");
}

TEST(SafetensorsReader, RefusesRowsWithoutTheirThreeFields) {
  const std::string in_a = "header of \"a\": ";
  expect_refused(file_of(R"({"a":1})"), in_a + "json: expected an object, got an integer");
  expect_refused(file_of(R"({"a":{"dtype":"U8","shape":[0]}})"),
                 in_a + "json: the object has no member 'data_offsets'");
  expect_refused(file_of(R"({"a":{"dtype":"U8","data_offsets":[0,0]}})"), "no member 'shape'");
  expect_refused(file_of(R"({"a":{"shape":[0],"data_offsets":[0,0]}})"), "no member 'dtype'");
  expect_refused(file_of("{\"a\":" + row("U8", "[-1]", "[0,0]") + "}"), "expected an integer >= 0, got -1");
  expect_refused(file_of("{\"a\":" + row("U8", "[0.0]", "[0,0]") + "}"), "expected an integer >= 0, got a number");
  expect_refused(file_of("{\"a\":" + row("U8", "[0]", "[0,0,0]") + "}"), "data_offsets: expected [begin, end], got 3");
  expect_refused(file_of("{\"a\":" + row("U8", "[1,1,1,1,1,1,1,1,0]", "[0,0]") + "}"), "9 axes, at most 8");
  expect_refused(file_of(R"({"__metadata__":{"a":1}})"), "header of \"__metadata__\": json: expected a string");
  expect_refused(file_of("{\"" + std::string(4097, 'n') + "\":" + row("U8", "[0]", "[0,0]") + "}"),
                 "a name of 4097 bytes");
}

TEST(SafetensorsReader, RefusesOverlapsHolesAndLeftovers) {
  const auto two = [](const std::string& first, const std::string& second, const std::string& values) {
    return file_of("{\"a\":" + row("U8", "[2]", first) + ",\"b\":" + row("U8", "[2]", second) + "}", values);
  };
  EXPECT_NO_THROW(parse_safetensors(two("[2,4]", "[0,2]", "1234")));
  expect_refused(two("[0,2]", "[0,2]", "12"), "\"b\" has offsets [0, 2], but must begin at 2");
  expect_refused(two("[0,2]", "[1,3]", "123"), "\"b\" has offsets [1, 3], but must begin at 2");
  expect_refused(two("[0,2]", "[3,5]", "12345"), "must begin at 2 (no overlap, no hole)");
  expect_refused(two("[1,3]", "[3,5]", "12345"), "\"a\" has offsets [1, 3], but must begin at 0");
  expect_refused(two("[0,2]", "[2,4]", "12345"), "bytes that belong to no tensor");
  expect_refused(two("[0,2]", "[2,4]", "12"), "describes 4 bytes of values, the file holds 2 (truncated)");
  expect_refused(two("[2,0]", "[0,2]", "12"), "\"a\" has offsets [2, 0]");
  expect_refused(two("[0,3]", "[3,5]", "12345"), "\"a\" needs 2 bytes for its shape and dtype, but its offsets hold 3");
}

TEST(SafetensorsReader, RefusesShapesThatOverflow) {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return file_of("{\"a\":" + row(dtype, shape, offsets) + "}", "x");
  };
  const std::string too_large = "the shape of \"a\" is too large to address";
  expect_refused(one("U8", "[2,18446744073709551614]", "[0,1]"), too_large);
  expect_refused(one("U8", "[4294967296,4294967296]", "[0,1]"), too_large);
  expect_refused(one("U8", "[2305843009213693952]", "[0,1]"), too_large);  // 2^61 bytes are 2^64 bits
  expect_refused(one("U8", "[9223372036854775808,0]", "[0,0]"), too_large);
  expect_refused(one("U8", "[18446744073709551616]", "[0,1]"), "does not fit in 64 bits");
  expect_refused(one("F4", "[3]", "[0,1]"), "\"a\" takes 12 bits, not a whole number of bytes");
}

TEST(SafetensorsReader, ManyTensorsCannotShareOneRegion) {
  std::string header = "{";
  for (int i = 0; i < 1000; ++i)
    header += (i ? ",\"" : "\"") + std::to_string(i) + "\":" + row("U8", "[100]", "[0,100]");
  expect_refused(file_of(header + "}", std::string(100, 'x')), "must begin at 100");
}

TEST(SafetensorsReader, EveryTruncationIsAnErrorAndEveryByteChangeIsOneOrGivesAValidFile) {
  const std::string bytes = serialize_safetensors({{"a", Array::from<std::uint8_t>({2}, {1, 2})}}, {{"k", "v"}});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    expect_error([&] { parse_safetensors(bytes.substr(0, size)); }, "");
  int valid = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(byte);
      try {
        const TensorFile file = parse_safetensors(changed);
        const std::string again = serialize_safetensors(file.tensors, file.metadata);
        EXPECT_EQ(serialize_safetensors(parse_safetensors(again).tensors, file.metadata), again);
        ++valid;
      } catch (const Error&) {
      }
    }
  EXPECT_GT(valid, 2 * 256);  // at least every change of the two values
}

TEST(SafetensorsReader, ReadsNothingOutsideAFileOfManyTypesWhereverItIsDamaged) {  // the sanitizers look on
  std::string values;
  for (int i = 0; i < 21; ++i) values += static_cast<char>('a' + i);
  const std::string bytes = file_of(
      R"({"__metadata__":{"k":"\u00e9"},"d":)" + row("F64", "[1]", "[0,8]") + ",\"s\":" + row("F32", "[]", "[8,12]") +
          ",\"h\":" + row("F16", "[1,2]", "[12,16]") + ",\"w\":" + row("I16", "[2]", "[16,20]") +
          ",\"b\":" + row("BOOL", "[1]", "[20,21]") + ",\"e\":" + row("I8", "[3,0]", "[21,21]") + "}  ",
      values);
  EXPECT_EQ(parse_safetensors(bytes).tensors.size(), 6u);
  const auto parses = [](const std::string& damaged) {
    const std::unique_ptr<char[]> exact(new char[damaged.size()]);  // no byte may be read beyond it
    std::copy(damaged.begin(), damaged.end(), exact.get());
    try {
      parse_safetensors({exact.get(), damaged.size()});
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(parses(bytes.substr(0, size))) << size;
  int valid = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const char byte : {'\0', '"', '0', '9', '[', ',', '\x7f', '\xff'}) {
      std::string damaged = bytes;
      damaged[i] = byte;
      valid += parses(damaged);
    }
  EXPECT_GT(valid, 8 * 21);  // at least every change of the values
}

}  // namespace
}  // namespace akin::io
