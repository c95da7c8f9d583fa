// Graphs of the emulated runtime: what it refuses beyond CUDA's rules, finds and counts.
#if defined(AKIN_EMULATOR)

#include "emulator/faults.hpp"
#include "emulator/libraries.hpp"
#include "emulator/memory.hpp"
#include "graphs.hpp"

namespace akin_test {
namespace {

/// Rules of the emulated runtime alone: akin's own, or such as NVIDIA leaves open.
class EmulatedGraphs : public GraphRules {
 protected:
  EmulatedGraphs() { emulator::reset(); }
  ~EmulatedGraphs() override { emulator::reset(); }
};

TEST_F(EmulatedGraphs, HaveNoMemoryOfTheirOwn) {
  const auto before = emulator::heap.live_blocks;
  ASSERT_EQ(cudaMallocAsync(&block_, 8, other_), cudaSuccess);
  const auto relaxed = cudaStreamCaptureModeRelaxed;
  expect_refused(
      cudaErrorNotSupported, [&] { return cudaMallocAsync(&block_, 8, stream_); }, relaxed);
  expect_refused(
      cudaErrorNotSupported, [&] { return cudaFreeAsync(block_, stream_); }, relaxed);
  queue_add(other_, x(), 1);
  graph_of(stream_, [&] { EXPECT_EQ(cudaFreeAsync(block_, other_), cudaSuccess); });
  cudaDeviceSynchronize();
  EXPECT_EQ(emulator::heap.live_blocks, before) << "another stream gives memory back as ever";
}

TEST_F(EmulatedGraphs, SayWhatBrokeThem) {
  cudaGraph_t graph = nullptr;
  const auto expect_said = [](cudaError_t status, const std::string& words) {
    EXPECT_EQ(cudaGetErrorString(status), words);
  };
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed);
  expect_said(cudaMallocAsync(&block_, 8, stream_),
              "cudaMallocAsync: would make a node of the graph, which akin does without");
  cudaMalloc(&block_, emulator::heap.limit_bytes + 1);  // fails as well, and breaks nothing
  expect_said(
      cudaStreamEndCapture(stream_, &graph),
      "the capture was invalidated by cudaMallocAsync: would make a node of the graph, which akin does without");
}

TEST_F(EmulatedGraphs, CopyNoPageableMemory) {
  const auto copy = [&](void* to, const void* from) {
    return [=, this] { return cudaMemcpyAsync(to, from, sizeof(int), cudaMemcpyDefault, stream_); };
  };
  expect_refused(cudaErrorStreamCaptureUnsupported, copy(x(), &host_));
  expect_refused(cudaErrorStreamCaptureUnsupported, copy(&host_, x()));
  const PinnedInt pinned(1);
  expect_refused(cudaErrorStreamCaptureUnsupported, copy(x(), pinned.value + 1));
}

TEST_F(EmulatedGraphs, AreCapturedWithoutWaitingForOtherStreams) {
  EXPECT_EQ(cudaEventRecord(event_, other_), cudaSuccess);
  expect_refused(cudaErrorStreamCaptureUnsupported, [&] { return cudaStreamSynchronize(other_); });
  expect_refused(cudaErrorStreamCaptureUnsupported, [&] { return cudaEventSynchronize(event_); });
}

TEST_F(EmulatedGraphs, DoNotOutliveTheMemoryOfTheirCopies) {
  auto pinned = std::make_unique<PinnedInt>(1);
  const auto graph = graph_of(stream_, [&] {
    EXPECT_EQ(cudaMemcpyAsync(x(), pinned->value, sizeof(int), cudaMemcpyDefault, stream_), cudaSuccess);
  });
  pinned = nullptr;
  EXPECT_EQ(cudaGraphLaunch(graph, stream_), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorIllegalAddress);
  EXPECT_NE(std::string(cudaGetErrorString(cudaErrorIllegalAddress)).find("freed before it ran"), std::string::npos);
}

TEST_F(EmulatedGraphs, DieWithTheMemoryOfTheirKernels) {
  ASSERT_EQ(cudaMalloc(&block_, sizeof(int)), cudaSuccess);
  const auto graph = graph_of(stream_, [&] { queue_square(stream_, x(), static_cast<int*>(block_)); });
  cudaFree(block_);
  const auto replay = [&] { cudaGraphLaunch(graph, stream_), cudaStreamSynchronize(stream_); };
  EXPECT_DEATH(replay(), "");
}

TEST_F(EmulatedGraphs, AreGoneWhenDestroyedAndAtAReset) {
  const auto graph = graph_of(stream_, [] {}), kept = graph_of(stream_, [] {});
  EXPECT_EQ(cudaGraphExecDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaGraphLaunch(graph, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGraphExecDestroy(graph), cudaErrorInvalidValue);
  EXPECT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event_, stream_), cudaSuccess);
  emulator::reset();
  EXPECT_EQ(cudaGraphLaunch(kept, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaEventSynchronize(event_), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
}

TEST_F(EmulatedGraphs, HoldTheCallsOfLibraries) {
  int runs = 0;
  const auto graph = graph_of(stream_, [&] { emulator::enqueue_call("product", stream_, [&] { ++runs; }); });
  EXPECT_EQ(runs, 0);
  cudaGraphLaunch(graph, stream_);
  cudaGraphLaunch(graph, stream_);
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(runs, 2);
}

TEST_F(EmulatedGraphs, RunNothingThatComesAfterAFailure) {
  int runs = 0;
  const auto graph = graph_of(stream_, [&] {
    emulator::enqueue_call("broken", stream_, [] { emulator::fail("broken"); });
    emulator::enqueue_call("next", stream_, [&] { ++runs; });
  });
  cudaGraphLaunch(graph, stream_);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorLaunchFailure);
  EXPECT_EQ(runs, 0);
}

TEST_F(EmulatedGraphs, CountHowOftenTheHostWaited) {
  const auto work = [&] { queue_add(stream_, x(), 1); };
  const auto waits_of = [](auto act) {
    const auto before = emulator::waits;
    act();
    return emulator::waits - before;
  };
  const auto graph = graph_of(stream_, work);
  EXPECT_EQ(waits_of([&] {
              cudaGraphLaunch(graph, stream_);
              cudaEventRecord(event_, stream_);
              cudaStreamWaitEvent(other_, event_, 0);
            }),
            0u);
  EXPECT_EQ(waits_of([&] { cudaEventSynchronize(event_); }), 1u);
  EXPECT_EQ(waits_of([&] { cudaEventSynchronize(event_); }), 0u) << "it is done";
  const auto each = [&](auto wait) {
    work();
    EXPECT_EQ(waits_of(wait), 1u);
    EXPECT_EQ(waits_of(wait), 0u);
  };
  each([&] { cudaStreamSynchronize(stream_); });
  each([] { cudaDeviceSynchronize(); });
  each([&] { cudaMemcpy(&host_, x(), sizeof host_, cudaMemcpyDeviceToHost); });
}

}  // namespace
}  // namespace akin_test

#endif
