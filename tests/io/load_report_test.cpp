#include <akin/io/load_report.hpp>

#include "support/test.hpp"

namespace akin::io {
namespace {

TEST(LoadReport, SaysHowManyMatchAndWhatBecameOfTheOthers) {
  LoadReport report;
  report.prefix = "backbone.";
  report.matched = {"conv1.weight", "bn1.weight"};
  report.missing = {"bn1.bias"};
  report.unexpected = {"backbone.bn1.shift"};
  report.ignored = {"projector.weight"};
  report.converted = {"backbone.conv1.weight F16 -> f32"};
  EXPECT_EQ(
      to_text(report),
      "matched 2 tensors, names below 'backbone.'\n  missing     bn1.bias\n  unexpected  backbone.bn1.shift\n  ignored "
      "    projector.weight\n  converted   backbone.conv1.weight F16 -> f32");
  EXPECT_EQ(cat(report), to_text(report));
}

TEST(LoadReport, OfAPlainFileIsOneLine) {
  LoadReport report;
  report.matched = {"0.weight"};
  EXPECT_EQ(to_text(report), "matched 1 tensors, names as they are");
  report.numbered = true;
  EXPECT_EQ(to_text(report), "matched 1 tensors, names as they are, stages by number");
}

TEST(LoadReport, NamesNoMoreThanFitOnAScreen) {
  LoadReport report;
  for (int i = 0; i < 33; ++i) report.missing.push_back(cat("weight-", i));
  const std::string text = to_text(report);
  EXPECT_NE(text.find("\n  missing     weight-11\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("weight-12"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("... and 21 more")) << text;
}

}  // namespace
}  // namespace akin::io
