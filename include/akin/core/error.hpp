// The one exception type, and the one way to throw it.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "macros.hpp"

namespace akin::inline AKIN_ABI {

/// Everything akin refuses: what() names the op, the rule that was broken, what was found, and the usual fix.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Concatenates anything printable: cat("got ", shape, ", expected rank ", 4).
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

/// Throws Error("op: why...") unless ok. The message is built only on failure; its arguments are always evaluated.
template <class... Parts>
void check(bool ok, std::string_view op, const Parts&... why) {
  if (!ok) throw Error(cat(op, ": ", why...));
}

}  // namespace akin::inline AKIN_ABI
