// What CUDA refuses while a stream is captured, and what becomes of the capture. The same on a GPU and on the emulated
// runtime.
#include "graphs.hpp"

namespace akin_test {
namespace {

class CudaGraphRules : public GraphRules {};

TEST_F(CudaGraphRules, NobodyWaitsForWhatIsOnlyRecorded) {
  for (const auto mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeRelaxed}) {
    expect_refused(
        cudaErrorStreamCaptureUnsupported, [&] { return cudaStreamSynchronize(stream_); }, mode);
    expect_refused(
        cudaErrorStreamCaptureUnsupported, [] { return cudaDeviceSynchronize(); }, mode);
    const auto wait_for_event = [&] {
      EXPECT_EQ(cudaEventRecord(event_, stream_), cudaSuccess);
      return cudaEventSynchronize(event_);
    };
    expect_refused(cudaErrorCapturedEvent, wait_for_event, mode);
  }
  EXPECT_EQ(cudaEventSynchronize(event_), cudaErrorCapturedEvent) << "still, until it is recorded again";
  EXPECT_EQ(cudaEventRecord(event_, stream_), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(event_), cudaSuccess);
}

TEST_F(CudaGraphRules, CallsThatNoStreamSeesAreUnsafe) {
  for (const auto mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal}) {
    expect_refused(
        cudaErrorStreamCaptureUnsupported, [&] { return cudaMalloc(&block_, 8); }, mode);
    expect_refused(
        cudaErrorStreamCaptureUnsupported, [&] { return cudaMallocHost(&block_, 8); }, mode);
    expect_refused(
        cudaErrorStreamCaptureUnsupported, [&] { return cudaFree(x()); }, mode);
    expect_refused(
        cudaErrorStreamCaptureUnsupported,
        [&] { return cudaMemcpy(&host_, x(), sizeof host_, cudaMemcpyDeviceToHost); }, mode);
  }
  EXPECT_EQ(cudaMemcpy(&host_, x(), sizeof host_, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(host_, 1) << "nothing of an invalid capture ran";
}

TEST_F(CudaGraphRules, CapturesDependOnNothingOutside) {
  EXPECT_EQ(cudaEventRecord(event_, other_), cudaSuccess);
  expect_refused(cudaErrorStreamCaptureIsolation, [&] { return cudaStreamWaitEvent(stream_, event_, 0); });
}

TEST_F(CudaGraphRules, CapturesDoNotMerge) {
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamBeginCapture(other_, cudaStreamCaptureModeGlobal), cudaSuccess);
  queue_add(other_, x(), 1);
  EXPECT_EQ(cudaEventRecord(event_, other_), cudaSuccess);
  expect_refused(cudaErrorStreamCaptureMerge, [&] {
    const auto status = cudaStreamWaitEvent(stream_, event_, 0);
    EXPECT_EQ(cudaStreamEndCapture(other_, &graph), cudaErrorStreamCaptureInvalidated) << "both are broken";
    return status;
  });
}

TEST_F(CudaGraphRules, StreamsThatJoinACaptureAreWaitedForAndDoNotEndIt) {
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event_, stream_), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(other_, event_, 0), cudaSuccess);
  queue_add(other_, x(), 1);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureUnjoined);
  EXPECT_EQ(graph, nullptr);
  cudaGetLastError();
  expect_refused(cudaErrorStreamCaptureUnmatched, [&] {
    EXPECT_EQ(cudaEventRecord(event_, stream_), cudaSuccess);
    EXPECT_EQ(cudaStreamWaitEvent(other_, event_, 0), cudaSuccess);
    return cudaStreamEndCapture(other_, &graph);
  });
}

TEST_F(CudaGraphRules, TheNullStreamStaysAwayFromBlockingStreams) {
  const GraphStream blocking(cudaStreamDefault);
  cudaGraph_t graph = nullptr;
  cudaStreamCaptureStatus status{};
  EXPECT_EQ(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed), cudaSuccess);
  EXPECT_EQ(cudaStreamIsCapturing(nullptr, &status), cudaErrorStreamCaptureImplicit);
  EXPECT_EQ(cudaStreamIsCapturing(blocking, &status), cudaSuccess);
  EXPECT_EQ(status, cudaStreamCaptureStatusActive) << "asking breaks nothing";
  EXPECT_EQ(cudaMemsetAsync(x(), 0, sizeof(int), nullptr), cudaErrorStreamCaptureImplicit);
  EXPECT_EQ(cudaStreamEndCapture(blocking, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_NE(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeRelaxed), cudaSuccess);
  cudaGetLastError();
}

TEST_F(CudaGraphRules, OneCaptureAtATimeAndNoEndWithoutBeginning) {
  cudaGraph_t graph = nullptr;
  EXPECT_NE(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  EXPECT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_NE(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  cudaStreamEndCapture(stream_, &graph);
  if (graph) cudaGraphDestroy(graph);
  cudaGetLastError();
}

}  // namespace
}  // namespace akin_test
