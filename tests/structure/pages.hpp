// The project's pages of text, taken apart: what docs_test.cpp looks at.
#pragma once
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "source_tree.hpp"

namespace akin::structure {

/// Text between two lines of ```.
struct Block {
  std::string language, comment;  ///< comment: the <!-- ... --> on the line above, without its marks
  int line = 0;                   ///< of the first line of `text`, counted from 1
  std::string text;
};

struct Page {
  std::string path;
  std::vector<Block> blocks;
  std::vector<std::string> prose;  ///< every line of the page; those of blocks are empty

  std::string at(int line) const { return path + ":" + std::to_string(line) + ": "; }
};

inline std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == text.npos ? "" : std::string(text.substr(first, last - first + 1));
}

/// What stands between `open` and `close` if the text begins and ends so, else "".
inline std::string between(std::string_view text, std::string_view open, std::string_view close) {
  const bool both = text.size() >= open.size() + close.size() && text.starts_with(open) && text.ends_with(close);
  return both ? trimmed(text.substr(open.size(), text.size() - open.size() - close.size())) : "";
}

inline Page parse_page(const std::string& path, const std::string& text) {
  Page page{path, {}, {}};
  std::istringstream lines(text);
  std::string above;  // the last line that is not empty
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    const bool mark = line.starts_with("```");
    if (mark && !inside)
      page.blocks.push_back({trimmed(line.substr(3)), between(trimmed(above), "<!--", "-->"),
                             static_cast<int>(page.prose.size()) + 2, ""});
    else if (inside && !mark)
      page.blocks.back().text += line + "\n";
    page.prose.push_back(inside || mark ? "" : line);
    if (mark) inside = !inside;
    if (!trimmed(line).empty()) above = line;
  }
  return page;
}

inline Page read_page(const std::string& path) { return parse_page(path, read_text(path)); }

inline std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// A word that is shown as code, with its line.
struct CodeWord {
  int line;
  std::string word;
};

/// Every word between ` and ` in the prose and in the ```sh blocks.
inline std::vector<CodeWord> code_words(const Page& page) {
  std::vector<CodeWord> found;
  const auto add = [&](std::size_t line, const std::string& text) {
    for (auto& word : words_of(text)) found.push_back({static_cast<int>(line), std::move(word)});
  };
  for (std::size_t i = 0; i < page.prose.size(); ++i)
    for (auto open = page.prose[i].find('`'); open != std::string::npos;) {
      const auto close = page.prose[i].find('`', open + 1);
      if (close == std::string::npos) break;
      add(i + 1, page.prose[i].substr(open + 1, close - open - 1));
      open = page.prose[i].find('`', close + 1);
    }
  for (const auto& block : page.blocks)
    if (block.language == "sh") add(static_cast<std::size_t>(block.line), block.text);
  return found;
}

/// The target of [text](target), with its line.
inline std::vector<CodeWord> link_targets(const Page& page) {
  std::vector<CodeWord> found;
  for (std::size_t i = 0; i < page.prose.size(); ++i)
    for (auto open = page.prose[i].find("]("); open != std::string::npos; open = page.prose[i].find("](", open + 1)) {
      const auto close = page.prose[i].find(')', open);
      if (close != std::string::npos)
        found.push_back({static_cast<int>(i) + 1, page.prose[i].substr(open + 2, close - open - 2)});
    }
  return found;
}

/// The names under which a page's headings can be linked to: "## Resume a run" is resume-a-run.
inline std::vector<std::string> anchors_of(const Page& page) {
  std::vector<std::string> anchors;
  for (const auto& line : page.prose) {
    if (!line.starts_with("#")) continue;
    std::string anchor;
    for (const char c : trimmed(line.substr(line.find_first_not_of('#')))) {
      const auto letter = static_cast<unsigned char>(c);
      if (c == ' ' || c == '-')
        anchor += '-';
      else if (std::isalnum(letter) || c == '_')
        anchor += static_cast<char>(std::tolower(letter));
    }
    anchors.push_back(anchor);
  }
  return anchors;
}

inline std::string without_spaces(std::string text) {
  std::erase_if(text, [](char c) { return std::isspace(static_cast<unsigned char>(c)); });
  return text;
}

/// Whether the parts of a quotation, cut at lines that say "...", occur in the text in this order, up to white space.
inline bool quotes(const std::string& text, const std::string& quotation) {
  const std::string whole = without_spaces(text);
  std::istringstream lines(quotation + "...\n");
  std::string part;
  std::size_t at = 0;
  for (std::string line; std::getline(lines, line);) {
    if (trimmed(line) != "...") {
      part += without_spaces(line);
      continue;
    }
    at = whole.find(part, at);
    if (at == std::string::npos) return false;
    at += part.size();
    part.clear();
  }
  return true;
}

}  // namespace akin::structure
