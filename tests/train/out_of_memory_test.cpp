// Lets the n-th allocation fail, for n = 1, 2, 3 ... until nothing fails any more.
#include <akin/train/training_state.hpp>
#include <cstdlib>
#include <new>

#include "support/folder.hpp"
#include "support/test.hpp"

namespace {
thread_local long allocations_left = -1;  // negative: as many as wanted
}

// Not inlined: GCC would see malloc paired with delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (allocations_left == 0) throw std::bad_alloc();
  if (allocations_left > 0) --allocations_left;
  if (void* block = std::malloc(size > 0 ? size : 1)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return ::operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace akin::train {
namespace {

std::vector<nn::NamedTensor> values(double value) {
  return {{"weight", Tensor(Array::full({33}, value))}, {"bias", Tensor(Array::full({7}, value, DType::f64))}};
}

/// Calls f with one allocation more each time, until it succeeds; after_failure() after each failure. Returns how
/// often.
template <class F, class After>
int failures(F f, After after_failure) {
  for (int n = 0;; ++n) {
    allocations_left = n;
    try {
      f();
      allocations_left = -1;
      return n;
    } catch (const std::bad_alloc&) {
      allocations_left = -1;
      after_failure();
    }
  }
}

TEST(OutOfMemory, ASaveThatFailsLeavesAWholeCheckpointAndNoTrace) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  save_state(run, values(1), {.step = 1});
  const auto tensors = values(2);
  const int failed = failures([&] { save_state(run, tensors, {.step = 2}); },
                              [&] {
                                const auto step = detail::read_state(run.checkpoint("last")).position.step;
                                EXPECT_TRUE(step == 1 || step == 2) << step;
                                EXPECT_EQ(folder.names("run/checkpoints").find(".tmp-"), std::string::npos);
                              });
  EXPECT_GT(failed, 20);
  EXPECT_EQ(detail::read_state(run.checkpoint("last")).position.step, 2);
}

TEST(OutOfMemory, ALoadThatFailsChangesNothing) {
  const test::Folder folder;
  RunFolder run(folder / "run");
  save_state(run, values(2), {.step = 2});
  const auto tensors = values(1);
  const int failed = failures(
      [&] {
        const TrainingState state = detail::read_state(run.checkpoint("last"));
        io::assign_tensors(state.path, state.file, tensors);
      },
      [&] {
        for (const auto& [name, tensor] : tensors) EXPECT_EQ(at(tensor.value(), 6), 1) << name;
      });
  EXPECT_GT(failed, 20);
  for (const auto& [name, tensor] : tensors) EXPECT_EQ(at(tensor.value(), 6), 2) << name;
}

}  // namespace
}  // namespace akin::train
