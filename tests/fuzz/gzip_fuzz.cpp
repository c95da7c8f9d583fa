// gzip, and IDX within it. The bytes are tried as a file; and as its compressed part alone, between a header and the
// trailer that belongs to it, since no mutation finds a checksum.
#include <zlib.h>

#include <akin/data/idx.hpp>
#include <algorithm>

#include "fuzz.hpp"

using namespace akin;

namespace {

constexpr std::size_t most_bytes = 1 << 16;  // a hundred bytes can inflate to this; more teaches nothing

std::string little_endian(std::uint32_t value) { return std::string(reinterpret_cast<const char*>(&value), 4); }

/// Header, deflated data, and the checksum and length of what zlib itself inflates, if it inflates all of it.
std::optional<std::string> as_gzip(std::string_view deflated, std::string& plain) {
  z_stream stream{};
  fuzz::require(inflateInit2(&stream, -15) == Z_OK, "zlib starts");
  plain.assign(most_bytes, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data()));
  stream.avail_in = static_cast<uInt>(deflated.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  if (!whole) return std::nullopt;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(plain.data()), static_cast<uInt>(plain.size()));
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10) + std::string(deflated) +
         little_endian(static_cast<std::uint32_t>(sum)) + little_endian(static_cast<std::uint32_t>(plain.size()));
}

/// Inflates in pieces of an awkward size, and watches the bound that readers rely on.
std::string inflate_all(const std::string& packed) {
  data::GzipBytes source("fuzz.gz", packed);
  std::string plain;
  std::uint8_t piece[257];
  while (plain.size() < most_bytes) {
    const std::uint64_t bound = source.at_most();
    const std::size_t got = source.read(piece, sizeof piece);
    fuzz::require(got <= bound, "no more bytes come than at_most() said");
    plain.append(reinterpret_cast<const char*>(piece), got);
    if (got < sizeof piece) break;
  }
  return plain;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(fuzz::text_of(data, size));
  fuzz::accepts([&] { inflate_all(bytes); });
  std::string plain;
  if (const auto packed = as_gzip(bytes, plain)) {
    fuzz::require(inflate_all(*packed) == plain, "inflated bytes are those of zlib");
    fuzz::accepts([&] {
      data::GzipBytes source("fuzz.gz", *packed);
      data::read_idx(source);
    });
  }
  return 0;
}
