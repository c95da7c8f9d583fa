#include <akin/train/progress.hpp>

#include "support/test.hpp"

namespace akin::train {
namespace {

double fake_now = 0;

/// A stream in memory; text() is what was written since the last call.
class Screen {
 public:
  Screen() : file_(::open_memstream(&text_, &size_)) { fake_now = 1000; }
  ~Screen() {
    std::fclose(file_);
    std::free(text_);
  }
  std::FILE* file() { return file_; }
  std::string text() {
    std::fflush(file_);
    const std::string fresh(text_ + seen_, size_ - seen_);
    seen_ = size_;
    return fresh;
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0, seen_ = 0;
  std::FILE* file_;
};

void steps(Progress& progress, int count, double seconds, double loss = 2) {
  for (int i = 0; i < count; ++i) {
    fake_now += seconds;
    progress.step({.loss = loss, .lr = 0.5, .images = 10, .wait_seconds = seconds / 4});
  }
}

TEST(Progress, RedrawsOneLineInPlaceAndEndsItOnce) {
  Screen screen;
  Progress progress(screen.file(), {.terminal = true, .width = 80, .now = [] { return fake_now; }});
  progress.begin_epoch(1, 2, 4);
  EXPECT_EQ(screen.text(), "\r" + render({.epoch = 1, .epochs = 2, .steps = 4}, 80, false) + "\x1b[K");
  steps(progress, 1, 1);
  EXPECT_EQ(screen.text(), "\r" + render(progress.state(), 80, false) + "\x1b[K");
  steps(progress, 3, 1);
  screen.text();
  progress.finish();
  EXPECT_EQ(screen.text(), "\r" + render(progress.state(), 80, false) + "\x1b[K\n");
}

TEST(Progress, RedrawsAtMostTenTimesASecond) {
  Screen screen;
  Progress progress(screen.file(), {.terminal = true, .width = 80, .now = [] { return fake_now; }});
  progress.begin_epoch(1, 1, 1000);
  screen.text();
  steps(progress, 1000, 1.0 / 1024);
  const std::string text = screen.text();
  const auto redraws = std::count(text.begin(), text.end(), '\r');
  EXPECT_GE(redraws, 8);
  EXPECT_LE(redraws, 10);
}

TEST(Progress, PrintsPlainLinesWhereThereIsNoTerminal) {
  Screen screen;
  Progress progress(screen.file(), {.plain_seconds = 30, .now = [] { return fake_now; }});
  progress.begin_epoch(1, 1, 80);
  steps(progress, 80, 1);
  progress.finish();
  const std::string text = screen.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;  // after 30 s, after 60 s, at the end
  EXPECT_EQ(text.find_first_of("\r\x1b"), std::string::npos);
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "epoch 1/1  30/80   37%  loss 2.000  lr 0.5000  10.0 img/s  wait 25%  ETA 0:50");
}

TEST(Progress, QuietPrintsNothing) {
  Screen screen;
  {
    Progress progress(screen.file(), {.terminal = true, .quiet = true, .width = 80, .now = [] { return fake_now; }});
    progress.begin_epoch(1, 1, 8);
    steps(progress, 8, 100);
    progress.message("hello");
    progress.finish();
    EXPECT_EQ(progress.state().step, 8);
  }
  EXPECT_EQ(screen.text(), "");
}

TEST(Progress, MessagesGoAboveTheBarWithoutControlCharacters) {
  Screen screen;
  Progress progress(screen.file(), {.terminal = true, .width = 80, .now = [] { return fake_now; }});
  progress.begin_epoch(1, 1, 8);
  const std::string bar = screen.text();
  progress.message("saved \x1b[2Jx");
  EXPECT_EQ(screen.text(), "\r\x1b[Ksaved ?[2Jx\n" + bar);
  progress.finish();
  screen.text();
  progress.message("no bar now");
  EXPECT_EQ(screen.text(), "no bar now\n");
}

TEST(Progress, EndsTheLineWhenAnErrorLeavesTheLoop) {
  Screen screen;
  {
    Progress(screen.file(), {.terminal = true, .width = 80, .now = [] { return fake_now; }}).begin_epoch(1, 1, 8);
  }
  EXPECT_EQ(screen.text().back(), '\n');
}

TEST(Progress, CountsTheRestOfAllEpochsAndNotThePausesBetweenThem) {
  Screen screen;
  Progress progress(screen.file(), {.quiet = true, .now = [] { return fake_now; }});
  progress.begin_epoch(1, 3, 10);
  steps(progress, 5, 2);
  EXPECT_NEAR(progress.state().seconds_left, 2 * (5 + 20), 1e-9);
  steps(progress, 5, 2);
  fake_now += 1000;  // an evaluation
  progress.begin_epoch(2, 3, 10, 4);
  steps(progress, 1, 2);
  EXPECT_EQ(progress.state().step, 5);
  EXPECT_NEAR(progress.state().seconds_left, 2 * (5 + 10), 1e-9);
  EXPECT_NEAR(progress.state().images_per_second, 5, 1e-9);
  EXPECT_NEAR(progress.state().data_wait, 0.25, 1e-9);
}

TEST(Progress, KeepsTheLastKnownEmbeddingStd) {
  Screen screen;
  Progress progress(screen.file(), {.quiet = true, .now = [] { return fake_now; }});
  progress.begin_epoch(1, 1, 10);
  progress.step({.loss = 1, .embedding_std = 0.25, .healthy_std = 0.5});
  progress.step({.loss = 1});
  EXPECT_EQ(progress.state().embedding_std, 0.25);
  EXPECT_EQ(progress.state().healthy_std, 0.5);
}

TEST(Smoothed, StartsAtTheFirstValueAndForgetsIt) {
  Smoothed average(0.9);
  EXPECT_TRUE(std::isnan(average.value()));
  average.add(5);
  EXPECT_NEAR(average.value(), 5, 1e-12);
  average.add(7);
  EXPECT_NEAR(average.value(), (0.9 * 5 + 7) / 1.9, 1e-12);
  for (int i = 0; i < 1000; ++i) average.add(1);
  EXPECT_NEAR(average.value(), 1, 1e-12);
}

TEST(ProgressFor, AFileGetsPlainLines) {
  Screen screen;
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const ProgressOptions options = progress_for(file, true);
  EXPECT_FALSE(options.terminal || options.color);
  EXPECT_TRUE(options.quiet);
  std::fclose(file);
}

}  // namespace
}  // namespace akin::train
