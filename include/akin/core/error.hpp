// The one exception type, and the one way to throw it.
#pragma once
#include <ostream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>

#include "macros.hpp"

namespace akin::inline AKIN_ABI {

/// Everything akin refuses: what() names the op, the rule that was broken, what was found, and the usual fix.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {

/// Appends what is printed to a string, as std::ostringstream does; <sstream> costs each program a tenth of a second.
struct Text final : std::streambuf {
  std::string text;

  int_type overflow(int_type c) override {
    if (c != traits_type::eof()) text += traits_type::to_char_type(c);
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* characters, std::streamsize count) override {
    text.append(characters, static_cast<std::size_t>(count));
    return count;
  }
};

}  // namespace detail

/// Concatenates anything printable: cat("got ", shape, ", expected rank ", 4).
template <class... Parts>
std::string cat(const Parts&... parts) {
  detail::Text buffer;
  std::ostream stream(&buffer);
  (stream << ... << parts);
  return std::move(buffer.text);
}

/// Throws Error("op: why...") unless ok. The message is built only on failure; its arguments are always evaluated.
template <class... Parts>
void check(bool ok, std::string_view op, const Parts&... why) {
  if (!ok) throw Error(cat(op, ": ", why...));
}

}  // namespace akin::inline AKIN_ABI
