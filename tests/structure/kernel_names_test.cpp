// kernels/cpu and kernels/cuda share namespaces. A twin is told apart by its first parameter, Cpu or Cuda; any other
// name that both sides define is an overload by accident. The compiler takes it until a call finds the wrong one, and
// only where both sides are compiled.
#include <gtest/gtest.h>

#include <set>

#include "source_tree.hpp"

namespace akin::structure {
namespace {

/// A name at namespace scope.
struct Name {
  std::string scope;  ///< "kernels::detail"
  std::string name;
  std::string tag;  ///< of a function: "Cpu" or "Cuda" if that is its first parameter
};

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// Position behind the bracket that closes the one at `open`.
std::size_t behind(const std::string& code, std::size_t open, char opening, char closing) {
  int depth = 0;
  for (std::size_t i = open; i < code.size(); ++i) {
    depth += (code[i] == opening) - (code[i] == closing);
    if (depth == 0) return i + 1;
  }
  return code.size();
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \n");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \n") + 1 - first);
}

/// Code without comments, literals and preprocessor lines.
std::string bare(const std::string& text) {
  std::istringstream lines(strip(text, true));
  std::string code;
  bool directive = false;
  for (std::string line; std::getline(lines, line);) {
    directive = directive || trimmed(line).starts_with("#");
    if (!directive) code += line + "\n";
    directive = directive && line.ends_with("\\");
  }
  return code;
}

/// The head of a declaration without `template <...>`, attributes, and macros that look like calls.
std::string without_decoration(std::string head) {
  head = trimmed(head);
  while (head.starts_with("template")) {
    const auto open = head.find('<');
    if (open == std::string::npos) return "";
    head = trimmed(head.substr(behind(head, open, '<', '>')));
  }
  for (const char* word : {"__launch_bounds__", "__attribute__", "alignas", "__align__", "decltype", "requires"})
    for (auto at = head.find(word); at != std::string::npos; at = head.find(word))
      head.erase(at, behind(head, head.find('(', at), '(', ')') - at);
  for (auto at = head.find("[["); at != std::string::npos; at = head.find("[["))
    head.erase(at, behind(head, at, '[', ']') - at);
  return trimmed(head);
}

/// "kernels::detail" of "namespace akin::inline AKIN_ABI::kernels::detail".
std::string scope_of(const std::string& head) {
  const std::string abi = "AKIN_ABI::";
  const auto at = head.find(abi);
  return at == std::string::npos ? trimmed(head.substr(std::string("namespace").size())) : head.substr(at + abi.size());
}

