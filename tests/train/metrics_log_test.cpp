#include <akin/io/json_parser.hpp>
#include <akin/train/metrics_log.hpp>
#include <cmath>
#include <limits>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace akin::train {
namespace {

TEST(MetricsLog, WritesEachRowToBothFilesAtOnce) {
  const test::Folder folder;
  MetricsLog log(folder.path());
  log.add({{"epoch", 1}, {"loss", 4.8125}, {"note", "warm-up"}});
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "epoch,loss,note\n1,4.8125,warm-up\n");
  log.add({{"loss", 0.1}, {"epoch", 2}});
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "epoch,loss,note\n1,4.8125,warm-up\n2,0.1,\n");
  EXPECT_EQ(io::read_file(folder / "metrics.jsonl"),
            "{\"epoch\":1,\"loss\":4.8125,\"note\":\"warm-up\"}\n{\"loss\":0.1,\"epoch\":2}\n");
}

TEST(MetricsLog, WritesNonFiniteNumbersAsNanInCsvAndNullInJson) {
  const test::Folder folder;
  const double infinity = std::numeric_limits<double>::infinity();
  MetricsLog(folder.path()).add({{"a", std::nan("")}, {"b", infinity}, {"c", -infinity}, {"d", nullptr}, {"e", true}});
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "a,b,c,d,e\nnan,inf,-inf,,true\n");
  EXPECT_EQ(io::read_file(folder / "metrics.jsonl"), "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":true}\n");
}

TEST(MetricsLog, QuotesTextAndDisarmsFormulas) {
  EXPECT_EQ(detail::csv_text("plain text"), "plain text");
  EXPECT_EQ(detail::csv_text("a,b"), "\"a,b\"");
  EXPECT_EQ(detail::csv_text("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(detail::csv_text("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(detail::csv_text("=cmd()"), "'=cmd()");
  EXPECT_EQ(detail::csv_text("@a,b"), "\"'@a,b\"");
  EXPECT_EQ(detail::csv_field(-1), "-1");
}

TEST(MetricsLog, NumbersReadBackExactly) {
  const test::Folder folder;
  MetricsLog(folder.path()).add({{"x", 0.1 + 0.2}, {"n", std::uint64_t{1} << 63}});
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "x,n\n0.30000000000000004,9223372036854775808\n");
  EXPECT_EQ(io::parse_json(io::read_file(folder / "metrics.jsonl")).at("x").number(), 0.1 + 0.2);
}

TEST(MetricsLog, RefusesRowsThatDoNotFitAndWritesNothingOfThem) {
  const test::Folder folder;
  MetricsLog log(folder.path());
  expect_error([&] { log.add({}); }, "a row needs at least one value");
  expect_error([&] { log.add({{"a,b", 1}}); }, "'a,b' cannot name a column");
  expect_error([&] { log.add({{"", 1}}); }, "'' cannot name a column");
  expect_error([&] { log.add({{"a", "\xff"}}); }, "not UTF-8");
  log.add({{"a", 1}, {"b", 2}});
  expect_error([&] { log.add({{"a", 1}, {"c", 2}}); }, "'c' is no column of '" + folder / "metrics.csv'");
  expect_error([&] { log.add({{"a", 1}, {"a", 2}}); }, "names 'a' twice");
  expect_error([&] { log.add({{"a", io::Json::List{1}}}); }, "'a' is a list");
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "a,b\n1,2\n");
  EXPECT_EQ(io::read_file(folder / "metrics.jsonl"), "{\"a\":1,\"b\":2}\n");
}

TEST(MetricsLog, GoesOnBelowTheRowsOfAnEarlierRunAndDropsATornOne) {
  const test::Folder folder;
  MetricsLog(folder.path()).add({{"a", 1}, {"b", 2}});
  io::AppendFile(folder / "metrics.csv").append("3,");
  io::AppendFile(folder / "metrics.jsonl").append("{\"a\":3");
  MetricsLog log(folder.path());
  EXPECT_EQ(log.columns(), (std::vector<std::string>{"a", "b"}));
  expect_error([&] { log.add({{"c", 1}}); }, "is no column");
  log.add({{"b", 4}, {"a", 3}});
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "a,b\n1,2\n3,4\n");
  EXPECT_EQ(io::read_file(folder / "metrics.jsonl"), "{\"a\":1,\"b\":2}\n{\"b\":4,\"a\":3}\n");
}

TEST(MetricsLog, DropsTheRowsThatWillBeWrittenAgain) {
  const test::Folder folder;
  MetricsLog log(folder.path());
  log.drop_from(0);  // nothing there yet
  for (int step : {0, 10, 20, 30}) log.add({{"step", step}, {"loss", 0.5}});
  io::AppendFile(folder / "metrics.csv").append("40,0.5\n");  // killed between the two files
  log.drop_from(15);
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "step,loss\n0,0.5\n10,0.5\n");
  EXPECT_EQ(io::read_file(folder / "metrics.jsonl"), "{\"step\":0,\"loss\":0.5}\n{\"step\":10,\"loss\":0.5}\n");
  log.drop_from(11);
  log.add({{"step", 15}, {"loss", 0.25}});
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "step,loss\n0,0.5\n10,0.5\n15,0.25\n");
  log.drop_from(0);
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "step,loss\n");
  EXPECT_EQ(io::read_file(folder / "metrics.jsonl"), "");
}

TEST(MetricsLog, NamesTheFileWithADamagedRow) {
  const test::Folder folder;
  io::write_file(folder / "metrics.jsonl", "{\"step\":0}\nnonsense\n");
  MetricsLog log(folder.path());
  expect_error([&] { log.drop_from(5); }, "metrics.jsonl' holds a damaged row, 'nonsense");
}

TEST(MetricsLog, StartsAnewWhenEvenTheHeaderWasTorn) {
  const test::Folder folder;
  io::write_file(folder / "metrics.csv", "epo");
  MetricsLog(folder.path()).add({{"a", nullptr}});
  EXPECT_EQ(io::read_file(folder / "metrics.csv"), "a\n\"\"\n");
}

}  // namespace
}  // namespace akin::train
