// Which kernels a program ran, for kernels.py: where AKIN_LAUNCHED_KERNELS names a file, the program leaves a line for
// each there as it ends: the mangled name, the threads of its largest block, its most dynamic shared memory.
//
// Names come from the program's table of dynamic symbols, so it is linked with -rdynamic. Kernels of types in anonymous
// namespaces, which only tests know, have none.
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>

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
  void write(const char* path) const {
    std::ofstream out(path);
    for (const auto& [kernel, largest] : kernels_) {
      Dl_info info;
      if (dladdr(kernel, &info) && info.dli_saddr == kernel && info.dli_sname)
        out << info.dli_sname << ' ' << largest.threads << ' ' << largest.shared_bytes << '\n';
    }
  }

  std::map<const void*, Largest> kernels_;
};

LaunchedKernels LaunchedKernels::instance;

}  // namespace
