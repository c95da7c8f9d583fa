// Which kernels a program ran, for kernels.py: where AKIN_LAUNCHED_KERNELS names a file, the program adds a line for each
// as it ends: the mangled name, the threads of its largest block, its most dynamic shared memory.
//
// Names come from the program's table of dynamic symbols, so it is linked with -rdynamic. Kernels of types in anonymous
// namespaces, which only tests know, have none.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "emulator.hpp"

namespace {

struct Largest {
  std::size_t threads = 0, shared_bytes = 0;
};

class LaunchedKernels {
 public:
  LaunchedKernels() {
    if (std::getenv(file)) emulator::on_end_of_kernel = [](const emulator::Launch& launch) { instance.add(launch); };
  }
  ~LaunchedKernels() {
    if (std::getenv(file)) write(std::getenv(file));
  }

 private:
  static constexpr const char* file = "AKIN_LAUNCHED_KERNELS";
  static LaunchedKernels instance;

  void add(const emulator::Launch& launch) {
    Largest& largest = kernels_[launch.kernel];
    const std::size_t threads = std::size_t{launch.block.x} * launch.block.y * launch.block.z;
    largest = {std::max(largest.threads, threads), std::max(largest.shared_bytes, launch.shared_bytes)};
  }
  /// In one call, since other programs may do the same.
  void write(const char* path) const {
    std::string lines;
    for (const auto& [kernel, largest] : kernels_) {
      Dl_info info;
      if (dladdr(kernel, &info) && info.dli_saddr == kernel && info.dli_sname)
        lines += std::string(info.dli_sname) + ' ' + std::to_string(largest.threads) + ' ' +
                 std::to_string(largest.shared_bytes) + '\n';
    }
    const int out = ::open(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (out < 0) return;
    [[maybe_unused]] const auto written = ::write(out, lines.data(), lines.size());
    ::close(out);
  }

  std::map<const void*, Largest> kernels_;
};

LaunchedKernels LaunchedKernels::instance;

}  // namespace
