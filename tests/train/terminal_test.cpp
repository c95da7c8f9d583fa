#include <fcntl.h>
#include <akin/train/terminal.hpp>

#include "support/test.hpp"

namespace akin::train {
namespace {

TEST(Terminal, AFileIsNone) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_FALSE(is_terminal(file));
  EXPECT_FALSE(wants_color(file));
  EXPECT_EQ(terminal_width(file), 100);
  std::fclose(file);
}

/// A terminal of 77 columns that nobody sees; the environment is put back at the end. stream is null where the system
/// has none to give, as in a container without /dev/pts.
class PseudoTerminal {
 public:
  PseudoTerminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    const bool unlocked = master_ >= 0 && ::grantpt(master_) == 0 && ::unlockpt(master_) == 0;
    const char* name = unlocked ? ::ptsname(master_) : nullptr;
    const int fd = name ? ::open(name, O_RDWR | O_NOCTTY) : -1;
    if (fd < 0) return;
    stream = ::fdopen(fd, "w");
    struct winsize size {};
    size.ws_row = 25, size.ws_col = 77;
    ::ioctl(master_, TIOCSWINSZ, &size);
    for (const char* name : {"TERM", "NO_COLOR"})
      before_.emplace_back(name, std::getenv(name) ? std::getenv(name) : "");
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
  }
  ~PseudoTerminal() {
    if (stream) std::fclose(stream);
    if (master_ >= 0) ::close(master_);
    for (const auto& [name, value] : before_)
      value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
  }
  std::FILE* stream = nullptr;

 private:
  int master_;
  std::vector<std::pair<std::string, std::string>> before_;
};

TEST(Terminal, KnowsItsWidthAndWantsColour) {
  const PseudoTerminal terminal;
  if (!terminal.stream) GTEST_SKIP() << "no pseudo-terminal to be had here";
  EXPECT_TRUE(is_terminal(terminal.stream));
  EXPECT_TRUE(wants_color(terminal.stream));
  EXPECT_EQ(terminal_width(terminal.stream), 77);
}

TEST(Terminal, RespectsNoColorAndTheDumbTerminal) {
  const PseudoTerminal terminal;
  if (!terminal.stream) GTEST_SKIP() << "no pseudo-terminal to be had here";
  ::setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(wants_color(terminal.stream));
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(wants_color(terminal.stream));
  EXPECT_TRUE(is_terminal(terminal.stream));
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(is_terminal(terminal.stream));
}

TEST(Printable, ReplacesControlCharactersAndKeepsText) {
  EXPECT_EQ(printable("grün €\n\x1b[31m\x7f\t"), "grün €??[31m??");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "31m"),
            "a?31m");  // U+009B starts an escape sequence too
  EXPECT_EQ(printable("\xc2\xa0|\xc2"), "\xc2\xa0|\xc2");
}

TEST(PrintableLines, KeepsLineBreaksAndIndentsWhatFollowsThem) {
  EXPECT_EQ(printable_lines("one"), "one");
  EXPECT_EQ(printable_lines(""), "");
  EXPECT_EQ(printable_lines("a\nb\n  c\x1b\n"), "a\n  b\n  c?\n  ");
}

TEST(ColumnsOf, CountsCharactersNotBytes) { EXPECT_EQ(columns_of("grün ± €"), 8); }

TEST(Number, FormatsAndNeverOverflows) {
  EXPECT_EQ(number("%.3f", 0.0831), "0.083");
  volatile double huge = 1e300;  // a constant would make the compiler warn of what is tested here
  EXPECT_EQ(number("%.3f", huge).size(), 63u);
  EXPECT_EQ(number("%.3f", -std::nan("")), "nan");
}

}  // namespace
}  // namespace akin::train
