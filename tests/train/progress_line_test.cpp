#include <akin/train/progress_line.hpp>

#include "support/test.hpp"

namespace akin::train {
namespace {

ProgressState usual() {
  return {.epoch = 2,
          .epochs = 3,
          .step = 312,
          .steps = 468,
          .has_loss = true,
          .loss = 4.8123,
          .lr = 0.0871,
          .images_per_second = 1240.4,
          .data_wait = 0.012,
          .embedding_std = 0.0832,
          .healthy_std = 0.088,
          .seconds_left = 102};
}

TEST(ProgressLine, ShowsEverythingOnAWideTerminal) {
  EXPECT_EQ(render(usual(), 140, false),
            "epoch 2/3  [====================>         ]  312/468   66%  loss 4.812  lr 0.0871  1240 img/s  wait 1%  "
            "std 0.083  ETA 1:42");
}

TEST(ProgressLine, ShrinksTheBarThenDropsTheLeastImportantFields) {
  EXPECT_EQ(
      render(usual(), 110, false),
      "epoch 2/3  [==========>     ]  312/468   66%  loss 4.812  lr 0.0871  1240 img/s  wait 1%  std 0.083  ETA 1:42");
  EXPECT_EQ(render(usual(), 80, false),
            "epoch 2/3  [===========>     ]  312/468   66%  loss 4.812  1240 img/s  ETA 1:42");
  EXPECT_EQ(render(usual(), 40, false), "epoch 2/3  [=======>   ]  312/468   66%");
  EXPECT_EQ(render(usual(), 30, false), "epoch 2/3  312/468   66%");
  EXPECT_EQ(render(usual(), 12, false), "epoch 2/3  ");
}

TEST(ProgressLine, NeverReachesTheLastColumn) {
  ProgressState state = usual();
  for (const std::int64_t step : {0, 1, 467, 468})
    for (int width = 0; width < 160; ++width) {
      state.step = step;
      EXPECT_LT(render(state, width, false).size(), static_cast<std::size_t>(std::max(width, 1))) << width;
    }
}

TEST(ProgressLine, ColourAddsOnlyEscapeSequences) {
  for (const int width : {12, 30, 80, 140}) {
    std::string line = render(usual(), width, true);
    EXPECT_EQ(line.find("\x1b[") != std::string::npos, width > 12);
    for (auto at = line.find('\x1b'); at != line.npos; at = line.find('\x1b'))
      line.erase(at, line.find('m', at) - at + 1);
    EXPECT_EQ(line, render(usual(), width, false));
  }
}

TEST(ProgressLine, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(render({.epoch = 1, .epochs = 1, .step = 0, .steps = 10}, 60, false),
            "epoch 1/1  [>                      ]   0/10    0%  ETA -:--");
}

TEST(ProgressLine, FillsTheBarOnlyAtTheEnd) {
  EXPECT_NE(render({.step = 999, .steps = 1000}, 60, false).find(">]"), std::string::npos);
  EXPECT_NE(render({.step = 999, .steps = 1000}, 60, false).find(" 99%"), std::string::npos);
  EXPECT_NE(render({.step = 1000, .steps = 1000}, 60, false).find("==]"), std::string::npos);
  EXPECT_NE(render({.step = 0, .steps = 0}, 60, false).find("0/0"), std::string::npos);
}

TEST(ProgressLine, WarnsOfCollapseBelowHalfTheHealthySpread) {
  ProgressState state = usual();
  state.embedding_std = 0.0439;
  EXPECT_NE(render_plain(state).find("std 0.044!"), std::string::npos);
  EXPECT_NE(render(state, 140, true).find("\x1b[1;31m0.044"), std::string::npos);
  state.embedding_std = 0.0441;
  EXPECT_EQ(render_plain(state).find('!'), std::string::npos);
}

TEST(ProgressLine, ShowsALossThatIsNotANumber) {
  ProgressState state = usual();
  state.loss = std::nan("");
  EXPECT_NE(render_plain(state).find("loss nan"), std::string::npos);
}

TEST(ProgressLine, PlainLinesHaveNoBar) {
  EXPECT_EQ(render_plain(usual()),
            "epoch 2/3  312/468   66%  loss 4.812  lr 0.0871  1240 img/s  wait 1%  std 0.083  ETA 1:42");
}

TEST(Duration, UsesTheLargestUnitsThatMatter) {
  EXPECT_EQ(duration(0), "0:00");
  EXPECT_EQ(duration(59.4), "0:59");
  EXPECT_EQ(duration(59.6), "1:00");
  EXPECT_EQ(duration(3723), "1:02:03");
  EXPECT_EQ(duration(86400 * 4 + 3600 * 3), "4d 03h");
  EXPECT_EQ(duration(std::nan("")), "-:--");
  EXPECT_EQ(duration(-1), "-:--");
  EXPECT_EQ(duration(1e300), "-:--");
}

TEST(ShortNumber, KeepsAboutFourDigits) {
  EXPECT_EQ(detail::short_number(4.81234), "4.812");
  EXPECT_EQ(detail::short_number(-48.1234), "-48.12");
  EXPECT_EQ(detail::short_number(481.234), "481.2");
  EXPECT_EQ(detail::short_number(0.06), "0.0600");
  EXPECT_EQ(detail::short_number(3.1e-5), "3.1e-05");
  EXPECT_EQ(detail::short_number(0), "0");
  EXPECT_EQ(detail::short_number(123456), "1.235e+05");
}

}  // namespace
}  // namespace akin::train
