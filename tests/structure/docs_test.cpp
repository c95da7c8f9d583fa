// Pages cannot rot: their code compiles, their quotations are quotations, their paths and links lead somewhere.
//
// The line above each ```cpp block says what it is:
//   <!-- snippet: file -->                                  a whole program
//   <!-- snippet: file include/akin/losses/mine.hpp -->     a file at that path; files of one page may include each other
//   <!-- snippet: declarations -->                          code of a namespace that uses akin
//   <!-- snippet: statements given: data::Loader& loader -->  the body of a function with these parameters, or with none
//   <!-- snippet: quote include/akin/losses/nt_xent.hpp --> stands in that file; a line "..." stands for others
// Declarations and statements see the declarations above them on their page. Their #include lines may be any.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "pages.hpp"
#include "support/folder.hpp"

namespace akin::structure {
namespace {

std::vector<Page> every_page() {
  std::vector<Page> pages = {read_page("README.md"), read_page("CONTRIBUTING.md"), read_page("CHANGELOG.md")};
  std::vector<std::string> docs;
  for (const auto& entry : fs::directory_iterator("docs")) docs.push_back(entry.path().string());
  std::sort(docs.begin(), docs.end());
  for (const auto& path : docs) pages.push_back(read_page(path));
  return pages;
}

/// "quote" of "snippet: quote a.hpp"; "" if the comment is none of a snippet.
std::string kind_of(const Block& block) {
  const auto words = words_of(block.comment);
  return words.size() >= 2 && words[0] == "snippet:" ? words[1] : "";
}
/// What the comment says behind its kind.
std::string detail_of(const Block& block) {
  const std::string kind = kind_of(block);
  return trimmed(block.comment.substr(block.comment.find(kind) + kind.size()));
}

std::string unmarked_blocks(const Page& page) {
  std::string found;
  for (const auto& block : page.blocks) {
    const std::string kind = kind_of(block), detail = detail_of(block);
    const bool known = kind == "file" || (kind == "declarations" && detail.empty()) ||
                       (kind == "statements" && (detail.empty() || detail.starts_with("given: "))) ||
                       (kind == "quote" && !detail.empty());
    if (block.language == "cpp" && !known)
      found +=
          page.at(block.line) + "the line above a cpp block must be a comment that says what kind of snippet it is\n";
    if (block.language.empty() && !kind.empty()) found += page.at(block.line) + "a snippet needs ```cpp\n";
  }
  return found;
}

std::string false_quotations(const Page& page) {
  std::string found;
  for (const auto& block : page.blocks)
    if (kind_of(block) == "quote" && !quotes(read_text(detail_of(block)), block.text))
      found += page.at(block.line) + "this does not stand in " + detail_of(block) + "\n";
  return found;
}

// ---- code -----------------------------------------------------------------------------------------------------------

/// Moves #include lines from `code` to `includes`; line numbers stay.
std::string without_includes(const std::string& code, std::string& includes) {
  std::istringstream lines(code);
  std::string rest;
  for (std::string line; std::getline(lines, line); rest += "\n")
    line.starts_with("#include") ? includes += line + "\n" : rest += line;
  return rest;
}

/// One source of all declarations and statements; the compiler names page and line by itself.
std::string source_of(const std::vector<Page>& pages) {
  std::string includes = "#include <akin/akin.hpp>\n", code;
  for (std::size_t p = 0; p < pages.size(); ++p) {
    code += "namespace page" + std::to_string(p) + " {\nusing namespace akin;\n";
    for (const auto& block : pages[p].blocks) {
      const std::string kind = kind_of(block), line = std::to_string(block.line), detail = detail_of(block);
      if (kind != "declarations" && kind != "statements") continue;
      const std::string parameters = detail.empty() ? "" : detail.substr(detail.find(':') + 1);
      if (kind == "statements") code += "void statements" + line + "(" + parameters + ") {\n";
      code += "#line " + line + " \"" + pages[p].path + "\"\n" + without_includes(block.text, includes);
      if (kind == "statements") code += "}\n";
    }
    code += "}  // namespace\n";
  }
  return includes + code;
}

/// What the compiler says against a source; "" if it takes it.
std::string errors_in(const std::string& source, const std::vector<std::string>& options = {}) {
  const test::Folder folder;
  const std::string messages = folder / "messages";
  std::vector<std::string> words = {AKIN_TESTS_CXX, "-std=c++20", "-O0", "-fsyntax-only"};
  words.insert(words.end(), options.begin(), options.end());
  for (const char* word : {"-Iinclude", "-Itests", "-x", "c++", source.c_str()}) words.emplace_back(word);
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open(messages.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(file, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  const bool good = ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return good ? "" : "the compiler failed\n" + read_text(messages);
}

std::string errors_in_fragments(const std::vector<Page>& pages) {
  const test::Folder folder;
  std::ofstream(folder / "fragments.cpp") << source_of(pages);
  return errors_in(folder / "fragments.cpp");
}

/// Writes the files of a page into a tree of their own and compiles each.
std::string errors_in_files(const Page& page) {
  const test::Folder tree;
  std::vector<std::string> sources, options = {"-I" + (tree / "include")};
  for (const auto& block : page.blocks) {
    if (kind_of(block) != "file") continue;
    const std::string named = detail_of(block), name = named.empty() ? std::to_string(block.line) + ".cpp" : named;
    const fs::path path = tree / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "#line " << block.line << " \"" << page.path << "\"\n" << block.text;
    sources.push_back(path.string());
    if (!named.empty()) options.push_back("-iquote" + fs::path(named).parent_path().string());  // as if it lay there
  }
  std::string found;
  for (const auto& source : sources) found += errors_in(source, options);
  return found;
}

// ---- paths and links ------------------------------------------------------------------------------------------------

constexpr const char* made_by_running[] = {"runs/", "build/"};
constexpr const char* our_folders[] = {"include/", "kernels/", "examples/", "tests/", "benchmarks/", "docs/", "cmake/"};
constexpr const char* our_suffixes[] = {".hpp", ".cpp", ".md", ".sh", ".py", ".txt"};

bool is_path_of_ours(const std::string& word) {
  const auto starts = [&](const char* prefix) { return word.starts_with(prefix); };
  const auto ends = [&](const char* suffix) { return word.ends_with(suffix); };
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("_-./").find(c) != std::string_view::npos;
  });
  return plain && word.find('/') != std::string::npos && word[0] != '-' && word[0] != '/' &&
         std::none_of(std::begin(made_by_running), std::end(made_by_running), starts) &&
         (std::any_of(std::begin(our_folders), std::end(our_folders), starts) ||
          std::any_of(std::begin(our_suffixes), std::end(our_suffixes), ends));
}

/// Paths count from the root, from include/, or from include/akin/; a page may also name the files it shows.
std::string missing_paths(const Page& page) {
  std::string found;
  for (auto& [line, word] : code_words(page)) {
    word.erase(word.find_last_not_of(".,:;") + 1);
    const bool shown = std::any_of(page.blocks.begin(), page.blocks.end(), [path = word](const Block& block) {
      return kind_of(block) == "file" && detail_of(block) == path;
    });
    if (is_path_of_ours(word) && !shown && !fs::exists(word) && !fs::exists("include/" + word) &&
        !fs::exists("include/akin/" + word))
      found += page.at(line) + "there is no " + word + "\n";
  }
  return found;
}

std::string broken_links(const Page& page) {
  std::string found;
  for (const auto& [line, target] : link_targets(page)) {
    if (target.starts_with("http")) continue;
    const auto hash = std::min(target.find('#'), target.size());
    const fs::path path = hash == 0 ? fs::path(page.path) : fs::path(page.path).parent_path() / target.substr(0, hash);
    if (!fs::exists(path) && hash > 0) {
      found += page.at(line) + "the link to " + target + " leads nowhere\n";
      continue;
    }
    if (hash == target.size()) continue;
    const auto anchors = anchors_of(hash == 0 ? page : read_page(path.string()));
    if (std::find(anchors.begin(), anchors.end(), target.substr(hash + 1)) == anchors.end())
      found += page.at(line) + "there is no heading for the link to " + target + "\n";
  }
  return found;
}

/// Options that pages name must be those of pretrain.
std::string unknown_options(const Page& page) {
  constexpr const char* of_others[] = {"--help",  "--version", "--workflow", "--preset",
                                       "--build", "--target",  "--akin",     "--expt-relaxed-constexpr"};
  static const std::string program = read_text("examples/pretrain.cpp");
  std::string found;
  for (const auto& [line, word] : code_words(page)) {
    const std::string name = word.substr(0, word.find_first_of("=.,;`"));
    if (name.starts_with("--") && program.find(name + "\"") == std::string::npos &&
        std::find(std::begin(of_others), std::end(of_others), name) == std::end(of_others))
      found += page.at(line) + "pretrain has no " + name + "\n";
  }
  return found;
}

template <class Check>
std::string in_every_page(Check check) {
  std::string found;
  for (const auto& page : every_page()) found += check(page);
  return found;
}

// ---- the pages ------------------------------------------------------------------------------------------------------

TEST(Docs, EveryCodeBlockSaysWhatItIs) { EXPECT_EQ(in_every_page(unmarked_blocks), ""); }
TEST(Docs, QuotationsStandInTheirFiles) { EXPECT_EQ(in_every_page(false_quotations), ""); }
TEST(Docs, PathsExist) { EXPECT_EQ(in_every_page(missing_paths), ""); }
TEST(Docs, LinksLeadSomewhere) { EXPECT_EQ(in_every_page(broken_links), ""); }
TEST(Docs, OptionsAreThoseOfPretrain) { EXPECT_EQ(in_every_page(unknown_options), ""); }
TEST(Docs, FragmentsCompile) { EXPECT_EQ(errors_in_fragments(every_page()), ""); }
TEST(Docs, FilesCompile) { EXPECT_EQ(in_every_page(errors_in_files), ""); }

TEST(Docs, TheIndexNamesEveryPageAndEveryExample) {
  std::string text, missing;
  for (const auto& target : link_targets(read_page("docs/README.md"))) text += target.word + "\n";
  for (const auto& page : every_page())
    if (page.path.starts_with("docs/") && page.path != "docs/README.md" &&
        text.find(page.path.substr(5)) == std::string::npos)
      missing += page.path + "\n";
  for (const auto& entry : fs::directory_iterator("examples"))
    if (entry.path().extension() == ".cpp" && text.find("../" + entry.path().string()) == std::string::npos)
      missing += entry.path().string() + "\n";
  EXPECT_EQ(missing, "") << "docs/README.md links to none of these";
}

// ---- the checks themselves ------------------------------------------------------------------------------------------

Page page(const std::string& text) { return parse_page("page.md", text); }
std::string block(const std::string& comment, const std::string& code) {
  return "<!-- " + comment + " -->\n```cpp\n" + code + "\n```\n";
}

TEST(DocChecks, FindBlocksThatDoNotSayWhatTheyAre) {
  EXPECT_EQ(unmarked_blocks(page("Text.\n\n```cpp\nint x;\n```\n")).substr(0, 10), "page.md:4:");
  EXPECT_NE(unmarked_blocks(page(block("snippet: code", "int x;"))), "");
  EXPECT_NE(unmarked_blocks(page(block("snippet: quote", "int x;"))), "");
  EXPECT_EQ(unmarked_blocks(page(block("snippet: declarations", "int x;") + "```\nint x\n```\n")), "");
}

TEST(DocChecks, FindFalseQuotations) {
  const std::string of_version = "snippet: quote include/akin/version.hpp";
  EXPECT_EQ(false_quotations(page(block(of_version, "#pragma   once\n...\n#define AKIN_VERSION"))), "");
  EXPECT_NE(false_quotations(page(block(of_version, "#pragma twice"))), "");
  EXPECT_NE(false_quotations(page(block(of_version, "#define AKIN_VERSION\n...\n#pragma once"))), "")
      << "another order";
  EXPECT_NE(false_quotations(page(block("snippet: quote include/akin/none.hpp", "#pragma once"))), "");
}

TEST(DocChecks, FindCodeThatDoesNotCompileAndNameItsLine) {
  const std::string errors = errors_in_fragments(
      {page(block("snippet: declarations", "struct Seen {};") +
            block("snippet: statements given: const Tensor& x, Seen", "const Tensor y = relu(x);\nreul(x);")),
       page(block("snippet: declarations", "#include <set>\nstd::set<Seen> unseen;")),
       page("\n\n\n\n" + block("snippet: statements", "const auto f = [](auto x) { return x.none; };\nf(1);"))});
  EXPECT_NE(errors.find("page.md:8:"), std::string::npos) << errors;
  EXPECT_NE(errors.find("page.md:4:"), std::string::npos) << "each page has a namespace of its own\n" << errors;
  EXPECT_NE(errors.find("page.md:7:"), std::string::npos) << "templates are instantiated\n" << errors;
}

TEST(DocChecks, FindFilesThatDoNotCompile) {
  const std::string header = block("snippet: file include/akin/mine.hpp", "#pragma once\n#include \"version.hpp\"");
  const std::string main = block("snippet: file", "#include <akin/mine.hpp>\nint main() { return AKIN_VERSION[0]; }");
  EXPECT_EQ(errors_in_files(page(header + main)), "");
  EXPECT_NE(errors_in_files(page(main)).find("page.md:3:"), std::string::npos);
}

TEST(DocChecks, FindPathsThatDoNotExist) {
  EXPECT_EQ(missing_paths(page("See `include/akin/akin.hpp`, `losses/nt_xent.hpp`, `runs/demo`, `a/b`, `x.hpp`.\n")),
            "");
  EXPECT_EQ(missing_paths(page("First,\nsee `losses/nt_xnet.hpp`.\n")), "page.md:2: there is no losses/nt_xnet.hpp\n");
  EXPECT_NE(missing_paths(page("`include/akin/models`\n")), "");
  EXPECT_NE(missing_paths(page("```sh\ng++ examples/00_none.cpp\n```\n")), "");
  EXPECT_EQ(missing_paths(page("`mine/my.hpp`\n" + block("snippet: file mine/my.hpp", ""))), "");
}

TEST(DocChecks, FindOptionsThatPretrainDoesNotHave) {
  EXPECT_EQ(unknown_options(page("`pretrain --method=byol`, `--no-eval`, `-DX`\n")), "");
  EXPECT_EQ(unknown_options(page("`--resum`\n")), "page.md:1: pretrain has no --resum\n");
}

TEST(DocChecks, FindLinksThatLeadNowhere) {
  EXPECT_EQ(broken_links(page("# On `top`\n[a](README.md) [b](README.md#needs) [c](#on-top) [d](https://a.org)\n")),
            "");
  EXPECT_NE(broken_links(page("[a](REDME.md)\n")), "");
  EXPECT_NE(broken_links(page("[a](README.md#nedes)\n")), "");
  EXPECT_NE(broken_links(page("[a](#top)\n")), "");
}

}  // namespace
}  // namespace akin::structure