std::string last_word(const std::string& text) {
  auto end = text.size();
  while (end > 0 && !in_word(text[end - 1])) --end;
  auto begin = end;
  while (begin > 0 && in_word(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

/// What a head declares; an empty name if it is nothing with one.
Name declared(const std::string& scope, const std::string& text) {
  const std::string head = without_decoration(text);
  std::istringstream words(head);
  std::string first, second;
  words >> first >> second;
  if (head.empty() || head.starts_with("namespace") || first == "static_assert" || first.starts_with("static_assert("))
    return {scope, "", ""};
  if (first == "using") return {scope, head.find('=') == std::string::npos ? "" : second, ""};
  if (first == "struct" || first == "class" || first == "union" || first == "enum") {
    std::string name = trimmed(head.substr(0, head.find_first_of(":<")));
    if (name.ends_with(" final")) name.resize(name.size() - 6);
    return {scope, last_word(name), ""};
  }
  const auto paren = head.find('('), equals = head.find('=');
  if (paren == std::string::npos || equals < paren)
    return {scope, last_word(head.substr(0, std::min(equals, head.find('[')))), ""};
  std::istringstream parameters(head.substr(paren + 1));
  std::string tag;
  parameters >> tag;
  tag = tag.substr(0, tag.find_first_of(",)"));
  return {scope, last_word(head.substr(0, paren)), tag == "Cpu" || tag == "Cuda" ? tag : ""};
}

/// All names that a file defines at namespace scope.
std::vector<Name> names_of(const std::string& text) {
  const std::string code = bare(text);
  std::vector<std::string> scopes;
  std::vector<Name> names;
  std::size_t begin = 0;
  int parens = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    parens += (code[i] == '(') - (code[i] == ')');
    if (parens > 0 || (code[i] != '{' && code[i] != '}' && code[i] != ';')) continue;
    const std::string head = trimmed(code.substr(begin, i - begin));
    if (code[i] == '}') {
      if (!scopes.empty()) scopes.pop_back();
    } else if (code[i] == '{' && head.starts_with("namespace")) {
      scopes.push_back(scope_of(head));
    } else {
      std::string scope;
      for (const auto& part : scopes) scope += (scope.empty() ? "" : "::") + part;
      if (Name name = declared(scope, head); !name.name.empty()) names.push_back(name);
      if (code[i] == '{') i = behind(code, i, '{', '}') - 1;
    }
    begin = i + 1;
  }
  return names;
}

/// By scope and name: the tags with which a side defines it.
using Side = std::map<std::string, std::set<std::string>>;

Side side(const Headers& headers, const std::string& folder) {
  Side names;
  for (const auto& [file, text] : headers)
    if (file.starts_with(folder))
      for (const auto& [scope, name, tag] : names_of(text)) names[scope + "::" + name].insert(tag);
  return names;
}

std::string clashes(const Headers& headers) {
  std::string found;
  const Side cpu = side(headers, "kernels/cpu/"), cuda = side(headers, "kernels/cuda/");
  for (const auto& [name, tags] : cpu)
    if (const auto twin = cuda.find(name); twin != cuda.end())
      if (tags != std::set<std::string>{"Cpu"} || twin->second != std::set<std::string>{"Cuda"}) found += name + "\n";
  return found;
}

TEST(KernelNames, OfBothSidesAreTwinsByTag) {
  const Headers headers = read_headers(".");
  EXPECT_GT(side(headers, "kernels/cpu/").size(), 100u);
  EXPECT_GT(side(headers, "kernels/cuda/").size(), 100u);
  EXPECT_EQ(clashes(headers), "") << "both kernels/cpu and kernels/cuda define these; rename one of each";
}

// ---- the check itself -----------------------------------------------------------------------------------------------

std::string clashes_of(const std::string& cpu, const std::string& cuda) {
  const auto header = [](const std::string& code) {
    return "#pragma once\nnamespace akin::inline AKIN_ABI::kernels {\nnamespace detail {\n" + code +
           "\n}  // namespace detail\n}\n";
  };
  return clashes({{"kernels/cpu/a.hpp", header(cpu)}, {"kernels/cuda/b.hpp", header(cuda)}});
}

TEST(KernelNames, ThatClashAreFound) {
  const std::string found = "kernels::detail::f\n";
  EXPECT_EQ(clashes_of("inline int f(int x) { return x; }", "inline void f() {}"), found);
  EXPECT_EQ(clashes_of("void f(Cpu, int);", "void f(int);"), found) << "the tag must be on both sides";
  EXPECT_EQ(clashes_of("void f(Cpu, int); int f(long);", "void f(Cuda queue);"), found) << "in every overload";
  EXPECT_EQ(clashes_of("struct f { int f_; };", "struct f final : A<int> {};"), found);
  EXPECT_EQ(clashes_of("inline constexpr int f = 3;", "inline constexpr int f[] = {1, 2};"), found);
  EXPECT_EQ(clashes_of("using f = int;", "enum class f : int { a };"), found);
  EXPECT_EQ(clashes_of("template <class T, class U = A<T, 2>>\nT f(T x, int n = int{2}) {\n  return x;\n}",
                       "template <int N>\n__global__ void __launch_bounds__(N * 2) f(int x) {}"),
            found);
  EXPECT_EQ(clashes_of("void g() { if (x) { y(); } }\nint f();", "AKIN_LAZY void f();"), found) << "behind a body";
}

TEST(KernelNames, ThatDoNotClashAreNot) {
  EXPECT_EQ(clashes_of("void f(Cpu, int);", "void f(Cuda queue, int);"), "");
  EXPECT_EQ(clashes_of("void f(Cpu);", "void f(Cuda);"), "");
  EXPECT_EQ(clashes_of("void f();", "void g() { f(); int f = 0; }\nstruct A { void f(); int f = 1; };"), "");
  EXPECT_EQ(clashes_of("void f();", "// void f();\n#define A(x) \\\n  void f(x);\n"), "");
  EXPECT_EQ(clashes_of("void f();", "}\nvoid f();\nnamespace detail {"), "") << "another scope";
  EXPECT_EQ(clashes_of("void f();", "static_assert(f);\nusing std::f;\nint f_;"), "");
}

}  // namespace
}  // namespace akin::structure
