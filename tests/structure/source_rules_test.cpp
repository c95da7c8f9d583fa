// Rules that the compiler does not know: what the headers' text must not contain.
#include <gtest/gtest.h>

#include "source_tree.hpp"

namespace akin::structure {
namespace {

struct Rule {
  const char* word;
  const char* reason;
};

// A library neither prints nor ends the program: it throws Error, and writes to streams it was given.
constexpr Rule forbidden[] = {
    {"<<<", "launch kernels through launch(): one source serves nvcc and the emulator"},
    {"exit(", "throw Error"},
    {"_Exit(", "throw Error"},
    {"abort(", "throw Error"},
    {"terminate(", "throw Error"},
    {"cout", "write to a stream given by the caller"},
    {"cerr", "write to a stream given by the caller"},
    {"stdout", "write to a stream given by the caller"},
    {"stderr", "write to a stream given by the caller"},
    {"printf(", "write to a stream given by the caller"},
    {"puts(", "write to a stream given by the caller"},
    {"system(", "never start other programs"},
    {"popen(", "never start other programs"},
    {"rand(", "random numbers come from Philox"},
    {"random_device", "random numbers come from Philox"},
    {"mt19937", "random numbers come from Philox"},
    {"<iostream>", "runs a static initialiser in every translation unit; include <ostream> or <istream>"},
    {"<regex>", "slow to compile"},
    {"<functional>", "adds a tenth to the cost of including the library"},
    {"<filesystem>", "slow to compile"},
    {"<sstream>", "slow to compile; cat() builds text"},
    {"<chrono>", "slow to compile"},
    {"<thread>", "core/thread.hpp costs a fraction"},
    {"<mutex>", "core/thread.hpp costs a fraction"},
    {"<condition_variable>", "core/thread.hpp costs a fraction"},
    {"<queue>", "std::vector with std::push_heap does the same"},
    {"<deque>", "slow to compile"},
    {"<format>", "not in libstdc++ 12"},
    {"<source_location>", "not in clang 14"},
    {"using namespace std", "leaks into every user"},
};

std::string broken_rules(const std::string& name, const std::string& text) {
  std::string found;
  const std::string code = strip(text, true);
  for (const auto& [word, reason] : forbidden)
    if (const int line = line_of_word(code, word))
      found += name + ":" + std::to_string(line) + ": '" + word + "': " + reason + "\n";
  if (text.find("#pragma once") == std::string::npos) found += name + ": lacks #pragma once\n";
  return found;
}

/// Option structs (names that end in Options) hold double, never float: f64 results then agree to 1e-10.
std::string float_options(const std::string& name, const std::string& text) {
  std::string found;
  const std::string code = strip(text, true);
  for (auto at = code.find("struct "); at != std::string::npos; at = code.find("struct ", at + 1)) {
    const auto open = code.find_first_of("{;", at);
    if (open == std::string::npos || code[open] == ';') continue;
    std::string head = code.substr(at + 7, open - at - 7);
    head = head.substr(0, head.find(':'));
    head.erase(head.find_last_not_of(" \n") + 1);
    if (head.size() < 7 || head.compare(head.size() - 7, 7, "Options") != 0) continue;
    auto close = open + 1;
    for (int depth = 1; depth > 0 && close < code.size(); ++close) depth += (code[close] == '{') - (code[close] == '}');
    if (line_of_word(std::string_view(code).substr(open, close - open), "float"))
      found += name + ": struct " + head + " has a float; option scalars are double\n";
  }
  return found;
}

/// Option structs are parameters by const reference. GCC 12 with AVX-512 at -O2 passes constant structs of 56 bytes by
/// value with a wrong member: f({}) of {1, 1, 0, 0, 1, 1, 1} arrives as {1, 1, 1, 0, 1, 1, 1}.
std::string options_by_value(const std::string& name, const std::string& text) {
  std::string found;
  const std::string code = strip(text, true);
  for (auto at = code.find("Options "); at != std::string::npos; at = code.find("Options ", at + 1)) {
    const auto begin = code.find_last_of("(,;{}&", at), end = code.find_first_of(",)(;{=", at);
    if (begin == std::string::npos || end == std::string::npos || (code[begin] != '(' && code[begin] != ',')) continue;
    if (at == 0 || !std::isalnum(static_cast<unsigned char>(code[at - 1]))) continue;  // a template parameter "Options"
    const bool parameter =
        code[end] == ',' || code[end] == ')' || (code[end] == '=' && code.compare(end, 4, "= {}") == 0);
    if (parameter)
      found += name + ": '" + code.substr(begin + 1, end - begin - 1) + "': take option structs by const reference\n";
  }
  return found;
}

TEST(SourceRules, HoldForEveryHeader) {
  std::string found;
  for (const auto& [name, text] : read_headers(".")) found += broken_rules(name, text) + options_by_value(name, text);
  EXPECT_EQ(found, "");
}

TEST(SourceRules, FindOptionsByValue) {
  EXPECT_NE(options_by_value("x.hpp", "inline void f(int n, FooOptions options = {}) {}"), "");
  EXPECT_NE(options_by_value("x.hpp", "explicit Foo(FooOptions o) : o_(o) {}"), "");
  EXPECT_EQ(
      options_by_value("x.hpp", "inline void f(const FooOptions& options = {}) {} struct Bar { FooOptions options; };"),
      "");
}

TEST(SourceRules, FindPlantedBreaches) {
  const auto breaks = [](const std::string& code) {
    return !broken_rules("x.hpp", "#pragma once\n" + code + "\n").empty();
  };
  EXPECT_TRUE(breaks("inline void f() { std::exit(1); }"));
  EXPECT_TRUE(breaks("inline void f() { std::cout << 1; }"));
  EXPECT_TRUE(breaks("inline void f() { std::printf(\"x\"); }"));
  EXPECT_TRUE(breaks("kernel<<<1, 2>>>();"));
  EXPECT_TRUE(breaks("#include <iostream>"));
  EXPECT_FALSE(breaks("std::snprintf(buffer, 4, \"exit(\");  // not printf("));
  EXPECT_FALSE(breaks("static_assert(true); check_exit(1);"));
  EXPECT_FALSE(broken_rules("x.hpp", "").empty());
}

TEST(OptionStructs, HoldNoFloat) {
  std::string found;
  for (const auto& [name, text] : read_headers(".")) found += float_options(name, text);
  EXPECT_EQ(found, "");
}

TEST(OptionStructs, AreFoundWhenTheyHoldAFloat) {
  EXPECT_NE(float_options("x.hpp", "struct NtXentOptions {\n  float temperature = 0.5f;\n};"), "");
  EXPECT_NE(float_options("x.hpp", "struct SgdOptions : Base { double lr = 0; struct {} inner; float momentum; };"),
            "");
  EXPECT_EQ(float_options("x.hpp", "struct SgdOptions { double lr = 0; };  // not a float\nstruct Rgb { float r; };"),
            "");
  EXPECT_EQ(float_options("x.hpp", "struct SgdOptions;\nstruct Rgb { float r; };"), "");
}

TEST(Umbrella, ReachesEveryHeader) {
  const Headers headers = read_headers(".");
  std::vector<std::string> open = {"akin.hpp"};
  std::map<std::string, bool> reached = {{"akin.hpp", true}};
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    for (const auto& included : includes_of(name, headers.at(name)))
      if (headers.count(included) && !std::exchange(reached[included], true)) open.push_back(included);
  }
  // A header that users must ask for says so, with its reason, in a comment: "Not in akin.hpp: needs libfoo".
  std::string missing;
  for (const auto& [name, text] : headers)
    if (!reached[name] && name.rfind("kernels/", 0) != 0 && text.find("Not in akin.hpp:") == std::string::npos)
      missing += name + "\n";
  EXPECT_EQ(missing, "") << "akin.hpp does not include these";
}

/// The CPU header that the head of a CUDA kernel's file names as its twin, "" if there is none.
std::string twin_of(const std::string& text) {
  const std::string head = text.substr(0, text.find("#pragma once"));
  const std::size_t said = head.find("Twin"), at = said == std::string::npos ? said : head.find("kernels/cpu/", said);
  return at == std::string::npos ? "" : head.substr(at, head.find(".hpp", at) + 4 - at);
}

TEST(Twins, AreNamedAtTheHeadOfEveryCudaHeaderThatOpsCall) {
  const Headers headers = read_headers(".");
  std::string missing;
  for (const auto& name : includes_of("ops/kernels.hpp", headers.at("ops/kernels.hpp")))
    if (name.rfind("kernels/cuda/", 0) == 0 && !headers.count(twin_of(headers.at(name)))) missing += name + "\n";
  EXPECT_EQ(missing, "") << "say in the first comment where the kernel that tests compare with is: "
                            "\"Twin: kernels/cpu/softmax.hpp.\"";
}

TEST(Twins, AreFound) {
  EXPECT_EQ(twin_of("// Sums. Twin:\n// kernels/cpu/sum.hpp. See kernels/cpu/map.hpp.\n#pragma once"),
            "kernels/cpu/sum.hpp");
  EXPECT_EQ(twin_of("// Sums; see kernels/cpu/sum.hpp.\n#pragma once\n// Twin: kernels/cpu/sum.hpp."), "");
}

}  // namespace
}  // namespace akin::structure
