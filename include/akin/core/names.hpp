// Names that people type: a table refuses an unknown one with the nearest known name and the whole list.
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace akin::inline AKIN_ABI {

/// Fewest insertions, deletions and substitutions of one character that turn a into b (Levenshtein 1966).
AKIN_LAZY std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);  // row[j] = distance between the first i of a and the first j of b
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

namespace detail {

/// Lower case without separators: "SimCLR", "sim-clr" and "sim_clr" are the same word to a person.
AKIN_LAZY std::string spoken(std::string_view name) {
  std::string word;
  for (const char c : name)
    if (c != '-' && c != '_' && c != ' ' && c != '.')
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word;
}

}  // namespace detail

/// The known name closest to `name`, ignoring case and separators; the first of equals, "" when none is known.
AKIN_LAZY std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  const std::string word = detail::spoken(name);
  std::string nearest;
  std::size_t best = static_cast<std::size_t>(-1);
  for (const auto& candidate : known) {
    const std::size_t distance = edit_distance(word, detail::spoken(candidate));
    if (distance >= best) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

/// Throws "op: unknown kind 'name'; did you mean 'nearest'? known are a, b, c".
/// The guess is left out when more than half of the typed word would have to change.
template <class = void>
[[noreturn]] inline void throw_unknown(std::string_view op, std::string_view kind, std::string_view name,
                                       const std::vector<std::string>& known) {
  std::string list;
  for (const auto& candidate : known) list += (list.empty() ? "" : ", ") + candidate;
  const std::string guess = nearest_name(name, known), word = detail::spoken(name);
  const bool plausible = !guess.empty() && 2 * edit_distance(word, detail::spoken(guess)) <= word.size();
  throw Error(cat(op, ": unknown ", kind, " '", name, "'; ", plausible ? cat("did you mean '", guess, "'? ") : "",
                  "known are ", list.empty() ? "none" : list));
}

/// The row whose `name` is `name`, in a table of losses, methods, data sets, ... Errors: there is none; see above.
template <class Rows>
const typename Rows::value_type& find_row(std::string_view op, std::string_view kind, const Rows& rows,
                                          std::string_view name) {
  std::vector<std::string> known;
  for (const auto& row : rows) {
    if (row.name == name) return row;
    known.emplace_back(row.name);
  }
  throw_unknown(op, kind, name, known);
}

}  // namespace akin::inline AKIN_ABI
