// The program info: facts for people, and the same for other programs.
#include <akin/core/build.hpp>
#include <akin/io/json_parser.hpp>

#include "support/programs.hpp"
#include "support/test.hpp"

namespace akin {
namespace {

using test::Outcome;
using test::Programs;

TEST_F(Programs, InfoExplainsItself) {
  const Outcome help = run("info", "--help"), version = run("info", "--version");
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("--json"), std::string::npos) << help.out;
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "akin " AKIN_VERSION "\n");
}

TEST_F(Programs, InfoTellsPeopleWhatTheBuildIs) {
  const Outcome outcome = run("info", "");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  for (const auto& part : {std::string("akin " AKIN_VERSION "\n"), build_facts().instruction_set,
                           std::string("\nthreads "), std::string("\nzlib "), std::string("\nCUDA ")})
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " in\n" << outcome.out;
  EXPECT_EQ(folder_.names(), "");
}

TEST_F(Programs, InfoTellsProgramsTheSame) {
  const Outcome printed = run("info", "--json -"), written = run("info", "--json facts.json");
  EXPECT_EQ(printed.code, 0);
  EXPECT_EQ(written.code, 0);
  EXPECT_EQ(io::read_file(folder_ / "facts.json"), printed.out) << "nothing but JSON when asked for it";
  const io::Json facts = io::parse_json(printed.out);
  const BuildFacts build = build_facts();  // of the tests, which another compiler may have made
  EXPECT_EQ(facts.at("akin").string(), build.version);
  EXPECT_EQ(facts.at("instruction_set").string(), build.instruction_set);
  EXPECT_EQ(facts.at("parts").at("zlib").boolean(), build.parts.zlib);
  EXPECT_EQ(facts.at("parts").at("stb").boolean(), build.parts.stb);
  EXPECT_GE(facts.at("threads").integer(), 1);
  const bool cuda = facts.at("parts").at("cuda").boolean();
  EXPECT_EQ(cuda, facts.at("cuda").at("libraries").object().size() > 0);
  EXPECT_EQ(facts.at("cuda").at("problem").string().empty(), facts.at("cuda").at("devices").list().size() > 0);
}

TEST_F(Programs, InfoRefusesAFileItCannotWrite) {
  const Outcome outcome = run("info", "--json /dev/null/facts.json");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.err.starts_with("error: ")) << outcome.err;
  EXPECT_EQ(run("info", "--jsn -").code, 109);  // CLI11: no such option
}

}  // namespace
}  // namespace akin
