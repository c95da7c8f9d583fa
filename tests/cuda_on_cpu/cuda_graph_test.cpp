// CudaGraph: what it records, refuses, and keeps in memory. Whole steps: graphed_step_test.cpp.
#include <akin/core/cuda_graph.hpp>
#include <akin/fn/dropout.hpp>
#include <akin/ops/reduce.hpp>

#include "support/test.hpp"
#include "twins.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/memory.hpp"
#endif

namespace akin_test {
namespace {

TEST(CudaGraph, ReadsItsArraysAtEachLaunchAndKeepsItsResultsApart) {
  Array x = Array::full({3}, 2).to(Device::cuda), y;
  CudaGraph graph;
  graph.record([&] { y = ops::mul(ops::add(x, x), x); });
  EXPECT_FALSE(is_recording_graph());
  graph.launch();
  EXPECT_EQ(ops::sum(y).item(), 3 * 8);
  ops::assign(x, Array::full({3}, 3).to(Device::cuda));
  const Array others = ops::scale(x, 5);  // memory of its own
  graph.launch();
  EXPECT_EQ(ops::sum(y).item(), 3 * 18);
  EXPECT_EQ(ops::sum(others).item(), 3 * 15);
}

#if defined(AKIN_EMULATOR)
TEST(CudaGraph, GivesItsMemoryBackAndLeavesWhatArraysHold) {
  cudaDeviceSynchronize();
  const auto before = emulator::heap.live_blocks;
  {
    Array y, x = Array::full({3}, 2).to(Device::cuda), dropped = Array::ones({5}).to(Device::cuda);
    {
      CudaGraph graph;
      graph.record([&] {
        dropped = {};
        y = x;
        for (int i = 0; i < 6; ++i) y = ops::add(y, x);
      });
      graph.launch();
      cudaDeviceSynchronize();
      EXPECT_LE(emulator::heap.live_blocks, before + 3) << "intermediate results share their memory";
    }
    EXPECT_EQ(ops::sum(y).item(), 3 * 14) << "the graph is gone";
  }
  cudaDeviceSynchronize();
  EXPECT_EQ(emulator::heap.live_blocks, before);
}
#endif

TEST(CudaGraph, DropsOtherValuesInEveryLaunch) {
  const Tensor here(Array::ones({257})), there(here.value().to(Device::cuda));
  Array calls = Array::zeros({}, DType::i64).to(Device::cuda), y;
  CudaGraph graph;
  graph.record([&] { y = dropout(there, 0.5, 7, calls).value(); });
  for (const std::uint32_t call : {0u, 1u, 2u}) {
    graph.launch();
    const Array got = y.to(Device::cpu), want = dropout(here, 0.5, 7, call).value();
    for (std::int64_t i = 0; i < want.size(); ++i) ASSERT_EQ(got.data<float>()[i], want.data<float>()[i]) << i;
  }
  EXPECT_EQ(calls.item(), 3);
}

TEST(CudaGraph, SaysWhatItCannotHold) {
  const Array x = Array::ones({4, 4}).to(Device::cuda);
  CudaGraph uploads, drops, waits, fine, inner;
  expect_error([&] { uploads.record([&] { Array::ones({4}).to(Device::cuda); }); },
               "copy: copies values from the host");
  expect_error([&] { drops.record([&] { dropout(Tensor(x), 0.5, 1, 0); }); },
               "dropout: a CUDA graph would drop the same values every time");
  expect_error([&] { waits.record([&] { ops::sum(x).item(); }); }, "waits for the GPU, which a CUDA graph cannot");
  expect_error([&] { uploads.launch(); }, "cuda_graph: nothing was recorded");
  fine.record([&] {
    expect_error([&] { inner.record([] {}); }, "cuda_graph: another graph is being recorded");
    ops::sum(x);
  });
  expect_error([&] { fine.record([] {}); }, "cuda_graph: holds something already");
  EXPECT_EQ(ops::sum(x).item(), 16) << "the stream goes on";
}

}  // namespace
}  // namespace akin_test
