// .gz files (RFC 1952) through zlib, when the program is compiled with -DAKIN_WITH_ZLIB -lz.
//
// The bytes come out as they are asked for, so a reader that asks for what its header declares, and then for one byte
// more, is safe from files that inflate without end.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "../core/owned.hpp"
#include "../io/file.hpp"
#include "bytes.hpp"

#if defined(AKIN_WITH_ZLIB)
#include <zlib.h>
#endif

namespace akin::inline AKIN_ABI::data {

#if defined(AKIN_WITH_ZLIB)

/// The inflated bytes of a gzip source. Its end is reported only after length and checksum have been compared.
class GzipBytes final : public ByteSource {
 public:
  AKIN_LAZY GzipBytes(std::string name, std::string packed) : ByteSource(std::move(name)), packed_(std::move(packed)) {
    const int window = 15 + 16;  // the largest; + 16 asks for a gzip header and trailer
    check(inflateInit2(&stream_, window) == Z_OK, "gzip", "zlib could not start for ", this->name());
  }
  ~GzipBytes() override { inflateEnd(&stream_); }

  std::size_t read(std::uint8_t* out, std::size_t count) override {
    std::size_t done = 0;
    while (done < count && !ended_) {
      feed();
      const auto room = static_cast<uInt>(std::min<std::size_t>(count - done, 1u << 30));
      stream_.next_out = out + done;
      stream_.avail_out = room;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      // Z_BUF_ERROR: no progress although there is room, so the input has run out.
      check(status != Z_BUF_ERROR, "gzip", name(), ": truncated at byte ", stream_.total_in,
            ": expected the rest of the stream and an 8-byte trailer, found the end; copy the file again");
      check(status == Z_OK || status == Z_STREAM_END, "gzip", name(), ": damaged near byte ", stream_.total_in, ": ",
            stream_.msg ? stream_.msg : "zlib refused it", "; copy the file again");
      if (status == Z_STREAM_END) end();
    }
    return done;
  }
  std::uint64_t at_most() const override {
    const std::uint64_t bound = packed_.size() * most_per_byte;
    return ended_ ? 0 : bound - std::min<std::uint64_t>(bound, stream_.total_out);
  }

 private:
  // Two bits, the shortest code of a deflate match, give at most 258 bytes.
  static constexpr std::uint64_t most_per_byte = 1032;

  AKIN_LAZY void feed() {
    if (stream_.avail_in > 0) return;
    const std::size_t chunk = std::min<std::size_t>(packed_.size() - given_, 1u << 30);  // zlib counts in 32 bits
    stream_.next_in = reinterpret_cast<Bytef*>(packed_.data() + given_);
    stream_.avail_in = static_cast<uInt>(chunk);
    given_ += chunk;
  }
  AKIN_LAZY void end() {
    ended_ = true;
    feed();
    check(stream_.avail_in == 0, "gzip", name(), ": expected the end of the file at byte ", stream_.total_in,
          ", where the compressed stream ends, found more bytes; gunzip the file and gzip it again");
  }

  std::string packed_;
  std::size_t given_ = 0;  // to zlib
  z_stream stream_{};
  bool ended_ = false;
};

AKIN_LAZY Owned<ByteSource> open_gzip(const std::string& path) {
  return Owned<ByteSource>(new GzipBytes(path, io::read_file(path)));
}

#else

[[noreturn]] inline Owned<ByteSource> open_gzip(const std::string& path) {
  throw Error(cat("gzip: cannot read ", path,
                  ": this program was compiled without zlib; compile it with "
                  "-DAKIN_WITH_ZLIB -lz, or gunzip the file"));
}

#endif

/// Opens a file; one whose name ends in .gz gives its inflated bytes. Errors: it cannot be opened.
AKIN_LAZY Owned<ByteSource> open_bytes(const std::string& path) {
  if (path.size() > 3 && path.compare(path.size() - 3, 3, ".gz") == 0) return open_gzip(path);
  return Owned<ByteSource>(new PlainBytes(path, io::read_file(path)));
}

}  // namespace akin::inline AKIN_ABI::data
