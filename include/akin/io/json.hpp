// JSON: a small value type and its writer; json_parser.hpp reads. For safetensors headers, config.json, metrics.jsonl.
#pragma once
#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::io {

namespace detail {

template <class T>
concept JsonInteger = std::integral<T> && !std::same_as<T, bool>;

/// A key and its value. No std::pair: for each {"key", value} GCC tries all constructors of both, which costs every
/// program that includes this 10 ms. A template, because it stands before Json.
template <class Json>
struct JsonMember {
  std::string key;
  Json value;

  friend bool operator==(const JsonMember& a, const JsonMember& b) { return a.key == b.key && a.value == b.value; }
};

}  // namespace detail

/// One JSON value. Integers are exact to 64 bits (signed or unsigned); objects keep the order of their members.
class Json {
 public:
  using List = std::vector<Json>;
  using Member = detail::JsonMember<Json>;
  using Object = std::vector<Member>;

  AKIN_LAZY Json(std::nullptr_t = nullptr) {}
  AKIN_LAZY Json(bool value) : kind_(Kind::boolean), integer_(value) {}
  AKIN_LAZY Json(double value) : kind_(Kind::real), real_(value) {}
  template <detail::JsonInteger T>
  Json(T value)  // one form per number, so that equal numbers compare equal: unsigned only beyond the signed range
      : kind_(std::in_range<std::int64_t>(value) ? Kind::integer : Kind::natural),
        integer_(static_cast<std::int64_t>(value)) {}
  AKIN_LAZY Json(std::string value) : kind_(Kind::text), text_(std::move(value)) {}
  AKIN_LAZY Json(std::string_view value) : kind_(Kind::text), text_(value) {}
  AKIN_LAZY Json(const char* value) : kind_(Kind::text), text_(value) {}
  AKIN_LAZY Json(List value) : kind_(Kind::list), list_(std::move(value)) {}
  AKIN_LAZY Json(Object value) : kind_(Kind::object), object_(std::move(value)) {}

  bool is_null() const { return kind_ == Kind::null; }
  bool is_bool() const { return kind_ == Kind::boolean; }
  bool is_integer() const { return kind_ == Kind::integer || kind_ == Kind::natural; }
  bool is_number() const { return is_integer() || kind_ == Kind::real; }
  bool is_string() const { return kind_ == Kind::text; }
  bool is_list() const { return kind_ == Kind::list; }
  bool is_object() const { return kind_ == Kind::object; }

  // Each throws an Error that says what was found instead.
  AKIN_LAZY bool boolean() const { return expect(Kind::boolean, "a boolean"), integer_ != 0; }
  AKIN_LAZY const std::string& string() const { return expect(Kind::text, "a string"), text_; }
  AKIN_LAZY const List& list() const { return expect(Kind::list, "a list"), list_; }
  AKIN_LAZY const Object& object() const { return expect(Kind::object, "an object"), object_; }
  AKIN_LAZY std::int64_t integer() const { return expect(Kind::integer, "an integer below 2^63"), integer_; }
  /// An integer >= 0, up to 2^64 - 1.
  AKIN_LAZY std::uint64_t natural() const {
    if (kind_ != Kind::natural) {
      expect(Kind::integer, "an integer >= 0");
      check(integer_ >= 0, "json", "expected an integer >= 0, got ", integer_);
    }
    return static_cast<std::uint64_t>(integer_);
  }
  /// Any number; integers beyond 2^53 are rounded.
  AKIN_LAZY double number() const {
    if (kind_ == Kind::integer) return static_cast<double>(integer_);
    if (kind_ == Kind::natural) return static_cast<double>(static_cast<std::uint64_t>(integer_));
    return expect(Kind::real, "a number"), real_;
  }

  /// The member `key`, or nullptr. Errors: not an object.
  AKIN_LAZY const Json* find(std::string_view key) const {
    for (const auto& [name, value] : object())
      if (name == key) return &value;
    return nullptr;
  }
  AKIN_LAZY const Json& at(std::string_view key) const {
    const Json* value = find(key);
    check(value != nullptr, "json", "the object has no member '", key, "'");
    return *value;
  }

  std::string_view kind() const {
    constexpr std::string_view names[] = {"null",     "a boolean", "an integer", "an integer above 2^63 - 1",
                                          "a number", "a string",  "a list",     "an object"};
    return names[static_cast<int>(kind_)];
  }

  AKIN_LAZY friend bool operator==(const Json& a, const Json& b) {
    return a.kind_ == b.kind_ && a.integer_ == b.integer_ && a.real_ == b.real_ && a.text_ == b.text_ &&
           a.list_ == b.list_ && a.object_ == b.object_;
  }

