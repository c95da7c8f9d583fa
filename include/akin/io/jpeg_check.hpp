// What is checked of a JPEG file (ITU-T T.81) before a decoder sees it, and what decoders leave out: the orientation.
//
// Decoders have been led out of bounds by Huffman tables of more than 256 symbols, by tables that a scan uses although
// no segment defines them, and to minutes of work by thousands of progressive scans. All this shows in the segments'
// headers, without decoding anything.
#pragma once
#include <cstdint>
#include <string_view>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::io {

struct JpegFacts {
  int orientation = 1;  ///< of EXIF, 1 ... 8: how the pixels are to be turned before they are shown
  int scans = 0;
  bool progressive = false;
};

namespace detail {

/// Big-endian, or little-endian as EXIF may be.
AKIN_LAZY std::uint32_t number_at(std::string_view bytes, std::size_t at, int count, bool little = false) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + static_cast<std::size_t>(little ? count - 1 - i : i)]);
  return value;
}

/// The orientation in an APP1 segment: 1 if there is none. What is damaged counts as missing, as it does for viewers.
AKIN_LAZY int exif_orientation(std::string_view segment) {
  using std::string_view_literals::operator""sv;
  if (segment.substr(0, 6) != "Exif\0\0"sv) return 1;
  const std::string_view tiff = segment.substr(6);
  if (tiff.size() < 8) return 1;
  const bool little = tiff.substr(0, 2) == "II";
  const auto number = [&](std::size_t at, int count) { return number_at(tiff, at, count, little); };
  if ((!little && tiff.substr(0, 2) != "MM") || number(2, 2) != 42) return 1;
  const std::size_t directory = number(4, 4);
  if (directory > tiff.size() - 2) return 1;
  const std::uint32_t entries = number(directory, 2);
  for (std::size_t i = 0, at = directory + 2; i < entries && at + 12 <= tiff.size(); ++i, at += 12) {
    if (number(at, 2) != 0x0112 || number(at + 2, 2) != 3 || number(at + 4, 4) != 1) continue;  // one 16-bit number
    const auto orientation = static_cast<int>(number(at + 8, 2));
    return 1 <= orientation && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

class JpegWalk {
 public:
  explicit JpegWalk(std::string_view bytes) : bytes_(bytes) {}

  AKIN_LAZY JpegFacts facts() {
    check(bytes_.substr(0, 2) == "\xff\xd8", "jpeg", "the file does not begin with the marker of a JPEG");
    at_ = 2;
    for (int marker; (marker = next_marker()) != end_of_image;) {
      segment(marker);
      if (marker == start_of_scan) skip_scan();
    }
    check(facts_.scans > 0, "jpeg", "the file ends before its picture begins");
    return facts_;
  }

 private:
  static constexpr int end_of_image = 0xd9, start_of_scan = 0xda, max_scans = 100;

  AKIN_LAZY void need(bool ok, std::string_view rule) const {
    check(ok, "jpeg", "damaged near byte ", at_, ": ", rule);
  }
  std::uint8_t byte(std::size_t at) const { return static_cast<std::uint8_t>(bytes_[at]); }

  /// Bytes that belong to no segment are passed over, as decoders do: some cameras pad.
  AKIN_LAZY int next_marker() {
    at_ = bytes_.find('\xff', at_);
    at_ = bytes_.find_first_not_of('\xff', at_);
    check(at_ < bytes_.size(), "jpeg", "truncated: the file has ", bytes_.size(), " bytes, and no end of the picture");
    return byte(at_++);
  }

  AKIN_LAZY void segment(int marker) {
    const bool known = (0xc0 <= marker && marker <= 0xcf) || (0xda <= marker && marker <= 0xfe);
    need(known && bytes_.size() - at_ >= 2, "expected a segment");
    const std::size_t length = number_at(bytes_, at_, 2);
    need(length >= 2 && length <= bytes_.size() - at_, "a segment longer than the file");
    const std::string_view body = bytes_.substr(at_ + 2, length - 2);
    if (marker == 0xc4)
      huffman_tables(body);
    else if (marker == 0xdb)
      quantisation_tables(body);
    else if (0xc0 <= marker && marker <= 0xcf)
      frame(marker, body);
    else if (marker == start_of_scan)
      scan(body);
    else if (marker == 0xdc || marker == 0xdd)
      need(body.size() == 2, "a segment of the wrong length");
    else if (marker == 0xe1 && facts_.orientation == 1)
      facts_.orientation = exif_orientation(body);
    at_ += length;
  }

  AKIN_LAZY void huffman_tables(std::string_view body) {
    while (!body.empty()) {
      need(body.size() >= 17, "a Huffman table longer than its segment");
      const unsigned kind = static_cast<std::uint8_t>(body[0]) >> 4, slot = static_cast<std::uint8_t>(body[0]) & 15u;
      need(kind <= 1 && slot <= 3, "a Huffman table that cannot be");
      std::size_t symbols = 0;
      for (std::size_t i = 1; i <= 16; ++i) symbols += static_cast<std::uint8_t>(body[i]);
      need(symbols <= 256, "a Huffman table of more than 256 symbols");
      need(symbols <= body.size() - 17, "a Huffman table longer than its segment");
      for (const char symbol : body.substr(17, kind == 0 ? symbols : 0))
        need(static_cast<std::uint8_t>(symbol) <= 11, "differences of more than 11 bits in an 8-bit picture");
      defined_[kind] |= 1u << slot;
      body.remove_prefix(17 + symbols);
    }
  }

  AKIN_LAZY void quantisation_tables(std::string_view body) {
    while (!body.empty()) {
      const unsigned wide = static_cast<std::uint8_t>(body[0]) >> 4, slot = static_cast<std::uint8_t>(body[0]) & 15u;
      need(wide <= 1 && slot <= 3 && body.size() >= 65 + 64 * wide, "a quantisation table that cannot be");
      body.remove_prefix(65 + 64 * wide);
    }
  }

  AKIN_LAZY void frame(int marker, std::string_view body) {
    check(marker <= 0xc2, "jpeg", "the picture is lossless, hierarchical or arithmetically coded, which is not ",
          "supported; save it as a baseline or progressive JPEG");
    need(components_.empty(), "a second frame");
    need(body.size() >= 6, "a frame shorter than its header");
    check(body[0] == 8, "jpeg", "the picture has ", int{static_cast<std::uint8_t>(body[0])},
          " bits a colour, and only 8 are supported");
    const std::size_t count = static_cast<std::uint8_t>(body[5]);
    need(count >= 1 && body.size() == 6 + 3 * count, "a frame of the wrong length");
    facts_.progressive = marker == 0xc2;
    components_ = body.substr(6);
  }

  AKIN_LAZY void scan(std::string_view body) {
    need(!components_.empty(), "a scan before the frame");
    check(++facts_.scans <= max_scans, "jpeg", "the picture has more than ", max_scans, " scans");
    const std::size_t count = body.empty() ? 0 : static_cast<std::uint8_t>(body[0]);
    need(count >= 1 && body.size() == 4 + 2 * count, "a scan of the wrong length");
    const int first = body[1 + 2 * count];
    const bool refines = (static_cast<std::uint8_t>(body[3 + 2 * count]) >> 4) != 0;
    const bool dc = !facts_.progressive || (first == 0 && !refines), ac = !facts_.progressive || first != 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto slots = static_cast<std::uint8_t>(body[2 + 2 * i]);
      need((!dc || is_defined(0, slots >> 4)) && (!ac || is_defined(1, slots & 15)),
           "a scan uses a Huffman table that is not defined");
    }
  }
  bool is_defined(int kind, int slot) const { return slot <= 3 && (defined_[kind] >> slot & 1u); }

  /// To the next marker: inside a scan, ff 00 stands for ff, and ff d0 ... ff d7 are restarts.
  AKIN_LAZY void skip_scan() {
    while ((at_ = bytes_.find('\xff', at_)) < bytes_.size()) {
      const std::size_t next = bytes_.find_first_not_of('\xff', at_);
      const bool inside = next < bytes_.size() && (byte(next) == 0 || (0xd0 <= byte(next) && byte(next) <= 0xd7));
      if (!inside) return;
      at_ = next + 1;
    }
  }

  std::string_view bytes_, components_;
  std::size_t at_ = 0;
  unsigned defined_[2] = {0, 0};  // bit k: table k of the DC, of the AC coefficients
  JpegFacts facts_;
};

}  // namespace detail

/// Walks over the segments. Errors: truncated; segments or tables that cannot be; more than 100 scans; kinds of JPEG
/// that are not baseline, extended sequential or progressive with 8 bits a colour. The coded pixels are not looked at.
AKIN_LAZY JpegFacts check_jpeg(std::string_view bytes) { return detail::JpegWalk(bytes).facts(); }

}  // namespace akin::inline AKIN_ABI::io
