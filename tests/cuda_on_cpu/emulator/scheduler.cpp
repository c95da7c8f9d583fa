// Runs the blocks of a kernel one after another, and the threads of a block as fibers on one host thread.
//
// A fiber runs until its thread waits, at a barrier or in an exchange of its warp; one whose thread has finished takes
// the next thread, so kernels without barriers never switch. What a GPU would leave undefined is an error here: threads
// that wait at different barriers or exchanges, threads that finish while others wait for them, lanes that a mask names
// and that never come.
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <sstream>
#include <vector>

#include "emulator.hpp"
#include "memory.hpp"
#include "shared_memory.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

// Saves the registers that a call preserves and the stack in *from, and takes up those of `to`.
extern "C" void akin_emulator_switch(void** from, void* to);
asm(R"(
.text
.globl akin_emulator_switch
.type akin_emulator_switch,@function
akin_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size akin_emulator_switch,.-akin_emulator_switch
)");

namespace emulator {

uint3 thread_index, block_index;
dim3 block_size, grid_size;
Options options;

namespace {

constexpr std::size_t stack_bytes = 128 << 10, guard_bytes = 4096;
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

struct Fiber {
  void* stack_pointer = nullptr;
  char* stack = nullptr;
  void* asan = nullptr;
};

/// All of one block; there is one at a time.
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
Block block;
std::vector<Fiber> fibers;
std::vector<std::size_t> idle;
void* main_stack_pointer = nullptr;
void* main_asan = nullptr;
const void* main_stack = nullptr;
std::size_t main_stack_bytes = 0;
std::mt19937 generator;

// ---- fibers ---------------------------------------------------------------------------------------------------------

void switch_to(void** from, void** from_asan, void* to, const void* stack, std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(from_asan, stack, bytes);
#else
  static_cast<void>(stack), static_cast<void>(bytes);
#endif
  akin_emulator_switch(from, to);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(*from_asan, nullptr, nullptr);
#else
  static_cast<void>(from_asan);
#endif
}

void become(unsigned thread) {
  block.now = thread;
  const dim3 size = block_size;
  thread_index = {thread % size.x, thread / size.x % size.y, thread / (size.x * size.y)};
}

/// Back to the scheduler, until it resumes this thread.
void pause() {
  Fiber& fiber = fibers[block.threads[block.now].fiber];
  switch_to(&fiber.stack_pointer, &fiber.asan, main_stack_pointer, main_stack, main_stack_bytes);
}

void fiber_main() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &main_stack, &main_stack_bytes);
#endif
  for (;;) {
    for (;;) {
      const std::size_t fiber = block.threads[block.now].fiber;
      (*block.kernel)();
      block.threads[block.now].state = State::finished;
      ++block.finished;
      if (block.started == block.threads.size()) break;
      const unsigned next = block.order[block.started++];
      block.threads[next].state = State::ready;
      block.threads[next].fiber = fiber;
      become(next);
    }
    idle.push_back(block.threads[block.now].fiber);
    pause();
  }
}

std::size_t take_fiber() {
  if (idle.empty()) {
    if (fibers.empty()) fibers.reserve(2 * most_threads);  // references to fibers are held across switches
    Fiber fiber;
    void* memory = ::mmap(nullptr, stack_bytes + guard_bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    ::mprotect(memory, guard_bytes, PROT_NONE);
    fiber.stack = static_cast<char*>(memory) + guard_bytes;
    void** top = reinterpret_cast<void**>(fiber.stack + stack_bytes) - 8;
    std::fill_n(top, 8, nullptr);
    top[6] = reinterpret_cast<void*>(fiber_main);  // where the six registers' switch returns to
    fiber.stack_pointer = top;
    fibers.push_back(fiber);
    return fibers.size() - 1;
  }
  const std::size_t fiber = idle.back();
  idle.pop_back();
  return fiber;
}

void resume(unsigned thread) {
  become(thread);
  Fiber& fiber = fibers[block.threads[thread].fiber];
  switch_to(&main_stack_pointer, &main_asan, fiber.stack_pointer, fiber.stack, stack_bytes);
}

// ---- a block --------------------------------------------------------------------------------------------------------

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

std::string here() {
  return text(block.launch->name, ", block ", block_index.x, ' ', block_index.y, ' ', block_index.z, ": ");
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
      thread.fiber = take_fiber();
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
    fibers.clear();  // their stacks stay behind, in the middle of the kernel
    idle.clear();
    throw block.failure;
  }
}

// ---- warps ----------------------------------------------------------------------------------------------------------

namespace {

/// The lane whose value a shuffle brings to `lane`; itself where the source lies outside its section of `width` lanes.
unsigned source_lane(const Thread& thread, unsigned lane) {
  const int width = thread.width, at = static_cast<int>(lane), base = at & ~(width - 1);
  int from = at;
  if (thread.op == WarpOp::shuffle) from = base + (thread.argument & (width - 1));
  if (thread.op == WarpOp::shuffle_xor) from = at ^ thread.argument;
  if (thread.op == WarpOp::shuffle_up) from = at - thread.argument;
  if (thread.op == WarpOp::shuffle_down) from = at + thread.argument;
  return static_cast<unsigned>(from < base || from >= base + width ? at : from);
}

void exchange(Thread* lanes, unsigned mask) {
  static std::uint64_t gathered[2][most_threads / warp][warp];
  static unsigned turn = 0;
  std::uint64_t ballot = 0;
  auto& values = gathered[++turn % 2][(lanes - block.threads.data()) / warp];
  for (unsigned l = 0; l < warp; ++l) {
    if (!(mask >> l & 1)) continue;
    if (lanes[l].op != lanes[__builtin_ctz(mask)].op)
      return void(block.failure = here() + "lanes meet in different warp operations");
    values[l] = lanes[l].value;
    ballot |= std::uint64_t{lanes[l].value != 0} << l;
  }
  for (unsigned l = 0; l < warp; ++l) {
    if (!(mask >> l & 1)) continue;
    Thread& thread = lanes[l];
    thread.state = State::ready;
    if (thread.op == WarpOp::ballot) {
      thread.result = ballot;
    } else if (thread.op == WarpOp::gather) {
      thread.result = reinterpret_cast<std::uint64_t>(values);
    } else {
      const unsigned from = source_lane(thread, l);
      if (!(mask >> from & 1))
        block.failure = text(here(), "lane ", l, " shuffles from lane ", from, ", which the mask does not name");
      else
        thread.result = lanes[from].value;
    }
  }
}

}  // namespace

std::uint64_t warp_exchange(WarpOp op, unsigned mask, std::uint64_t value, int argument, int width) {
  const unsigned base = block.now & ~(warp - 1), lane = block.now - base;
  const auto count = std::min<std::size_t>(warp, block.threads.size() - base);
  if (count < warp && mask >> count) fail("a warp operation names lanes that the block does not have");
  if (!(mask >> lane & 1)) fail(text("lane ", lane, " calls a warp operation whose mask does not name it"));
  Thread* lanes = &block.threads[base];
  Thread& thread = lanes[lane];
  thread.state = State::in_exchange;
  thread.op = op;
  thread.mask = mask;
  thread.value = value;
  thread.argument = argument;
  thread.width = width;
  bool complete = true;
  for (unsigned l = 0; l < count; ++l)
    if (mask >> l & 1) complete &= lanes[l].state == State::in_exchange && lanes[l].mask == mask;
  if (complete) exchange(lanes, mask);
  if (!complete || !block.failure.empty()) pause();
  return thread.result;
}

}  // namespace emulator
