// The names in a table as messages list them, so that a new row breaks no test.
#pragma once
#include <string>

namespace akin::test {

template <class Rows>
std::string names_in(const Rows& rows) {
  std::string names;
  for (const auto& row : rows) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

/// "did you mean 'b'? known are a, b, c"
template <class Rows>
std::string guess(const std::string& name, const Rows& rows) {
  return "did you mean '" + name + "'? known are " + names_in(rows);
}

}  // namespace akin::test
