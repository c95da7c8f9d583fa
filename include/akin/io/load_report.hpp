// What became of each name when weights were read from a file of other origin.
#pragma once
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::io {

struct LoadReport {
  std::string prefix;                   ///< of the names that were used
  bool numbered = false;                ///< the file numbers the stages of a ResNet instead of naming them
  std::vector<std::string> matched;     ///< names of the network whose values were read
  std::vector<std::string> missing;     ///< names of the network that the file lacks
  std::vector<std::string> unexpected;  ///< names of the file, below the prefix, that the network lacks
  std::vector<std::string> ignored;     ///< names of the file outside the prefix, or of a classifier
  std::vector<std::string> converted;   ///< "conv1.weight F16 -> f32"
};

namespace detail {

/// One name a line, as far as a screen goes.
AKIN_LAZY std::string name_lines(std::string_view kind, const std::vector<std::string>& names) {
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i)
    text += cat("\n  ", kind, std::string(12 - kind.size(), ' '), names[i]);
  return names.size() <= most ? text : text + cat("\n              ... and ", names.size() - most, " more");
}

}  // namespace detail

/// "matched 122 tensors, names below 'backbone.'" and then a line for each name that was not read as it is.
AKIN_LAZY std::string to_text(const LoadReport& report) {
  return cat("matched ", report.matched.size(), " tensors, names ",
             report.prefix.empty() ? "as they are" : cat("below '", report.prefix, "'"),
             report.numbered ? ", stages by number" : "", detail::name_lines("missing", report.missing),
             detail::name_lines("unexpected", report.unexpected), detail::name_lines("ignored", report.ignored),
             detail::name_lines("converted", report.converted));
}

AKIN_LAZY std::ostream& operator<<(std::ostream& stream, const LoadReport& report) { return stream << to_text(report); }

}  // namespace akin::inline AKIN_ABI::io
