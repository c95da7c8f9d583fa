// What the programs here share: words in, exit code out.
#pragma once
#include <akin/core/error.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace akin::interop {

/// Runs a program on its arguments. An Error goes to standard error, and the exit code is then 1.
template <class Run>
int run_program(int count, char** words, Run run) {
  try {
    run(std::vector<std::string>(words + 1, words + count));
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace akin::interop
