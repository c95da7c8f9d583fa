#include <akin/io/json_parser.hpp>
#include <akin/train/pretrain_result.hpp>

#include "support/test.hpp"

namespace akin::train {
namespace {

PretrainResult some_result() {
  PretrainResult result;
  result.linear = 0.75, result.seconds = 12.5, result.rankme = 31.25, result.loss = 1.0 / 3;
  result.skipped_steps = 2, result.peak_memory_bytes = 1 << 20;
  return result;
}

TEST(PretrainResult, IsWrittenAndReadBackWithEveryDigit) {
  const std::string json = io::to_json(some_result().to_json());
  EXPECT_EQ(io::to_json(PretrainResult::from_json(io::parse_json(json)).to_json()), json);
  EXPECT_EQ(PretrainResult::from_json(io::parse_json(json)).loss, 1.0 / 3);
  EXPECT_TRUE(std::isnan(PretrainResult::from_json(io::parse_json(json)).knn)) << "null is what was not measured";
  expect_error([] { PretrainResult::from_json(io::parse_json("{}")); }, "linear");
}

TEST(PretrainResult, IsCompleteWhenNothingIsLeftToMeasure) {
  PretrainResult result;
  EXPECT_FALSE(result.complete(false));
  result.rankme = 10;
  EXPECT_TRUE(result.complete(false));
  EXPECT_FALSE(result.complete(true));
  result.knn_untrained = 0.5;  // the last to be measured
  EXPECT_TRUE(result.complete(true));
}

TEST(PretrainResult, ShowsPercentInATable) {
  const Table table = some_result().to_table();
  EXPECT_EQ(table.rows.at(0), (std::vector<std::string>{"pre-trained encoder", "75.00", "nan"}));
}

}  // namespace
}  // namespace akin::train
