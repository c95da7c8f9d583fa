// The strict JSON parser (RFC 8259). Files come from strangers: no duplicate keys, no comments, no trailing commas, no
// invalid UTF-8 or lone surrogates, no numbers that do not fit, and limits on depth and count. Errors name the byte.
#pragma once
#include <algorithm>
#include <numeric>
#include <system_error>

#include "json.hpp"

namespace akin::inline AKIN_ABI::io {

struct JsonLimits {
  int max_depth = 64;                    ///< lists and objects inside each other
  std::int64_t max_values = 16'000'000;  ///< bounds memory: a value costs about 40 bytes, but only 2 in the text
};

namespace detail {

class JsonParser {
 public:
  JsonParser(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  AKIN_LAZY Json document() {
    const std::size_t valid = valid_utf8(text_);
    if (valid != text_.size()) fail(valid, "not UTF-8");
    Json value = parse(0);
    skip_space();
    if (at_ != text_.size()) fail(at_, "expected the end after the value");
    return value;
  }

 private:
  [[noreturn]] static void fail(std::size_t at, std::string_view why) {
    throw Error(cat("json: byte ", at, ": ", why));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  AKIN_LAZY void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  AKIN_LAZY bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  AKIN_LAZY Json parse(int depth) {
    skip_space();
    if (++values_ > limits_.max_values) fail(at_, cat("more than ", limits_.max_values, " values"));
    const char c = peek();
    if (c == '{' || c == '[') {
      if (depth >= limits_.max_depth) fail(at_, cat("nested deeper than ", limits_.max_depth));
      ++at_;
      return c == '{' ? Json(parse_object(depth + 1)) : Json(parse_list(depth + 1));
    }
    if (c == '"') return parse_string();
    if (c == '-' || (c >= '0' && c <= '9')) return parse_number();
    if (accept_word("true")) return true;
    if (accept_word("false")) return false;
    if (accept_word("null")) return nullptr;
    fail(at_, "expected a value");
  }

  AKIN_LAZY bool accept_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  AKIN_LAZY Json::List parse_list(int depth) {
    Json::List list;
    if (accept(']')) return list;
    do list.push_back(parse(depth));
    while (accept(','));
    if (!accept(']')) fail(at_, "expected ',' or ']'");
    return list;
  }

  AKIN_LAZY Json::Object parse_object(int depth) {
    Json::Object object;
    std::vector<std::size_t> places;
    if (accept('}')) return object;
    do {
      skip_space();
      places.push_back(at_);
      if (peek() != '"') fail(at_, "expected a key in quotes");
      std::string key = parse_string();
      if (!accept(':')) fail(at_, "expected ':'");
      object.push_back({std::move(key), parse(depth)});
    } while (accept(','));
    if (!accept('}')) fail(at_, "expected ',' or '}'");
    reject_duplicates(object, places);
    return object;
  }

  // Two readers that resolve a duplicate differently would see two different files.
  AKIN_LAZY static void reject_duplicates(const Json::Object& object, const std::vector<std::size_t>& places) {
    std::vector<std::size_t> order(object.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const int compared = object[a].key.compare(object[b].key);
      return compared != 0 ? compared < 0 : a < b;
    });
    for (std::size_t i = 1; i < order.size(); ++i)
      if (object[order[i]].key == object[order[i - 1]].key)
        fail(places[order[i]], cat("duplicate key ", quoted(object[order[i]].key)));
  }

  AKIN_LAZY std::string parse_string() {
    const std::size_t begin = at_++;
    std::string out;
    while (true) {
      const std::size_t run = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20)
        ++at_;
      out.append(text_, run, at_ - run);
      if (at_ >= text_.size()) fail(begin, "the string has no end");
      if (text_[at_] == '"') return ++at_, out;
      if (text_[at_] != '\\') fail(at_, "control character in a string");
      parse_escape(out);
    }
  }

  AKIN_LAZY void parse_escape(std::string& out) {
    const std::size_t begin = at_++;
    constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const auto letter = letters.find(peek());
    if (at_ < text_.size() && letter != letters.npos) return ++at_, void(out += meanings[letter]);
    if (peek() != 'u') fail(begin, "unknown escape");
    ++at_;
    unsigned code = parse_hex(begin);
    if (code >= 0xdc00 && code <= 0xdfff) fail(begin, "lone surrogate");
    if (code >= 0xd800 && code <= 0xdbff) {
      if (!accept_word("\\u")) fail(begin, "lone surrogate");
      const unsigned low = parse_hex(begin);
      if (low < 0xdc00 || low > 0xdfff) fail(begin, "lone surrogate");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, code);
  }

  AKIN_LAZY unsigned parse_hex(std::size_t begin) {
    unsigned code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16).ptr;
    if (digits.size() != 4 || end != digits.data() + 4) fail(begin, "\\u needs four hexadecimal digits");
    at_ += 4;
    return code;
  }

  AKIN_LAZY static void append_utf8(std::string& out, unsigned code) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
    if (code < 0x80) return void(out += static_cast<char>(code));
    if (code < 0x800) return out += static_cast<char>(0xc0 | (code >> 6)), tail(0);
    if (code < 0x10000) return out += static_cast<char>(0xe0 | (code >> 12)), tail(6), tail(0);
    out += static_cast<char>(0xf0 | (code >> 18)), tail(12), tail(6), tail(0);
  }

  AKIN_LAZY void skip_digits() {
    if (peek() < '0' || peek() > '9') fail(at_, "expected a digit");
    while (peek() >= '0' && peek() <= '9') ++at_;
  }

  AKIN_LAZY Json parse_number() {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    const std::size_t first = at_;
    skip_digits();
    if (text_[first] == '0' && at_ > first + 1) fail(begin, "a number may not start with 0");
    bool integral = text_.substr(begin, at_ - begin) != "-0";  // the sign of zero needs a floating-point number
    if (peek() == '.') integral = false, ++at_, skip_digits();
    if (peek() == 'e' || peek() == 'E') {
      integral = false, ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      skip_digits();
    }
    if (!integral) return convert<double>(begin);
    return text_[begin] == '-' ? Json(convert<std::int64_t>(begin)) : Json(convert<std::uint64_t>(begin));
  }

  template <class Number>
  Number convert(std::size_t begin) const {
    Number value{};
    if (std::from_chars(text_.data() + begin, text_.data() + at_, value).ec != std::errc())
      fail(begin, "the number does not fit in 64 bits");
    return value;
  }

  std::string_view text_;
  JsonLimits limits_;
  std::size_t at_ = 0;
  std::int64_t values_ = 0;
};

}  // namespace detail

/// Parses exactly one value with white space around it. Errors: "json: byte N: rule".
AKIN_LAZY Json parse_json(std::string_view text, const JsonLimits& limits = {}) {
  return detail::JsonParser(text, limits).document();
}

}  // namespace akin::inline AKIN_ABI::io
