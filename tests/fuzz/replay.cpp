// replay FOLDER: the inputs of a folder through one fuzz target: each whole, and those up to 512 bytes also cut at every
// length, and with every byte set to eight other values. Needs no fuzzer: part of the plain test run.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "fuzz.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;

long runs = 0;

void run(const Bytes& bytes, std::size_t size) {
  const auto exact =
      std::make_unique<std::uint8_t[]>(size);  // of just this size, so that a sanitizer sees each overrun
  std::copy_n(bytes.begin(), size, exact.get());
  LLVMFuzzerTestOneInput(exact.get(), size);
  ++runs;
}

void run_neighbours(Bytes bytes) {
  for (std::size_t size = 0; size < bytes.size(); ++size) run(bytes, size);
  for (auto& byte : bytes) {
    const std::uint8_t kept = byte;
    for (const int other : {0x00, 0x01, 0x20, 0x7f, 0x80, 0xff, kept ^ 1, kept + 1}) {
      byte = static_cast<std::uint8_t>(other);
      run(bytes, bytes.size());
    }
    byte = kept;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: replay FOLDER\n"), 2;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(in), {}};
    std::printf("%s, %zu bytes\n", file.c_str(), bytes.size());
    std::fflush(stdout);  // the last line names the culprit
    run(bytes, bytes.size());
    if (bytes.size() <= 512) run_neighbours(bytes);
  }
  std::printf("%ld inputs from %zu files\n", runs, files.size());
  return files.empty() ? 1 : 0;
}
