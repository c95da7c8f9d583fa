#include <akin/train/table_printer.hpp>

#include "support/test.hpp"

namespace akin::train {
namespace {

const Table results{{"method", "kNN top-1", "epochs"}, {{"simclr", "61.2 ± 0.3 %", "100"}, {"byol", "5 %", "-"}}};

TEST(TablePrinter, AlignsTextOnTheLeftAndNumbersOnTheRight) {
  EXPECT_EQ(render(results),
            "method     kNN top-1  epochs\n"
            "------  ------------  ------\n"
            "simclr  61.2 ± 0.3 %     100\n"
            "byol             5 %       -\n");
}

TEST(TablePrinter, WritesMarkdown) {
  EXPECT_EQ(render(results, TableFormat::markdown),
            "| method |    kNN top-1 | epochs |\n"
            "| ------ | -----------: | -----: |\n"
            "| simclr | 61.2 ± 0.3 % |    100 |\n"
            "| byol   |          5 % |      - |\n");
}

TEST(TablePrinter, EscapesWhatWouldBreakTheTable) {
  const Table table{{"name"}, {{"a|b<c"}, {"x\ny\x1b"}}};
  EXPECT_EQ(render(table, TableFormat::markdown), "| name    |\n| ------- |\n| a\\|b\\<c |\n| x?y?    |\n");
  EXPECT_EQ(render(table), "name\n-----\na|b<c\nx?y?\n");
}

TEST(TablePrinter, ATextInAColumnAlignsAllOfItOnTheLeft) {
  EXPECT_EQ(render({{"value"}, {{"1"}, {"none yet"}}}), "value\n--------\n1\nnone yet\n");
}

TEST(TablePrinter, PrintsAHeaderWithoutRows) { EXPECT_EQ(render({{"a", "b"}, {}}), "  a    b\n---  ---\n"); }

TEST(TablePrinter, RefusesRaggedRows) {
  expect_error([] { render({{"a", "b"}, {{"1"}}}); }, "a row has 1 cells, the header 2");
  expect_error([] { render({}); }, "needs at least one column");
}

}  // namespace
}  // namespace akin::train
