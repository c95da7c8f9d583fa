// What a stream is, how wide it is, and what may be sent to it.
#pragma once
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../core/macros.hpp"

namespace akin::inline AKIN_ABI::train {

/// True for a terminal that can move its cursor: not a pipe, not a file, not TERM=dumb.
AKIN_LAZY bool is_terminal(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(stream)) == 1 && term && std::string_view(term) != "dumb";
}

/// Colours only on a terminal, and never where the user set NO_COLOR (no-color.org: any value but the empty one).
AKIN_LAZY bool wants_color(std::FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(stream) && !(no_color && *no_color);
}

/// Columns of the terminal now; 100 if it does not say.
AKIN_LAZY int terminal_width(std::FILE* stream) {
  struct winsize size {};
  return ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

/// Columns that UTF-8 text takes, counted as one per character.
AKIN_LAZY int columns_of(std::string_view text) {
  int columns = 0;
  for (const char c : text) columns += (c & 0xc0) != 0x80;
  return columns;
}

/// The text with every control character replaced by '?': file names must not steer a terminal or forge a log line.
AKIN_LAZY std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]),
               next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool two_bytes = c == 0xc2 && next >= 0x80 && next < 0xa0;  // the C1 controls U+0080 ... U+009F
    i += two_bytes;
    out += two_bytes || c < 0x20 || c == 0x7f ? '?' : text[i];
  }
  return out;
}

/// The same for text of several lines. All but the first are indented: none can pass for a line of its own.
AKIN_LAZY std::string printable_lines(std::string_view text) {
  std::string out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (begin > 0) out += begin < text.size() && text[begin] == ' ' ? "\n" : "\n  ";
    out += printable(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// printf-like formatting of one number: number("%.3f", x).
AKIN_LAZY std::string number(const char* format, double value) {
  if (std::isnan(value)) return "nan";  // never "-nan"
  char text[64];
  const int size = std::snprintf(text, sizeof text, format, value);
  return std::string(text, static_cast<std::size_t>(size < 0 ? 0 : size >= 64 ? 63 : size));
}

}  // namespace akin::inline AKIN_ABI::train
