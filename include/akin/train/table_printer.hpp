// Tables as text: aligned for the terminal, or Markdown for a report.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "terminal.hpp"

namespace akin::inline AKIN_ABI::train {

/// Rows of text under a header. Columns that hold only numbers are aligned on the right.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

enum class TableFormat { plain, markdown };

namespace detail {

/// True for what a column of numbers may hold: "12", "-0.5", "1.2e-3", "85.1 %", "0.71 +- 0.02", "1:23", "nan", "-".
AKIN_LAZY bool is_numeric(std::string_view text) {
  if (text.empty() || text == "-" || text == "nan" || text == "inf" || text == "-inf") return true;
  const bool number_first = text.find_first_of("0123456789") <= 2;
  return number_first && text.find_first_not_of("0123456789.+-eE%:/ x\xc2\xb1") == text.npos;
}

AKIN_LAZY std::string escaped(std::string_view text, TableFormat format) {
  std::string out;
  for (const char c : printable(text)) {
    if (format == TableFormat::markdown && (c == '|' || c == '\\' || c == '<')) out += '\\';
    out += c;
  }
  return out;
}

AKIN_LAZY std::string padded(const std::string& text, int width, bool right) {
  const std::string space(static_cast<std::size_t>(std::max(0, width - columns_of(text))), ' ');
  return right ? space + text : text + space;
}

struct Column {
  int width = 3;  // Markdown's shortest rule is "---"
  bool right = true;
};

AKIN_LAZY std::vector<Column> layout(const std::vector<std::vector<std::string>>& lines) {
  std::vector<Column> columns(lines[0].size());
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (std::size_t k = 0; k < columns.size(); ++k) {
      columns[k].width = std::max(columns[k].width, columns_of(lines[i][k]));
      columns[k].right = columns[k].right && (i == 0 || is_numeric(lines[i][k]));
    }
  return columns;
}

AKIN_LAZY std::string rule(const std::vector<Column>& columns, TableFormat format) {
  std::string line;
  for (const Column& column : columns) {
    std::string dashes(static_cast<std::size_t>(column.width), '-');
    if (format == TableFormat::markdown && column.right) dashes.back() = ':';
    line += (line.empty() ? "" : format == TableFormat::plain ? "  " : " | ") + dashes;
  }
  return line;
}

}  // namespace detail

/// The table as lines, each ended by '\n'. Errors: no columns; a row with more or fewer cells than the header.
AKIN_LAZY std::string render(const Table& table, TableFormat format = TableFormat::plain) {
  check(!table.header.empty(), "table", "needs at least one column");
  std::vector<std::vector<std::string>> lines{table.header};
  for (const auto& row : table.rows) {
    check(row.size() == table.header.size(), "table", "a row has ", row.size(), " cells, the header ",
          table.header.size());
    lines.push_back(row);
  }
  for (auto& line : lines)
    for (auto& cell : line) cell = detail::escaped(cell, format);
  const std::vector<detail::Column> columns = detail::layout(lines);
  const bool plain = format == TableFormat::plain;
  const std::string before = plain ? "" : "| ", between = plain ? "  " : " | ", after = plain ? "\n" : " |\n";
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string text = before;
    for (std::size_t k = 0; k < columns.size(); ++k)
      text += (k ? between : "") + detail::padded(lines[i][k], columns[k].width, columns[k].right);
    if (plain) text.erase(text.find_last_not_of(' ') + 1);
    out += text + after;
    if (i == 0) out += before + detail::rule(columns, format) + after;
  }
  return out;
}

}  // namespace akin::inline AKIN_ABI::train
