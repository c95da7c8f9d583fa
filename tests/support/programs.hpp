// Runs the real programs, as a person does: arguments in, exit code, output and files out.
#pragma once
#include <sys/wait.h>

#include <akin/io/file.hpp>
#include <cstdlib>
#include <map>
#include <string>

#include "folder.hpp"

namespace akin::test {

struct Outcome {
  int code;  ///< 128 + the signal, if one ended it
  std::string out, err;
};

/// Each test has an empty folder of its own. Standard output is a file, so there is no progress bar.
class Programs : public ::testing::Test {
 protected:
  Outcome run(const std::string& program, const std::string& arguments) {
    const std::string files = " > '" + (captured_ / "out") + "' 2> '" + (captured_ / "err") + "' < /dev/null";
    const int status = std::system(
        ("cd '" + folder_.path() + "' && exec '" AKIN_PROGRAMS "/" + program + "' " + arguments + files).c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), io::read_file(captured_ / "out"),
            io::read_file(captured_ / "err")};
  }
  Outcome pretrain(const std::string& arguments) { return run("pretrain", arguments); }

  /// Expects exit code 1, the text in the error message, nothing on standard output, and no files.
  void expect_refused(const std::string& arguments, const std::string& text) {
    const Outcome outcome = pretrain(arguments);
    EXPECT_EQ(outcome.code, 1) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
    EXPECT_TRUE(outcome.err.starts_with("error: ")) << outcome.err;
    EXPECT_NE(outcome.err.find(text), std::string::npos) << outcome.err;
    EXPECT_EQ(folder_.names(), "") << arguments;
  }

  /// Every file below the folder with its bytes.
  std::map<std::string, std::string> snapshot() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
      if (entry.is_regular_file()) files[entry.path().string()] = io::read_file(entry.path().string());
    return files;
  }

  Folder folder_, captured_;
};

}  // namespace akin::test