 private:
  enum class Kind : unsigned char { null, boolean, integer, natural, real, text, list, object };

  AKIN_LAZY void expect(Kind wanted, std::string_view name) const {
    check(kind_ == wanted, "json", "expected ", name, ", got ", kind());
  }

  // One member per kind and no std::variant, which costs every program that includes this a third of a second.
  Kind kind_ = Kind::null;
  std::int64_t integer_ = 0;  // the bits of a natural; 0 or 1 of a boolean
  double real_ = 0;
  std::string text_;
  List list_;
  Object object_;
};

/// How many leading bytes are valid UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
AKIN_LAZY std::size_t valid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = byte(i);
    const unsigned more = lead < 0x80 ? 0 : lead < 0xc2 ? 4 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 4;
    if (more == 4) return i;
    for (unsigned k = 1; k <= more; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return i;
    const unsigned second = byte(i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return i;
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return i;
    i += 1 + more;
  }
  return i;
}

namespace detail {

AKIN_LAZY void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view plain = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt", hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto special = plain.find(c);
    if (special != plain.npos)
      (out += '\\') += letters[special];
    else if (static_cast<unsigned char>(c) < 0x20)
      ((out += "\\u00") += hex[c >> 4]) += hex[c & 15];
    else
      out += c;
  }
  out += '"';
}

/// Text from a file, made safe and short enough for a message. Built only when a message is.
struct Quoted {
  std::string_view text;

  AKIN_LAZY friend std::ostream& operator<<(std::ostream& os, Quoted q) {
    std::size_t end = std::min<std::size_t>(q.text.size(), 100);
    while (end > 0 && end < q.text.size() && (q.text[end] & 0xc0) == 0x80) --end;  // not inside a character
    std::string out;
    append_json_string(out, q.text.substr(0, end));
    return os << out << (end < q.text.size() ? "..." : "");
  }
};
AKIN_LAZY Quoted quoted(std::string_view text) { return {text}; }

class JsonWriter {
 public:
  explicit JsonWriter(int indent) : indent_(indent) {}

  AKIN_LAZY void write(const Json& value, int depth) {
    if (value.is_object()) return write_object(value.object(), depth);
    if (value.is_list()) return write_list(value.list(), depth);
    if (value.is_string()) return write_string(value.string());
    if (value.is_bool()) return void(out += value.boolean() ? "true" : "false");
    if (value.is_null()) return void(out += "null");
    if (value.is_integer()) return value.number() < 0 ? write_digits(value.integer()) : write_digits(value.natural());
    write_double(value.number());
  }

  std::string out;

 private:
  AKIN_LAZY void write_object(const Json::Object& object, int depth) {
    out += '{';
    for (std::size_t i = 0; i < object.size(); ++i) {
      if (i > 0) out += ',';
      new_line(depth + 1);
      write_string(object[i].key);
      out += indent_ > 0 ? ": " : ":";
      write(object[i].value, depth + 1);
    }
    if (!object.empty()) new_line(depth);
    out += '}';
  }
  AKIN_LAZY void write_list(const Json::List& list, int depth) {  // on one line: lists are sizes and names here
    out += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += indent_ > 0 ? ", " : ",";
      write(list[i], depth + 1);
    }
    out += ']';
  }
  AKIN_LAZY void write_string(std::string_view text) {
    const std::size_t valid = valid_utf8(text);
    check(valid == text.size(), "json", "cannot write text that is not UTF-8 at byte ", valid, " of ", text.size());
    append_json_string(out, text);
  }
  AKIN_LAZY void write_double(double value) {
    if (!std::isfinite(value)) return void(out += "null");  // JSON has no infinity and no nan
    const std::size_t begin = out.size();
    write_digits(value);
    if (out.find_first_of(".e", begin) == out.npos) out += ".0";  // stays a floating-point number when read back
  }
  template <class Number>
  void write_digits(Number value) {  // shortest text that reads back to the same bits
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  AKIN_LAZY void new_line(int depth) {
    if (indent_ > 0) (out += '\n').append(static_cast<std::size_t>(indent_ * depth), ' ');
  }

  int indent_;
};

}  // namespace detail

/// The text of a value: compact, or with members on lines of their own when indent > 0. Numbers read back exactly;
/// nan and infinity become null. Errors: strings that are not UTF-8.
AKIN_LAZY std::string to_json(const Json& value, int indent = 0) {
  detail::JsonWriter writer(indent);
  writer.write(value, 0);
  return std::move(writer.out);
}

}  // namespace akin::inline AKIN_ABI::io
