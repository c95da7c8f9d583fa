// The headers of the project as text: what the structure tests look at.
#pragma once
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace akin::structure {

namespace fs = std::filesystem;

/// Header by name: "core/array.hpp" for include/akin/core/array.hpp, "kernels/cpu/gemm.hpp" for kernels/cpu/gemm.hpp.
using Headers = std::map<std::string, std::string>;

inline std::string read_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline Headers read_headers(const fs::path& root) {
  Headers headers;
  for (const auto& [folder, prefix] : {std::pair{"include/akin", ""}, std::pair{"kernels", "kernels/"}}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.is_regular_file())
        headers[prefix + fs::relative(entry.path(), root / folder).generic_string()] = read_text(entry.path());
  }
  return headers;
}

/// The text without comments and, if asked, without the contents of string and character literals. Keeps line breaks.
inline std::string strip(std::string_view text, bool strip_literals) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto starts = [&](std::string_view token) { return text.substr(i, token.size()) == token; };
    std::size_t end = i + 1;
    bool keep = true;
    if (starts("//")) {
      end = std::min(text.find('\n', i), text.size());
      keep = false;
    } else if (starts("/*")) {
      end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
      keep = false;
    } else if (starts("R\"")) {
      const auto open = text.find('(', i);
      end = text.find(")" + std::string(text.substr(i + 2, open - i - 2)) + "\"", open);
      end = text.find('"', end) + 1;
      keep = !strip_literals;
    } else if (text[i] == '"' ||
               (text[i] == '\'' && (i == 0 || !std::isxdigit(static_cast<unsigned char>(text[i - 1]))))) {
      while (end < text.size() && text[end] != text[i]) end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
      keep = !strip_literals;
    }
    for (; i < end; ++i)
      if (keep || text[i] == '\n') out += text[i];
  }
  return out;
}

/// The first line on which `word` stands alone (not inside a longer identifier), or 0.
inline int line_of_word(std::string_view code, std::string_view word) {
  const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (auto at = code.find(word); at != std::string_view::npos; at = code.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool begins = at == 0 || !(in_word(word.front()) && in_word(code[at - 1]));
    const bool ends = end == code.size() || !(in_word(word.back()) && in_word(code[end]));
    if (begins && ends)
      return 1 + static_cast<int>(std::count(code.begin(), code.begin() + static_cast<long>(at), '\n'));
  }
  return 0;
}

/// Names of the project's headers that `name` includes, relative paths resolved. Headers of others are left out.
inline std::vector<std::string> includes_of(const std::string& name, const std::string& text) {
  const bool kernel = name.rfind("kernels/", 0) == 0;
  const fs::path folder = fs::path(kernel ? name : "include/akin/" + name).parent_path();
  std::vector<std::string> included;
  std::istringstream lines(strip(text, false));
  for (std::string line; std::getline(lines, line);) {
    const auto hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#' || line.find("include") == std::string::npos) continue;
    const auto open = line.find_first_of("<\""), close = line.find_first_of(">\"", open + 1);
    if (close == std::string::npos) continue;
    std::string path = line.substr(open + 1, close - open - 1);
    if (line[open] == '<') {
      if (path.rfind("akin/", 0) == 0) included.push_back(path.substr(5));
      continue;
    }
    path = (folder / path).lexically_normal().generic_string();
    const std::string library = "include/akin/";
    included.push_back(path.rfind(library, 0) == 0 ? path.substr(library.size()) : path);
  }
  return included;
}

}  // namespace akin::structure
