#include <akin/data/gzip.hpp>
#include <akin/data/idx.hpp>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::data {
namespace {

#if defined(AKIN_WITH_ZLIB)

std::string gzipped(std::string plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// Twelve by four bytes with repeats, so that deflate has matches to encode.
std::string small_idx() {
  std::string bytes("\0\0\x08\x02\0\0\0\x0c\0\0\0\x04", 12);
  for (int i = 0; i < 48; ++i) bytes += static_cast<char>(i % 7 * i);
  return bytes;
}

Array inflate_idx(const std::string& packed) {
  GzipBytes source("small.gz", packed);
  return read_idx(source);
}

TEST(Gzip, InflatesInPiecesOfAnySize) {
  const std::string plain = small_idx();
  for (const std::size_t piece : {1, 7, 33, 257}) {
    GzipBytes source("small.gz", gzipped(plain));
    std::string got;
    std::uint8_t out[257];
    for (std::size_t count; (count = source.read(out, piece)) > 0;) got.append(out, out + count);
    EXPECT_EQ(got, plain);
    EXPECT_EQ(source.at_most(), 0u);
  }
}

TEST(Gzip, ReadsAFileByItsName) {
  const test::Folder folder;
  io::write_file(folder / "small.gz", gzipped(small_idx()));
  io::write_file(folder / "small", small_idx());
  expect_close(read_idx(folder / "small.gz"), read_idx(folder / "small"), tol::exact);
  io::write_file(folder / "unpacked.gz", small_idx());
  expect_error([&] { read_idx(folder / "unpacked.gz"); }, "unpacked.gz: damaged near byte 2: incorrect header check");
}

TEST(Gzip, RejectsEveryTruncation) {
  const std::string packed = gzipped(small_idx());
  for (std::size_t length = 0; length < packed.size(); ++length)
    expect_error([&] { inflate_idx(packed.substr(0, length)); }, "truncated");
}

TEST(Gzip, SurvivesEveryChangeOfEveryByte) {  // the same values (name, time and system are not checked), or an Error
  const std::string packed = gzipped(small_idx());
  const Array expected = parse_idx(small_idx());
  int read = 0;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      std::string bytes = packed;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      try {
        expect_close(inflate_idx(bytes), expected, tol::exact);
        ++read;
      } catch (const Error&) {
      }
    }
  }
  EXPECT_GE(read, 6 * 255);       // time, flags of the compressor, system
  EXPECT_LE(read, 6 * 255 + 16);  // besides, hints in the header's flag byte and the like
}

TEST(Gzip, RejectsAWrongChecksumAndBytesAfterTheStream) {
  std::string packed = gzipped(small_idx());
  expect_error([&] { inflate_idx(packed + "x"); }, "where the compressed stream ends, found more bytes");
  packed[packed.size() - 8] ^= 1;
  expect_error([&] { inflate_idx(packed); }, "incorrect data check");
}

TEST(Gzip, InflatesNoMoreThanTheHeaderDeclares) {
  std::string plain = small_idx();
  plain.resize(std::size_t{1} << 20, '\0');
  const auto peak = memory_stats().peak;
  expect_error([&] { inflate_idx(gzipped(plain)); }, "expected the end at byte 60 for sizes [12, 4], found more bytes");
  EXPECT_LE(memory_stats().peak, peak + 4096);
}

TEST(Gzip, TakesNoMemoryForSizesThatTheFileCannotHold) {
  std::string plain = small_idx();
  plain[4] = '\x7f';  // claims 2^31 rows
  const auto peak = memory_stats().peak;
  expect_error([&] { inflate_idx(gzipped(plain)); }, "truncated: expected 8522825776 bytes of values");
  EXPECT_EQ(memory_stats().peak, peak);
}

#else

TEST(Gzip, SaysWhatToDoWithoutZlib) {
  expect_error([] { read_idx("images.gz"); }, "compile it with -DAKIN_WITH_ZLIB -lz, or gunzip the file");
}

#endif

}  // namespace
}  // namespace akin::data
