// Capture of streams, behind NVIDIA's own header: what is put on a capturing stream is recorded for a graph.
//
// Where a rule is broken the call fails, the capture is invalid from then on, and no graph comes of it. Sentences in
// quotes are those of NVIDIA's headers, or of the CUDA Programming Guide's "Prohibited and Unhandled Operations".
#include <algorithm>
#include <utility>

#include "runtime.hpp"

namespace emulator {

namespace {

std::string cat(const char* call, const char* what) { return std::string(call) + ": " + what; }

/// Of the thread: there is one.
cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;

/// Breaks the captures of all streams for which `is_meant` holds; success if there are none.
template <class F>
cudaError_t break_captures(F is_meant, cudaError_t status, const std::string& what) {
  cudaError_t said = cudaSuccess;
  for (Stream* stream : streams)
    if (stream->capture && is_meant(*stream)) {
      const cudaError_t now = break_capture(*stream->capture, status, what);
      if (said != status) said = now;
    }
  return said == status ? result(status, what) : said;
}

/// Moves what a stream recorded to the graph. Other branches come as late as they may, so that a forgotten join shows.
void unroll(Stream& stream, Recording& recording) {
  const Work work = std::move(stream.recorded.front());
  stream.recorded.pop_front();
  while (work.wait_for && !*work.wait_for) unroll(*work.waits_on, recording);
  if (work.run) recording.push_back(work.run);
  if (work.done) *work.done = true;
}

/// Takes its streams out of capture mode. True if no branch has work left that its origin does not wait for.
bool end(const std::shared_ptr<Capture>& capture, Recording& recording) {
  while (capture->valid && !capture->origin->recorded.empty()) unroll(*capture->origin, recording);
  bool joined = true;
  for (Stream* stream : streams)
    if (stream->capture == capture) {
      const auto works = [](const Work& work) { return work.run != nullptr; };
      joined = joined && std::none_of(stream->recorded.begin(), stream->recorded.end(), works);
      stream->recorded.clear();
      stream->capture = nullptr;
    }
  capture->ended = true;
  return joined;
}

}  // namespace

cudaError_t break_capture(Capture& capture, cudaError_t status, std::string what) {
  const bool was_valid = std::exchange(capture.valid, false);
  if (!was_valid && !capture.ended) return say_invalidated(capture);
  capture.broken_by = what;
  return result(status, std::move(what));
}

cudaError_t say_invalidated(const Capture& capture) {
  return result(cudaErrorStreamCaptureInvalidated, "the capture was invalidated by " + capture.broken_by);
}

/// "The operation would have resulted in a disallowed implicit dependency on a current capture sequence from
/// cudaStreamLegacy."
cudaError_t check_legacy(const char* call, const Stream& stream) {
  if (&stream != &legacy_stream) return cudaSuccess;
  return break_captures([](const Stream& s) { return s.blocking; }, cudaErrorStreamCaptureImplicit,
                        cat(call, "the null stream would wait for a stream that is capturing"));
}

/// "If the local thread has an ongoing capture sequence that was not initiated with cudaStreamCaptureModeRelaxed at
/// cuStreamBeginCapture ... this thread is prohibited from potentially unsafe API calls."
cudaError_t check_unsafe(const char* call) {
  if (thread_mode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
  return break_captures([](const Stream& s) { return s.capture->mode != cudaStreamCaptureModeRelaxed; },
                        cudaErrorStreamCaptureUnsupported,
                        cat(call, "potentially unsafe while a stream is capturing, unless in relaxed mode"));
}

/// "It is invalid to synchronize or query the execution status of a stream which is being captured". That waiting for
/// another one is potentially unsafe NVIDIA does not say; it is known of cudaEventQuery.
cudaError_t check_wait(const char* call, const Stream& stream) {
  if (const auto status = check_legacy(call, stream); status != cudaSuccess) return status;
  if (!stream.capture) return check_unsafe(call);
  return break_capture(*stream.capture, cudaErrorStreamCaptureUnsupported,
                       cat(call, "not permitted when the stream is capturing"));
}

/// "It is also invalid to query the execution status of or synchronize a broader handle which encompasses an active
/// stream capture, such as a device or context handle when any associated stream is in capture mode."
cudaError_t check_wait_for_all(const char* call) {
  return break_captures([](const Stream&) { return true; }, cudaErrorStreamCaptureUnsupported,
                        cat(call, "not permitted when a stream is capturing"));
}

cudaError_t check_dependency(const Stream& stream, const Event& event) {
  const char* const call = "cudaStreamWaitEvent";
  Capture *const own = stream.capture.get(), *const other = event.capture.get();
  if (own == other) return cudaSuccess;
  // "It is invalid to wait on a non-captured event from a stream which is being captured".
  if (!other)
    return break_capture(*own, cudaErrorStreamCaptureIsolation,
                         cat(call, "a stream that is capturing cannot wait for an event outside of its capture"));
  // "It is invalid to merge two separate capture graphs by waiting on a captured event".
  if (own) {
    const auto what = cat(call, "the event was recorded in another capture");
    break_capture(*other, cudaErrorStreamCaptureMerge, what);
    return break_capture(*own, cudaErrorStreamCaptureMerge, what);
  }
  if (other->ended || &stream == &legacy_stream)
    return break_capture(*other, cudaErrorCapturedEvent,
                         cat(call, "the event was last recorded in a capturing stream"));
  return other->valid ? cudaSuccess : say_invalidated(*other);  // else the stream joins the capture
}

void forget_captures() {
  for (Stream* stream : streams) stream->capture = nullptr, stream->recorded.clear();
  thread_mode = cudaStreamCaptureModeGlobal;
}

}  // namespace emulator

using namespace emulator;

/// "Capture may not be initiated if stream is cudaStreamLegacy. ... it may only be initiated if the stream is not
/// already in capture mode."
cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  if (sticky != cudaSuccess) return result(sticky);
  Stream* const stream = find_stream(handle);
  if (!stream) return result(cudaErrorInvalidResourceHandle);
  if (!handle) return result(cudaErrorStreamCaptureUnsupported, "cudaStreamBeginCapture: not on the null stream");
  if (stream->capture)
    return break_capture(*stream->capture, cudaErrorInvalidValue, "cudaStreamBeginCapture: already capturing");
  stream->capture = std::make_shared<Capture>(Capture{stream, mode});
  return cudaSuccess;
}
/// "If capture was invalidated, due to a violation of the rules of stream capture, then a NULL graph will be returned."
cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  *graph = nullptr;
  Stream* const stream = find_stream(handle);
  if (!stream) return result(cudaErrorInvalidResourceHandle);
  const auto capture = stream->capture;
  const char* const unmatched = "cudaStreamEndCapture: the capture was not initiated in this stream";
  if (!capture) return result(cudaErrorStreamCaptureUnmatched, unmatched);
  if (capture->origin != stream) return break_capture(*capture, cudaErrorStreamCaptureUnmatched, unmatched);
  Recording recording;
  const bool joined = end(capture, recording);
  if (sticky != cudaSuccess) return result(sticky);
  if (!capture->valid) return say_invalidated(*capture);
  if (!joined)
    return result(
        cudaErrorStreamCaptureUnjoined,
        "cudaStreamEndCapture: a stream that joined the capture did work for which its first stream never waits");
  *graph = make_graph(std::move(recording));
  return cudaSuccess;
}
/// "If this is called on cudaStreamLegacy (the "null stream") while a blocking stream on the same device is capturing,
/// it will return cudaErrorStreamCaptureImplicit ... The blocking stream capture is not invalidated."
cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  const Stream* const stream = find_stream(handle);
  if (!stream) return result(cudaErrorInvalidResourceHandle);
  const auto is_in_the_way = [](const Stream* s) { return s->capture && s->blocking; };
  if (!handle && std::any_of(streams.begin(), streams.end(), is_in_the_way))
    return result(cudaErrorStreamCaptureImplicit);
  *status = !stream->capture         ? cudaStreamCaptureStatusNone
            : stream->capture->valid ? cudaStreamCaptureStatusActive
                                     : cudaStreamCaptureStatusInvalidated;
  return cudaSuccess;
}
/// "Sets the calling thread's stream capture interaction mode to the value contained in *mode, and overwrites *mode
/// with the previous mode for the thread."
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, thread_mode);
  return cudaSuccess;
}
