// Exchanges between the lanes of a warp: the lane that comes last computes what
// all get.
#include <algorithm>

#include "block.hpp"

namespace emulator {

namespace {

/// The lane whose value a shuffle brings to `lane`; itself where the source
/// lies outside its section of `width` lanes.
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
