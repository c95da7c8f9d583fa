// What the parts of the emulated runtime share: queued work, streams, events and captures; how a call fails.
#pragma once
#include <cuda_runtime_api.h>

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace emulator {

struct Stream;

struct Work {
  std::function<void()> run;
  std::shared_ptr<bool> done{};      ///< set when it has run
  std::shared_ptr<bool> wait_for{};  ///< not before this
  Stream* waits_on = nullptr;
  void* frees = nullptr;
};

/// A sequence of work that is recorded instead of queued, in the stream where it began and those that joined it.
struct Capture {
  Stream* origin;
  cudaStreamCaptureMode mode;
  bool valid = true, ended = false;
  std::string broken_by{};
};

struct Stream {
  bool blocking = false;  ///< with the legacy stream, which is the null stream
  std::deque<Work> work{};
  std::shared_ptr<Capture> capture{};  ///< null unless the stream is capturing
  std::deque<Work> recorded{};         ///< for the graph
};

struct Event {
  std::shared_ptr<bool> done{};  ///< of the last record; null before the first
  Stream* stream = nullptr;
  std::shared_ptr<Capture> capture{};  ///< in which it was last recorded
};

extern Stream legacy_stream;
extern std::set<Stream*> streams;  ///< the others
extern std::set<Event*> events;

// ---- errors ---------------------------------------------------------------------------------------------------------

/// Of a kernel: "cudaErrorIllegalAddress: ... This leaves the process in an inconsistent state and any further CUDA
/// work will return the same error."
extern cudaError_t sticky;

/// The status of a call, kept for cudaGetLastError. What is said about it takes the place of its name.
cudaError_t result(cudaError_t status, std::string what = "");
/// Work has failed: the error is sticky from now on.
void die(cudaError_t status, std::string what);
void forget_errors();

// ---- streams --------------------------------------------------------------------------------------------------------

/// Null if there is none.
Stream* find_stream(cudaStream_t handle);

/// Queues work or, while the stream is capturing, records it.
cudaError_t put(const char* call, cudaStream_t handle, Work work);

/// The host waits for everything that was queued. Counted if there was anything.
void wait_for_all();

// ---- captures -------------------------------------------------------------------------------------------------------

/// Fails, and with it the captures that the call would have broken: cudaStreamEndCapture will say so.
cudaError_t break_capture(Capture& capture, cudaError_t status, std::string what);
/// cudaErrorStreamCaptureInvalidated, and by what.
cudaError_t say_invalidated(const Capture& capture);

/// Whether a call that no stream sees may be made now: "this thread is prohibited from potentially unsafe API calls."
cudaError_t check_unsafe(const char* call);

/// Whether the host may wait for a stream, or for all.
cudaError_t check_wait(const char* call, const Stream& stream);
cudaError_t check_wait_for_all(const char* call);

/// Whether the legacy stream may be used: not while a stream is capturing that blocks with it.
cudaError_t check_legacy(const char* call, const Stream& stream);
/// Whether a stream may wait for an event.
cudaError_t check_dependency(const Stream& stream, const Event& event);

void forget_captures();
void forget_graphs();

/// The work that a capture recorded, in an order in which a GPU might run it.
using Recording = std::vector<std::function<void()>>;
cudaGraph_t make_graph(Recording recording);

// ---- memory ---------------------------------------------------------------------------------------------------------

/// True if all of it is memory that cudaMallocHost gave.
bool is_pinned(const void* p, std::size_t bytes);

}  // namespace emulator
