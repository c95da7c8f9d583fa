#include <akin/io/npy.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::io {
namespace {

using std::string_literals::operator""s;

/// A file of version 1 with this dictionary, padded as NumPy pads it.
std::string npy(std::string header, const std::string& values) {
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  return "\x93NUMPY\x01\0"s + static_cast<char>(header.size() & 255) + static_cast<char>(header.size() >> 8) + header +
         values;
}
std::string npy(const std::string& type, const std::string& shape, const std::string& values, bool fortran = false) {
  return npy(cat("{'descr': '", type, "', 'fortran_order': ", fortran ? "True" : "False", ", 'shape': ", shape, ", }"),
             values);
}

TEST(Npy, ReadsEveryType) {  // bytes written out by hand: no encoder to agree with
  const auto read = [](const std::string& type, const std::string& bytes) {
    return parse_npy(npy(type, "(2,)", bytes));
  };
  expect_close(read("<f4", "\0\0\x80\x3f\0\0\0\xc0"s), Array::from<float>({2}, {1, -2}), tol::exact);
  expect_close(read(">f4", "\x3f\x80\0\0\xc0\0\0\0"s), Array::from<float>({2}, {1, -2}), tol::exact);
  expect_close(read("<f8", "\0\0\0\0\0\0\xf0\x3f\x9a\x99\x99\x99\x99\x99\xb9\xbf"s),
               Array::from<double>({2}, {1, -0.1}), tol::exact);
  expect_close(read("<f2", "\x00\x3c\x00\xc0"s), Array::from<float>({2}, {1, -2}), tol::exact);
  expect_close(read("|u1", "\xff\x01"), Array::from<std::uint8_t>({2}, {255, 1}), tol::exact);
  expect_close(read("|b1", "\x01\0"s), Array::from<std::uint8_t>({2}, {1, 0}), tol::exact);
  expect_close(read("|i1", "\xff\x01"), Array::from<std::int32_t>({2}, {-1, 1}), tol::exact);
  expect_close(read("<i2", "\xfe\xff\x02\x01"), Array::from<std::int32_t>({2}, {-2, 258}), tol::exact);
  expect_close(read(">u2", "\xff\xfe\x01\x02"), Array::from<std::int32_t>({2}, {65534, 258}), tol::exact);
  expect_close(read("<i4", "\x04\x03\x02\x01\xff\xff\xff\xff"), Array::from<std::int32_t>({2}, {16909060, -1}),
               tol::exact);
  expect_close(read("<u4", "\xff\xff\xff\xff\x01\0\0\0"s), int_array({4294967295, 1}), tol::exact);
  expect_close(read("<i8", "\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\0\0\0"s), int_array({-1, 1}), tol::exact);
  EXPECT_EQ(read("<f2", "1234").dtype(), DType::f32);
  EXPECT_EQ(read("=i4", "12345678").dtype(), DType::i32);
}

TEST(Npy, ReadsShapesAndOrders) {
  EXPECT_EQ(parse_npy(npy("|u1", "()", "a")).shape(), Shape{});
  EXPECT_EQ(parse_npy(npy("|u1", "(0, 3)", "")).shape(), (Shape{0, 3}));
  EXPECT_EQ(parse_npy(npy("|u1", "(2, 3L)", "abcdef")).shape(), (Shape{2, 3}));
  const Array fortran = parse_npy(npy("|u1", "(2, 3)", "abcdef", true));
  expect_close(fortran, Array::from<std::uint8_t>({2, 3}, {'a', 'c', 'e', 'b', 'd', 'f'}), tol::exact);
  const Array cube = parse_npy(npy("|u1", "(2, 1, 2)", "abcd", true));
  expect_close(cube, Array::from<std::uint8_t>({2, 1, 2}, {'a', 'c', 'b', 'd'}), tol::exact);
}

TEST(Npy, ReadsOtherVersionsAndSpellings) {
  const std::string header = "{\"shape\":(1,),\"descr\":\"|u1\",\"fortran_order\":False}\n";
  for (const char version : {'\2', '\3'})
    EXPECT_EQ(
        at(parse_npy("\x93NUMPY"s + version + '\0' + static_cast<char>(header.size()) + "\0\0\0"s + header + "x"), 0),
        'x');
  expect_error([] { parse_npy("\x93NUMPY\4\0__________"s); }, "version 4 is not supported");
}

TEST(Npy, NeverRunsWhatAFileHolds) {
  expect_error([] { parse_npy(npy("|O", "(1,)", "cos\nsystem\n")); },
               "the array holds Python objects, and loading these");
  expect_error([] { parse_npy(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "abcd")); },
               "records of several fields are not supported");
}

