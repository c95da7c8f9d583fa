// Runs the blocks of a kernel one after another, and the threads of a block as
// fibers on one host thread.
//
// A fiber runs until its thread waits, at a barrier or in an exchange of its
// warp; one whose thread has finished takes the next thread, so kernels without
// barriers never switch. What a GPU would leave undefined is an error here:
// threads that wait at different barriers or exchanges, threads that finish
// while others wait for them, lanes that a mask names and that never come.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

#include "block.hpp"
#include "fibers.hpp"
#include "memory.hpp"
#include "shared_memory.hpp"

namespace emulator {

uint3 thread_index, block_index;
dim3 block_size, grid_size;
Options options;
Block block;

namespace {

std::mt19937 generator;

void become(unsigned thread) {
  block.now = thread;
  const dim3 size = block_size;
  thread_index = {thread % size.x, thread / size.x % size.y, thread / (size.x * size.y)};
}

void run_threads() {
  enter_fiber();
  for (;;) {
    const std::size_t fiber = block.threads[block.now].fiber;
    for (;;) {
      (*block.kernel)();
      block.threads[block.now].state = State::finished;
      ++block.finished;
      if (block.started == block.threads.size()) break;
      const unsigned next = block.order[block.started++];
      block.threads[next].state = State::ready;
      block.threads[next].fiber = fiber;
      become(next);
    }
    give_back_fiber(fiber);
    pause();
  }
}

void resume(unsigned thread) {
  become(thread);
  resume_fiber(block.threads[thread].fiber);
}

/// Called when every thread has finished or waits at a barrier, and one waits.
void open_barrier() {
  const void* site = nullptr;
  block.barrier_count = 0;
  for (const Thread& thread : block.threads) {
    const auto index = &thread - block.threads.data();
    if (thread.state != State::at_barrier)
      block.failure = text(here(), "thread ", index, " finished while others wait at __syncthreads");
    else if (site && site != thread.site)
      block.failure = text(here(), "threads wait at different __syncthreads, one of them is thread ", index);
    else
      site = thread.site;
    block.barrier_count += thread.predicate;
  }
  if (!block.failure.empty()) return;
  for (Thread& thread : block.threads) thread.state = State::ready;
  block.waiting = 0;
}

bool run_ready_threads() {
  bool progress = false;
  for (std::size_t k = 0; k < block.order.size() && block.failure.empty(); ++k) {
    Thread& thread = block.threads[block.order[k]];
    if (k >= block.started) {
      block.started = k + 1;
      thread.fiber = take_fiber(run_threads);
      thread.state = State::ready;
    } else if (thread.state != State::ready) {
      continue;
    }
    progress = true;
    resume(block.order[k]);
  }
  return progress;
}

void run_block() {
  block.threads.assign(block.threads.size(), Thread{});
  block.started = block.finished = block.waiting = 0;
  if (options.shuffle_seed) std::shuffle(block.order.begin(), block.order.end(), generator);
  clear_shared(block.launch->shared_bytes);
  while (block.finished < block.threads.size() && block.failure.empty()) {
    if (run_ready_threads()) continue;
    if (block.waiting > 0 && block.waiting + block.finished == block.threads.size())
      open_barrier();
    else if (block.failure.empty())
      block.failure = text(here(), "deadlock: ", block.threads.size() - block.waiting - block.finished,
                           " threads wait for lanes of their warp, ", block.waiting, " at __syncthreads, ",
                           block.finished, " have finished");
  }
}

bool can_launch(const Launch& l) {
  const std::uint64_t threads = std::uint64_t{l.block.x} * l.block.y * l.block.z;
  const auto within = [](unsigned n, unsigned most) { return n >= 1 && n <= most; };
  return threads <= most_threads && within(l.block.x, 1024) && within(l.block.y, 1024) && within(l.block.z, 64) &&
         within(l.grid.x, 0x7fffffffu) && within(l.grid.y, 65535) && within(l.grid.z, 65535) &&
         l.shared_bytes <= shared_limit;
}

}  // namespace

void pause() { pause_fiber(block.threads[block.now].fiber); }

int block_barrier(const void* site, int predicate) {
  Thread& thread = block.threads[block.now];
  thread.state = State::at_barrier;
  thread.site = site;
  thread.predicate = predicate;
  ++block.waiting;
  pause();
  return block.barrier_count;
}

[[noreturn]] void fail(std::string message) {
  if (block.failure.empty()) block.failure = here() + message;
  std::string().swap(message);  // nothing on this stack is destroyed any more
  pause();                      // for ever: the block is abandoned
  std::abort();
}

void run_grid(const Launch& launch, const std::function<void()>& kernel) {
  if (!can_launch(launch)) throw std::string(launch.name + ": invalid launch configuration");
  block_size = launch.block;
  grid_size = launch.grid;
  block.launch = &launch;
  block.kernel = &kernel;
  block.failure.clear();
  block.threads.resize(std::size_t{launch.block.x} * launch.block.y * launch.block.z);
  block.order.resize(block.threads.size());
  for (unsigned i = 0; i < block.order.size(); ++i) block.order[i] = i;
  const std::uint64_t count = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
  std::vector<std::uint64_t> blocks(count);
  for (std::uint64_t i = 0; i < count; ++i) blocks[i] = i;
  if (options.shuffle_seed) {
    generator.seed(options.shuffle_seed);
    std::shuffle(blocks.begin(), blocks.end(), generator);
  }
  const OpenHeap open;
  for (const std::uint64_t i : blocks) {
    block_index = {static_cast<unsigned>(i % launch.grid.x), static_cast<unsigned>(i / launch.grid.x % launch.grid.y),
                   static_cast<unsigned>(i / (std::uint64_t{launch.grid.x} * launch.grid.y))};
    run_block();
    if (block.failure.empty()) continue;
    abandon_fibers();
    throw block.failure;
  }
}

}  // namespace emulator
