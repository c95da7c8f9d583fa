// Includes point one way only: dependencies.txt says who may include whom.
#include <gtest/gtest.h>

#include <set>

#include "source_tree.hpp"

namespace akin::structure {
namespace {

using Rules = std::map<std::string, std::set<std::string>>;

Rules read_rules(const fs::path& file) {
  Rules rules;
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    auto& allowed = rules[line.substr(0, colon)];
    std::istringstream words(line.substr(colon + 1));
    for (std::string word; words >> word;) allowed.insert(word);
  }
  return rules;
}

std::string folder_of(const std::string& name) { return name.substr(0, name.find('/')); }

/// One line for each include that the rules do not allow.
std::string violations(const Headers& headers, const Rules& rules) {
  std::string found;
  for (const auto& [name, text] : headers) {
    const bool own_rule = rules.count(name) > 0;
    const auto rule = rules.find(own_rule ? name : folder_of(name));
    if (rule == rules.end() && name != "version.hpp") found += name + ": its folder has no rule\n";
    for (const auto& included : includes_of(name, text)) {
      if (!headers.count(included)) found += name + ": includes " + included + ", which does not exist\n";
      const bool sibling = !own_rule && folder_of(included) == folder_of(name);
      const bool allowed =
          rule != rules.end() && (rule->second.count(included) || rule->second.count(folder_of(included)));
      if (!sibling && !allowed && included != "version.hpp") found += name + ": must not include " + included + "\n";
    }
  }
  return found;
}

const Rules& rules() {
  static const Rules all = read_rules("tests/structure/dependencies.txt");
  return all;
}

TEST(IncludeDirection, HoldsForEveryHeader) {
  const Headers headers = read_headers(".");
  ASSERT_GT(headers.size(), 20u) << "run this test in the root of the source tree";
  EXPECT_EQ(violations(headers, rules()), "");
}

TEST(IncludeDirection, RulesThemselvesHaveNoCycle) {
  Rules open = rules();
  for (auto before = open.size() + 1; open.size() < before;) {  // remove what depends on nothing that is left
    before = open.size();
    std::erase_if(open, [&](const auto& rule) {
      return std::none_of(rule.second.begin(), rule.second.end(),
                          [&](const std::string& to) { return open.count(to); });
    });
  }
  EXPECT_TRUE(open.empty()) << open.begin()->first << " takes part in a cycle";
}

TEST(IncludeDirection, FindsPlantedBackEdges) {
  const auto found = [](const std::string& name, const std::string& line) {
    Headers headers = {{name, line + "\n"},       {"core/error.hpp", ""}, {"core/array.hpp", ""},
                       {"core/parallel.hpp", ""}, {"ops/matmul.hpp", ""}, {"kernels/cpu/gemm.hpp", ""},
                       {"losses/nt_xent.hpp", ""}};
    return violations(headers, rules());
  };
  EXPECT_EQ(found("core/shape.hpp", "#include \"../ops/matmul.hpp\""),
            "core/shape.hpp: must not include ops/matmul.hpp\n");
  EXPECT_NE(found("core/shape.hpp", "  # include <akin/ops/matmul.hpp>"), "");
  EXPECT_NE(found("ops/conv.hpp", "#include \"../../../kernels/cpu/gemm.hpp\""), "");
  EXPECT_NE(found("kernels/cpu/conv.hpp", "#include \"../../include/akin/core/array.hpp\""), "");
  EXPECT_NE(found("core/philox.hpp", "#include \"array.hpp\""),
            "");  // a leaf may not pull in what kernels must not see
  EXPECT_NE(found("nn/linear.hpp", "#include \"../losses/nt_xent.hpp\""), "");
  EXPECT_NE(found("nn/linear.hpp", "#include \"missing.hpp\""), "");
  EXPECT_NE(found("utilities/misc.hpp", ""), "");
}

TEST(IncludeDirection, AcceptsWhatTheTableAllows) {
  const auto found = [](const std::string& name, const std::string& line) {
    return violations({{name, line + "\n"},
                       {"core/array.hpp", ""},
                       {"core/error.hpp", ""},
                       {"core/parallel.hpp", ""},
                       {"kernels/cpu/gemm.hpp", ""},
                       {"losses/nt_xent.hpp", ""}},
                      rules());
  };
  EXPECT_EQ(found("ops/kernels.hpp", "#include \"../../../kernels/cpu/gemm.hpp\""), "");
  EXPECT_EQ(found("kernels/cpu/conv.hpp", "#include \"../../include/akin/core/parallel.hpp\"\n#include \"gemm.hpp\""),
            "");
  EXPECT_EQ(found("methods/simclr.hpp", "#include \"../losses/nt_xent.hpp\"\n#include <vector>"), "");
  EXPECT_EQ(found("core/shape.hpp", "// #include \"../losses/nt_xent.hpp\"\n/* #include \"../ops/matmul.hpp\" */"), "");
}

}  // namespace
}  // namespace akin::structure
