// Parameters of table rows, of losses and of methods: numbers with names and defaults.
#pragma once
#include <vector>

#include "../core/error.hpp"

namespace akin::inline AKIN_ABI::losses {

/// The numbers a row works with: those given, or its defaults if none is. Errors: more or fewer than the row has.
template <class Row>
std::vector<double> params_of(const Row& row, const std::vector<double>& given) {
  if (given.empty()) return row.defaults;
  check(given.size() == row.params.size(), row.name, "has ", row.params.size(), " parameters, got ", given.size());
  return given;
}

}  // namespace akin::inline AKIN_ABI::losses
