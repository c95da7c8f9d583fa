// The block of threads that runs: there is one at a time.
#pragma once
#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "emulator.hpp"

namespace emulator {

constexpr unsigned warp = 32, most_threads = 1024;

enum class State { unborn, ready, at_barrier, in_exchange, finished };

struct Thread {
  State state = State::unborn;
  std::size_t fiber = 0;
  const void* site = nullptr;
  int predicate = 0;
  WarpOp op = WarpOp::sync;
  unsigned mask = 0;
  std::uint64_t value = 0, result = 0;
  int argument = 0, width = 0;
};

struct Block {
  const Launch* launch = nullptr;
  const std::function<void()>* kernel = nullptr;
  std::vector<Thread> threads;
  std::vector<unsigned> order;  ///< in which threads are started and looked at
  std::size_t started = 0, finished = 0, waiting = 0;
  unsigned now = 0;  ///< the thread that runs
  int barrier_count = 0;
  std::string failure;
};
extern Block block;

/// Back to the scheduler, until it resumes this thread.
void pause();

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// The kernel and the block, for the beginning of a message.
inline std::string here() {
  return text(block.launch->name, ", block ", block_index.x, ' ', block_index.y, ' ', block_index.z, ": ");
}

}  // namespace emulator
