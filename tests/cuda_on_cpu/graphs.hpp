// What tests of CUDA graphs share: streams and events that are destroyed, kernels whose order matters, and
// captures that must break.
#pragma once
#include <gtest/gtest.h>

#include "twins.hpp"

namespace akin_test {

struct GraphStream {
  explicit GraphStream(unsigned flags = cudaStreamNonBlocking) {
    check_cuda("test", cudaStreamCreateWithFlags(&stream, flags));
  }
  ~GraphStream() { cudaStreamDestroy(stream); }
  GraphStream(const GraphStream&) = delete;
  GraphStream& operator=(const GraphStream&) = delete;
  operator cudaStream_t() const { return stream; }
  cudaStream_t stream = nullptr;
};
struct GraphEvent {
  GraphEvent() { check_cuda("test", cudaEventCreateWithFlags(&event, cudaEventDisableTiming)); }
  ~GraphEvent() { cudaEventDestroy(event); }
  GraphEvent(const GraphEvent&) = delete;
  GraphEvent& operator=(const GraphEvent&) = delete;
  operator cudaEvent_t() const { return event; }
  cudaEvent_t event = nullptr;
};
/// An int that the host and copies of the device share.
struct PinnedInt {
  explicit PinnedInt(int start) {
    void* block = nullptr;
    check_cuda("test", cudaMallocHost(&block, sizeof *value));
    value = new (block) int(start);
  }
  ~PinnedInt() { cudaFreeHost(value); }
  PinnedInt(const PinnedInt&) = delete;
  PinnedInt& operator=(const PinnedInt&) = delete;
  int* value = nullptr;
};

template <class T>
__global__ void add_to_one_kernel(T* x, T value) {
  *x += value;
}
template <class T>
__global__ void square_of_one_kernel(T* y, const T* x) {
  *y = *x * *x;
}
inline void queue_add(cudaStream_t stream, int* x, int value) {
  kernels::launch("add", kernels::Cuda{stream}, {dim3(1), dim3(1)}, add_to_one_kernel<int>, x, value);
}
inline void queue_square(cudaStream_t stream, int* y, const int* x) {
  kernels::launch("square", kernels::Cuda{stream}, {dim3(1), dim3(1)}, square_of_one_kernel<int>, y, x);
}

/// What `work` puts on the stream, and on those that join it, ready to launch.
template <class F>
cudaGraphExec_t graph_of(cudaStream_t stream, F work) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  EXPECT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  work();
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);  // the executable one lives on
  return executable;
}

/// Two streams, of which the first is captured and the capture broken.
class GraphRules : public ::testing::Test {
 protected:
  /// Captures `act`, which must return `status`, and gives no graph. The stream is as good as new afterwards.
  template <class F>
  void expect_refused(cudaError_t status, F act, cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal) {
    cudaGraph_t graph = nullptr;
    ASSERT_EQ(cudaStreamBeginCapture(stream_, mode), cudaSuccess);
    queue_add(stream_, x_.data(), 1);
    EXPECT_EQ(act(), status) << cudaGetErrorString(status);
    cudaStreamCaptureStatus capture{};
    EXPECT_EQ(cudaStreamIsCapturing(stream_, &capture), cudaSuccess);
    EXPECT_EQ(capture, cudaStreamCaptureStatusInvalidated);
    EXPECT_EQ(cudaMemsetAsync(x_.data(), 0, sizeof(int), stream_), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(graph, nullptr);
    cudaGetLastError();
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    EXPECT_EQ(cudaStreamIsCapturing(stream_, &capture), cudaSuccess);
    EXPECT_EQ(capture, cudaStreamCaptureStatusNone);
  }
  int* x() const { return x_.data(); }

  GraphStream stream_, other_;
  GraphEvent event_;
  const OnDevice<int> x_{{1}};
  void* block_ = nullptr;
  int host_ = 0;
};

}  // namespace akin_test
