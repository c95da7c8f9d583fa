// Streams and events of the emulated runtime, behind NVIDIA's own header.
//
// Streams are lazy: work runs when somebody waits for it, and no sooner, so a host that forgets to wait reads what was
// there before. Sentences in quotes are those of NVIDIA's headers that a check enforces.
#include <algorithm>

#include "faults.hpp"
#include "memory.hpp"
#include "runtime.hpp"

namespace emulator {

Stream legacy_stream{.blocking = true};
std::set<Stream*> streams;
std::set<Event*> events;
std::uint64_t waits = 0;

Stream* find_stream(cudaStream_t handle) {
  auto* const stream = reinterpret_cast<Stream*>(handle);
  if (!stream) return &legacy_stream;
  return streams.count(stream) ? stream : nullptr;
}

namespace {

Event* find_event(cudaEvent_t handle) {
  auto* const event = reinterpret_cast<Event*>(handle);
  return events.count(event) ? event : nullptr;
}

void run_one(Stream& stream) {
  const Work work = std::move(stream.work.front());
  stream.work.pop_front();
  while (work.wait_for && !*work.wait_for) {
    if (!work.waits_on || work.waits_on->work.empty()) {
      die(cudaErrorLaunchFailure, "a stream waits for an event that nothing will record");
      break;
    }
    run_one(*work.waits_on);
  }
  if (sticky == cudaSuccess && work.run) work.run();
  if (work.frees && !release(work.frees)) die(cudaErrorInvalidValue, "freed twice");
  if (work.done) *work.done = true;
}

void drain(Stream& stream) {
  while (!stream.work.empty()) run_one(stream);
}

/// A wait that finds everything done costs the host nothing.
void wait_for(Stream& stream) {
  waits += !stream.work.empty();
  drain(stream);
}

}  // namespace

cudaError_t put(const char* call, cudaStream_t handle, Work work) {
  if (sticky != cudaSuccess) return result(sticky);
  Stream* const stream = find_stream(handle);
  if (!stream) return result(cudaErrorInvalidResourceHandle);
  if (const auto status = check_legacy(call, *stream); status != cudaSuccess) return status;
  if (stream->capture && !stream->capture->valid) return say_invalidated(*stream->capture);
  (stream->capture ? stream->recorded : stream->work).push_back(std::move(work));
  return cudaSuccess;
}

void wait_for_all() {
  const auto has_work = [](const Stream* stream) { return !stream->work.empty(); };
  waits += has_work(&legacy_stream) || std::any_of(streams.begin(), streams.end(), has_work);
  drain(legacy_stream);
  for (Stream* stream : streams) drain(*stream);
}

}  // namespace emulator

using namespace emulator;

// ---- streams --------------------------------------------------------------------------------------------------------

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned flags) {
  auto* stream = new Stream{.blocking = !(flags & cudaStreamNonBlocking)};
  streams.insert(stream);
  *handle = reinterpret_cast<cudaStream_t>(stream);
  return cudaSuccess;
}
/// "In case the device is still doing work in the stream stream when cudaStreamDestroy() is called, the function will
/// return immediately and the resources associated with stream will be released automatically once the device has
/// completed all work in stream."
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  Stream* const stream = find_stream(handle);
  if (!handle || !stream) return result(cudaErrorInvalidResourceHandle);
  if (stream->capture)
    return break_capture(*stream->capture, cudaErrorStreamCaptureUnsupported, "cudaStreamDestroy: it is capturing");
  drain(*stream);
  for (Event* event : events)
    if (event->stream == stream) event->stream = nullptr;
  streams.erase(stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  Stream* const stream = find_stream(handle);
  if (!stream) return result(cudaErrorInvalidResourceHandle);
  if (const auto status = check_wait("cudaStreamSynchronize", *stream); status != cudaSuccess) return status;
  wait_for(*stream);
  return result(sticky);
}
cudaError_t cudaDeviceSynchronize() {
  if (const auto status = check_wait_for_all("cudaDeviceSynchronize"); status != cudaSuccess) return status;
  wait_for_all();
  return result(sticky);
}

// ---- events ---------------------------------------------------------------------------------------------------------

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned) {
  auto* event = new Event;
  events.insert(event);
  *handle = reinterpret_cast<cudaEvent_t>(event);
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  Event* const event = find_event(handle);
  if (!event) return result(cudaErrorInvalidResourceHandle);
  events.erase(event);
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream) {
  Event* const event = find_event(handle);
  if (!event) return result(cudaErrorInvalidResourceHandle);
  const auto done = std::make_shared<bool>(false);
  const auto status = put("cudaEventRecord", stream, {.run = nullptr, .done = done});
  if (status == cudaSuccess) *event = {done, find_stream(stream), find_stream(stream)->capture};
  return status;
}
/// "Makes all future work submitted to stream wait for all work captured in event." An event that was never recorded
/// has captured nothing.
cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned) {
  Stream* const stream = find_stream(handle);
  const Event* const event = find_event(event_handle);
  if (!stream || !event) return result(cudaErrorInvalidResourceHandle);
  if (const auto status = check_dependency(*stream, *event); status != cudaSuccess) return status;
  if (event->capture) stream->capture = event->capture;
  return put("cudaStreamWaitEvent", handle, {.run = nullptr, .wait_for = event->done, .waits_on = event->stream});
}
cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  Event* const event = find_event(handle);
  if (!event) return result(cudaErrorInvalidResourceHandle);
  if (event->capture)
    return break_capture(*event->capture, cudaErrorCapturedEvent,
                         "cudaEventSynchronize: the event was last recorded in a capturing stream");
  if (const auto status = check_unsafe("cudaEventSynchronize"); status != cudaSuccess) return status;
  const auto is_open = [&] { return event->done && !*event->done && event->stream && !event->stream->work.empty(); };
  waits += is_open();
  while (is_open()) run_one(*event->stream);
  return result(sticky);
}
