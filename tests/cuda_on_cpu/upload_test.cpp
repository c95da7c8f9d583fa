// Copies to the device: those for which nobody waits, and those that run beside the ops.
#include <akin/akin.hpp>

#include "support/test.hpp"
#include "twins.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/faults.hpp"
#endif

namespace akin_test {
namespace {

/// Values that tell arrays and places apart.
Array marked(std::int64_t count, int mark) {
  Array a = Array::empty({count});
  for (std::int64_t i = 0; i < count; ++i) a.mut<float>()[i] = static_cast<float>(i % 8191 + 10000 * mark);
  return a;
}

void expect_marked(const Array& device, std::int64_t count, int mark) {
  const Array back = device.to(Device::cpu);
  ASSERT_EQ(back.shape(), Shape{count});
  const Array expected = marked(count, mark);
  const float *a = back.data<float>(), *b = expected.data<float>();
  EXPECT_TRUE(std::equal(a, a + count, b))
      << "array " << mark << " from value " << std::mismatch(a, a + count, b).first - a;
}

constexpr std::int64_t more_than_the_slots = (9 << 18) + 17;  // nine of 1 MiB and a bit

TEST(CudaUpload, CopiesMoreThanItsSlotsHoldAndLetsTheSourceGo) {
  Array there;
  {
    Array here = marked(more_than_the_slots, 1);
    there = here.to(Device::cuda);
    std::fill_n(here.mut<float>(), here.size(), -1.0f);
  }
  expect_marked(there, more_than_the_slots, 1);
}

TEST(CudaUploadAhead, OpsThatFollowHaveTheValues) {
  UploadAhead uploads;
  for (int i = 0; i < 5; ++i) {
    Array here = marked(i < 3 ? more_than_the_slots : 33, i);
    uploads.start(here);
    std::fill_n(here.mut<float>(), here.size(), -1.0f);
    const Array copy = ops::clone(uploads.finish());  // nobody waited
    expect_marked(copy, here.size(), i);
  }
}

/// The copies that are queued, made now: on a GPU they may be faster than the ops.
void hurry_copies() { check_cuda("test", cudaStreamSynchronize(copy_stream())); }

TEST(CudaUploadAhead, WaitsForOpsThatReadTheValuesOfBefore) {
  UploadAhead uploads;
  std::vector<Array> copies;
  for (int i = 0; i < 6; ++i) {
    uploads.start(marked(257, i));
    hurry_copies();
    copies.push_back(ops::clone(uploads.finish()));
  }
  for (int i = 0; i < 6; ++i) expect_marked(copies[static_cast<std::size_t>(i)], 257, i);
}

TEST(CudaUploadAhead, KeepsTheValuesOfWhichSomebodyHasAHandle) {
  UploadAhead uploads;
  std::vector<Array> kept;
  for (int i = 0; i < 6; ++i) {
    uploads.start(marked(257, i));
    kept.push_back(uploads.finish());
  }
  for (int i = 0; i < 6; ++i) expect_marked(kept[static_cast<std::size_t>(i)], 257, i);
}

TEST(CudaUploadAhead, WaitsForOpsThatReadAHandleWhichIsGoneSince) {
  UploadAhead uploads;
  std::vector<Array> copies;
  Array last;
  for (int i = 0; i < 6; ++i) {
    uploads.start(marked(257, i));
    hurry_copies();
    const Array now = uploads.finish();
    if (last.defined()) copies.push_back(ops::clone(last));  // of the values before these
    last = now;
  }
  for (int i = 0; i < 5; ++i) expect_marked(copies[static_cast<std::size_t>(i)], 257, i);
}

TEST(CudaUploadAhead, MayEndWithValuesOnTheirWay) {
  Array next;
  {
    UploadAhead uploads;
    uploads.start(marked(257, 1));
  }
  next = marked(257, 2).to(Device::cuda);  // perhaps where those would have gone
  hurry_copies();
  expect_marked(next, 257, 2);
}

TEST(CudaUploadAhead, RefusesTheWrongOrder) {
  UploadAhead uploads;
  expect_error([&] { uploads.finish(); }, "upload: no values are on their way: call start()");
  uploads.start(marked(3, 0));
  expect_error([&] { uploads.start(marked(3, 1)); }, "upload: the values of before are still to be taken");
  expect_error(
      [] {
        UploadAhead().start(marked(4, 0).reshape({2, 2}).transpose());
      },
      "upload: needs contiguous values");
  expect_error([] { UploadAhead().start(marked(4, 0).to(Device::cuda)); }, "upload: the values are on cuda already");
}

#if defined(AKIN_EMULATOR)
TEST(CudaUploadAhead, ACopyWaitsForNoOpSinceTheLastValues) {
  UploadAhead uploads;
  for (int i = 0; i < 3; ++i) uploads.start(marked(257, i)), uploads.finish();
  Array busy = Array::zeros({8}, DType::f32, Device::cuda);
  synchronize_cuda("test");
  for (int i = 0; i < 4; ++i) busy = ops::add(busy, busy);
  uploads.start(marked(257, 3));
  hurry_copies();
  const auto waits = emulator::waits;
  synchronize_cuda("test");
  EXPECT_EQ(emulator::waits, waits + 1) << "the ops had run already: the copy was held behind them";
}
#endif

}  // namespace
}  // namespace akin_test
