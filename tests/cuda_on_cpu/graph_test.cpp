// CUDA graphs: what a capture records, and what a replay computes. The same on a GPU and on the emulated runtime.
#include "graphs.hpp"

namespace akin_test {
namespace {

class CudaGraphs : public ::testing::Test {
 protected:
  ~CudaGraphs() override {
    for (const auto graph : graphs_) cudaGraphExecDestroy(graph);
  }
  template <class F>
  cudaGraphExec_t graph_of(F work) {
    return graphs_.emplace_back(akin_test::graph_of(stream_, work));
  }
  void launch_and_wait(cudaGraphExec_t graph) {
    EXPECT_EQ(cudaGraphLaunch(graph, stream_), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  }

  GraphStream stream_, other_;
  std::vector<cudaGraphExec_t> graphs_;
};

TEST_F(CudaGraphs, RecordWithoutRunningAndRunAtEachLaunch) {
  const OnDevice<int> x({1});
  int value = 10;
  const auto graph = graph_of([&] {
    queue_add(stream_, x.data(), value);
    queue_add(stream_, x.data(), value + 1);
    value = 1000;  // arguments are those of the capture
  });
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(x.host()[0], 1) << "nothing was launched";
  EXPECT_EQ(cudaGraphLaunch(graph, stream_), cudaSuccess);
  launch_and_wait(graph);
  EXPECT_EQ(x.host()[0], 1 + 21 * 2);
}

TEST_F(CudaGraphs, CopyWhatMemoryHoldsAtTheReplay) {
  const OnDevice<int> x({0}), y({0});
  const PinnedInt in(3), out(-1);
  constexpr std::size_t bytes = sizeof(int);
  const auto graph = graph_of([&] {
    EXPECT_EQ(cudaMemcpyAsync(x.data(), in.value, bytes, cudaMemcpyHostToDevice, stream_), cudaSuccess);
    queue_square(stream_, y.data(), x.data());
    EXPECT_EQ(cudaMemcpyAsync(out.value, y.data(), bytes, cudaMemcpyDeviceToHost, stream_), cudaSuccess);
    EXPECT_EQ(cudaMemsetAsync(y.data(), 0, bytes, stream_), cudaSuccess);
  });
  for (const int value : {5, 7}) {
    *in.value = value;
    launch_and_wait(graph);
    EXPECT_EQ(*out.value, value * value);
    EXPECT_EQ(y.host()[0], 0);
  }
}

TEST_F(CudaGraphs, RunInTheOrderOfTheirStream) {
  const OnDevice<int> x({1});
  queue_add(stream_, x.data(), 1);  // not of the capture, although still queued
  const auto graph = graph_of([&] { queue_square(stream_, x.data(), x.data()); });
  queue_add(stream_, x.data(), 1);
  EXPECT_EQ(cudaGraphLaunch(graph, stream_), cudaSuccess);
  queue_add(stream_, x.data(), 5);
  launch_and_wait(graph);
  EXPECT_EQ(x.host()[0], (3 * 3 + 5) * (3 * 3 + 5));
}

TEST_F(CudaGraphs, RunOneAfterAnotherOnWhicheverStream) {
  const OnDevice<int> x({3});
  const auto graph = graph_of([&] { queue_square(stream_, x.data(), x.data()); });
  EXPECT_EQ(cudaGraphLaunch(graph, stream_), cudaSuccess);
  EXPECT_EQ(cudaGraphLaunch(graph, other_), cudaSuccess);
  const PinnedInt out(-1);
  EXPECT_EQ(cudaMemcpyAsync(out.value, x.data(), sizeof(int), cudaMemcpyDeviceToHost, other_), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(other_), cudaSuccess);
  EXPECT_EQ(*out.value, 81) << "the other stream waits for the first launch";
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
}

TEST_F(CudaGraphs, RecordStreamsThatJoin) {
  const OnDevice<int> x({2}), y({0});
  const GraphEvent begun, squared;
  const auto status_of = [](cudaStream_t stream) {
    cudaStreamCaptureStatus status{};
    EXPECT_EQ(cudaStreamIsCapturing(stream, &status), cudaSuccess);
    return status;
  };
  const auto graph = graph_of([&] {
    queue_add(stream_, x.data(), 1);
    EXPECT_EQ(status_of(other_), cudaStreamCaptureStatusNone);
    EXPECT_EQ(cudaEventRecord(begun, stream_), cudaSuccess);
    EXPECT_EQ(cudaStreamWaitEvent(other_, begun, 0), cudaSuccess);
    EXPECT_EQ(status_of(other_), cudaStreamCaptureStatusActive);
    queue_square(other_, y.data(), x.data());
    EXPECT_EQ(cudaEventRecord(squared, other_), cudaSuccess);
    EXPECT_EQ(cudaStreamWaitEvent(stream_, squared, 0), cudaSuccess);
    queue_add(stream_, y.data(), 100);
  });
  EXPECT_EQ(status_of(other_), cudaStreamCaptureStatusNone);
  launch_and_wait(graph);
  launch_and_wait(graph);
  EXPECT_EQ(y.host()[0], 4 * 4 + 100);
}

TEST_F(CudaGraphs, BecomePartsOfLargerOnes) {
  const OnDevice<int> x({3});
  const auto part = graph_of([&] { queue_square(stream_, x.data(), x.data()); });
  const auto whole = graph_of([&] {
    queue_add(stream_, x.data(), 1);
    EXPECT_EQ(cudaGraphLaunch(part, stream_), cudaSuccess);
    queue_add(stream_, x.data(), 1);
  });
  EXPECT_EQ(x.host()[0], 3) << "the part was recorded";
  launch_and_wait(whole);
  EXPECT_EQ(x.host()[0], 17);
}

TEST_F(CudaGraphs, FinishWhenTheyAreDestroyedAfterTheirLaunch) {
  const OnDevice<int> x({1});
  const auto graph = akin_test::graph_of(stream_, [&] { queue_add(stream_, x.data(), 1); });
  EXPECT_EQ(cudaGraphLaunch(graph, stream_), cudaSuccess);
  EXPECT_EQ(cudaGraphExecDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(x.host()[0], 2);
}

/// Memory may be had while a stream captures if the capture is relaxed, or the thread.
TEST_F(CudaGraphs, LeaveMemoryAloneWhereTheyAreRelaxed) {
  using Mode = cudaStreamCaptureMode;
  for (const Mode of_the_thread : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeRelaxed}) {
    const bool relaxed = of_the_thread == cudaStreamCaptureModeRelaxed;
    Mode thread = of_the_thread;
    cudaGraph_t graph = nullptr;
    void *device = nullptr, *pinned = nullptr;
    EXPECT_EQ(cudaThreadExchangeStreamCaptureMode(&thread), cudaSuccess);
    EXPECT_EQ(cudaStreamBeginCapture(stream_, relaxed ? cudaStreamCaptureModeGlobal : cudaStreamCaptureModeRelaxed),
              cudaSuccess);
    EXPECT_EQ(cudaMalloc(&device, 8), cudaSuccess);
    EXPECT_EQ(cudaMallocHost(&pinned, 8), cudaSuccess);
    EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
    EXPECT_EQ(cudaThreadExchangeStreamCaptureMode(&thread), cudaSuccess);
    EXPECT_EQ(thread, of_the_thread) << "what was exchanged came back";
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
    EXPECT_EQ(cudaFree(device), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  }
}

}  // namespace
}  // namespace akin_test
