// The numbers of a run, one row at a time: metrics.csv for people and spreadsheets, metrics.jsonl for programs.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "../io/file.hpp"
#include "../io/json_parser.hpp"

namespace akin::inline AKIN_ABI::train {

namespace detail {

/// One field of RFC 4180: in quotes if it holds a comma, a quote or a line break. Text that a spreadsheet would run as
/// a formula gets a leading apostrophe.
AKIN_LAZY std::string csv_text(std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
  const std::string safe = cat(formula ? "'" : "", text);
  if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
  std::string quoted = "\"";
  for (const char c : safe) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

/// Numbers read back exactly; nan and inf are written as such, null as nothing.
AKIN_LAZY std::string csv_field(const io::Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return csv_text(value.string());
  if (!value.is_number() || value.is_integer() || std::isfinite(value.number())) return io::to_json(value);
  return std::isnan(value.number()) ? "nan" : value.number() > 0 ? "inf" : "-inf";
}

AKIN_LAZY std::string csv_record(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) line += (i > 0 ? "," : "") + fields[i];
  return (line.empty() ? "\"\"" : line) + "\n";  // an empty line would be no record
}

/// Where the line that begins at `begin` has ended.
inline std::size_t after_line(std::string_view text, std::size_t begin) {
  const std::size_t end = text.find('\n', begin);
  return end == text.npos ? text.size() : end + 1;
}

AKIN_LAZY io::Json parsed_row(const std::string& path, std::string_view row) {
  try {
    return io::parse_json(row);
  } catch (const Error& error) {
    throw Error(cat("metrics: '", path, "' holds a damaged row, '", row.substr(0, 60), "': ", error.what(),
                    "; remove it and the rows below it"));
  }
}

AKIN_LAZY void cut(const std::string& path, std::size_t bytes) {
  check(::truncate(path.c_str(), static_cast<off_t>(bytes)) == 0, "metrics", "cannot shorten '", path,
        "': ", io::errno_text(errno));
}

/// Removes what follows the last line break: a row that a killed run did not finish. Returns the path.
AKIN_LAZY const std::string& drop_torn_line(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return path;
  const std::string text = io::read_file(path);
  const std::size_t kept = text.rfind('\n') + 1;  // npos + 1 is 0
  if (kept < text.size()) cut(path, kept);
  return path;
}

/// The columns of a file that may exist already. Their names need no quotes, so a comma always separates.
AKIN_LAZY std::vector<std::string> csv_columns(const std::string& path) {
  if (::access(drop_torn_line(path).c_str(), F_OK) != 0) return {};
  const std::string text = io::read_file(path);
  std::vector<std::string> columns;
  for (std::size_t begin = 0, end; begin < text.find('\n') && begin < text.size(); begin = end + 1) {
    end = text.find_first_of(",\n", begin);
    columns.push_back(text.substr(begin, end - begin));
    if (text[end] == '\n') break;
  }
  return columns;
}

}  // namespace detail

/// Appends rows to `folder`/metrics.csv and `folder`/metrics.jsonl; each row is with the system when add() returns.
///
///   log.add({{"epoch", 3}, {"loss", 4.812}, {"knn_top1", 0.61}});
///
/// The first row names the columns. Later rows may leave columns out, but a key that is not a column is an Error: it
/// would shift or lose values silently. Opened on files that exist (a resumed run), it goes on below them.
class MetricsLog {
 public:
  AKIN_LAZY explicit MetricsLog(const std::string& folder)
      : csv_path_(folder + "/metrics.csv"),
        jsonl_path_(folder + "/metrics.jsonl"),
        columns_(detail::csv_columns(csv_path_)),
        csv_(csv_path_),
        jsonl_(detail::drop_torn_line(jsonl_path_)) {}

  AKIN_LAZY void add(const io::Json::Object& row) {
    check_row(row);
    const std::string json = io::to_json(row);  // refuses text that is not UTF-8, before anything is written
    if (columns_.empty()) start(row);
    std::vector<std::string> fields;
    for (const auto& column : columns_) {
      const auto cell = std::find_if(row.begin(), row.end(), [&](const auto& member) { return member.key == column; });
      fields.push_back(cell == row.end() ? "" : detail::csv_field(cell->value));
    }
    csv_.append(detail::csv_record(fields));
    jsonl_.append(json + "\n");
  }

  /// Removes the rows of step `step` and later: a run that goes on from an earlier checkpoint writes them again.
  AKIN_LAZY void drop_from(std::int64_t step) {
    const std::string rows = io::read_file(jsonl_path_), records = io::read_file(csv_path_);
    std::size_t row = 0, record = detail::after_line(records, 0);  // behind the names of the columns
    while (row < rows.size()) {
      const std::size_t end = detail::after_line(rows, row);
      const io::Json parsed = detail::parsed_row(jsonl_path_, std::string_view(rows).substr(row, end - row));
      const io::Json* at = parsed.find("step");
      if (at && at->number() >= static_cast<double>(step)) break;
      row = end;
      record = detail::after_line(records, record);
    }
    detail::cut(jsonl_path_, row);
    detail::cut(csv_path_, record);
  }

  /// Empty before the first row.
  const std::vector<std::string>& columns() const { return columns_; }

 private:
  AKIN_LAZY void check_row(const io::Json::Object& row) const {
    check(!row.empty(), "metrics", "a row needs at least one value");
    for (auto member = row.begin(); member != row.end(); ++member) {
      const std::string& key = member->key;
      const bool plain = !key.empty() && detail::csv_text(key) == key;
      check(plain, "metrics", "'", key, "' cannot name a column: no comma, quote, line break or leading = + - @");
      const bool scalar = !member->value.is_list() && !member->value.is_object();
      check(scalar, "metrics", "'", key, "' is ", member->value.kind(), "; a row holds numbers and text");
      const bool one_line =
          !member->value.is_string() || member->value.string().find_first_of("\r\n") == std::string::npos;
      check(one_line, "metrics", "the value of '", key, "' holds a line break; a row is one line");
      const bool first = std::none_of(row.begin(), member, [&](const auto& other) { return other.key == key; });
      check(first, "metrics", "the row names '", key, "' twice");
      const bool known = columns_.empty() || std::find(columns_.begin(), columns_.end(), key) != columns_.end();
      check(known, "metrics", "'", key, "' is no column of '", csv_path_,
            "'; the first row names all columns (nan: not yet)");
    }
  }

  AKIN_LAZY void start(const io::Json::Object& row) {
    std::vector<std::string> names;
    for (const auto& member : row) names.push_back(member.key);
    csv_.append(detail::csv_record(names));
    columns_ = names;
  }

  std::string csv_path_, jsonl_path_;
  std::vector<std::string> columns_;
  io::AppendFile csv_, jsonl_;
};

}  // namespace akin::inline AKIN_ABI::train