TEST(Npy, SaysWhatIsWrong) {
  expect_error([] { parse_npy("PK\3\4______"); }, "not a .npy file");
  expect_error([] { parse_npy(npy("<c8", "(1,)", "12345678")); }, "values of type '<c8' are not supported; save f2");
  expect_error([] { parse_npy(npy("<u8", "(1,)", "12345678")); }, "values of type '<u8' are not supported");
  expect_error([] { parse_npy(npy("<U5", "(1,)", "1234")); }, "values of type '<U5' are not supported");
  expect_error([] { parse_npy(npy("<f4", "(2,)", "1234")); },
               "expected 8 bytes of values for shape [2], found 4 (truncated)");
  expect_error([] { parse_npy(npy("<f4", "(1,)", "12345")); }, "expected 4 bytes of values for shape [1], found 5");
  expect_error([] { parse_npy(npy("<f4", "(999999999999999999, 99)", "1234")); }, "");
  expect_error([] { parse_npy(npy("<f4", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", "1234")); }, "at most 8 axes");
  expect_error([] { parse_npy(npy("<f4", "(-1,)", "1234")); }, "expected a size");
  expect_error([] { parse_npy(npy("{'descr': '<f4', 'shape': (1,), }", "1234")); }, "once each");
  expect_error([] { parse_npy(npy("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }", "1234")); }, "once each");
  expect_error([] { parse_npy(npy("{'descr': '<f4', 'evil': 1, }", "1234")); }, "unknown key 'evil'");
  expect_error([] { parse_npy("\x93NUMPY\2\0\xff\xff\xff\x7f"s); }, "more than the limit of 10000");
  expect_error([] { parse_npy("\x93NUMPY\1\0\xff\0"s); }, "the header claims 255 bytes, of which 0 follow");
}

TEST(Npy, RefusesEveryTruncationAndSurvivesEveryChange) {
  const std::string whole = npy("<f4", "(1, 2)", "abcdefgh");
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(parse_npy(whole.substr(0, length)), Error) << length;
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int value = 0; value < 256; ++value) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(value);
      try {
        parse_npy(bytes);
      } catch (const Error&) {
      }
    }
}

TEST(Npy, ReadsWhatItWrote) {
  const test::Folder folder;
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{2, 1, 4, 3}}) {
    const Array a = random_array(shape, 1, DType::f32);
    save_npy(folder / "a.npy", a);
    expect_close(load_npy(folder / "a.npy"), a, tol::exact);
    EXPECT_EQ((io::read_file(folder / "a.npy").size() - static_cast<std::size_t>(a.size()) * 4) % 64, 0u);
  }
  const Array matrix = random_array({3, 2}, 2, DType::f64);
  save_npy(folder / "t.npy", matrix.transpose());
  expect_close(load_npy(folder / "t.npy"), ops::contiguous(matrix.transpose()), tol::exact);
  expect_error([&] { save_npy(folder / "b.npy", Array::zeros({1}, DType::bf16)); },
               "NumPy has no bf16; cast the array");
  expect_error([&] { save_npy(folder / "b.npy", Array()); }, "no values on the cpu");
  expect_error([&] { load_npy(folder / "none.npy"); }, "No such file");
  write_file(folder / "bad.npy", "text");
  expect_error([&] { load_npy(folder / "bad.npy"); }, "bad.npy': npy: not a .npy file");
}

TEST(Npy, WritesTheBytesThatNumPyWrites) {  // np.save of np.arange(3, dtype=np.int32)
  const test::Folder folder;
  save_npy(folder / "a.npy", Array::from<std::int32_t>({3}, {0, 1, 2}));
  EXPECT_EQ(read_file(folder / "a.npy"),
            "\x93NUMPY\x01\0v\0{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }"s + std::string(60, ' ') +
                "\n" + "\0\0\0\0\1\0\0\0\2\0\0\0"s);
}

}  // namespace
}  // namespace akin::io
