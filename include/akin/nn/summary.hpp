// summary: what a network is made of, as a table.
#pragma once
#include <string>

#include "module.hpp"

namespace akin::inline AKIN_ABI::nn {

/// One line per module: name, kind, number of parameters with those of its children. The whole network comes first.
AKIN_LAZY std::string summary(const Module& model) {
  struct Row { std::string name, kind, count; };
  std::vector<Row> rows = {{"name", "layer", "parameters"}};
  for (const auto& [name, module] : model.named_modules())
    rows.push_back({name.empty() ? "(all)" : name, module.describe(), std::to_string(module.parameter_count())});
  std::size_t widths[3] = {};
  for (const auto& row : rows) {
    widths[0] = std::max(widths[0], row.name.size());
    widths[1] = std::max(widths[1], row.kind.size());
    widths[2] = std::max(widths[2], row.count.size());
  }
  const auto pad = [](const std::string& text, std::size_t width) { return text + std::string(width - text.size(), ' '); };
  std::string text;
  for (const auto& row : rows)
    text += pad(row.name, widths[0]) + "  " + pad(row.kind, widths[1]) + "  " + std::string(widths[2] - row.count.size(), ' ') + row.count + "\n";
  return text;
}

}  // namespace akin::inline AKIN_ABI::nn
