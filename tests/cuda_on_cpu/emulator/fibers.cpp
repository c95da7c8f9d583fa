// Fibers: a switch of nine instructions, and stacks with a guard page below.
#include "fibers.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

// Saves the registers that a call preserves and the stack in *from, and takes
// up those of `to`.
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

namespace {

constexpr std::size_t stack_bytes = 128 << 10, guard_bytes = 4096, most_fibers = 2048;

struct Fiber {
  void* stack_pointer = nullptr;
  char* stack = nullptr;
  void* asan = nullptr;
};
std::vector<Fiber> fibers;
std::vector<std::size_t> idle;
void* main_stack_pointer = nullptr;
void* main_asan = nullptr;
const void* main_stack = nullptr;
std::size_t main_stack_bytes = 0;

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

}  // namespace

void enter_fiber() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &main_stack, &main_stack_bytes);
#endif
}

std::size_t take_fiber(void (*main)()) {
  if (!idle.empty()) {
    const std::size_t fiber = idle.back();
    idle.pop_back();
    return fiber;
  }
  if (fibers.empty()) fibers.reserve(most_fibers);  // references to fibers are held across switches
  Fiber fiber;
  void* memory = ::mmap(nullptr, stack_bytes + guard_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  ::mprotect(memory, guard_bytes, PROT_NONE);
  fiber.stack = static_cast<char*>(memory) + guard_bytes;
  void** top = reinterpret_cast<void**>(fiber.stack + stack_bytes) - 8;
  std::fill_n(top, 8, nullptr);
  top[6] = reinterpret_cast<void*>(main);  // where the switch returns to, below its six registers
  fiber.stack_pointer = top;
  fibers.push_back(fiber);
  return fibers.size() - 1;
}

void resume_fiber(std::size_t number) {
  Fiber& fiber = fibers[number];
  switch_to(&main_stack_pointer, &main_asan, fiber.stack_pointer, fiber.stack, stack_bytes);
}

void pause_fiber(std::size_t number) {
  Fiber& fiber = fibers[number];
  switch_to(&fiber.stack_pointer, &fiber.asan, main_stack_pointer, main_stack, main_stack_bytes);
}

void give_back_fiber(std::size_t fiber) { idle.push_back(fiber); }

void abandon_fibers() {
  fibers.clear();
  idle.clear();
}

}  // namespace emulator
