// The part of CUDA's runtime that akin uses, in host memory, behind NVIDIA's own header.
//
// Streams are lazy: work runs when somebody waits for it, and no sooner, so a host that forgets to wait reads what was
// there before. Sentences in quotes are those of NVIDIA's headers that a check enforces.
#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "emulator.hpp"
#include "faults.hpp"
#include "memory.hpp"
#include "shared_memory.hpp"

namespace {

using emulator::OpenHeap;

struct Event {
  std::shared_ptr<bool> done;  ///< of the last record; null before the first
  struct Stream* stream = nullptr;
};

struct Work {
  std::function<void()> run;
  std::shared_ptr<bool> done;      ///< set when it has run
  std::shared_ptr<bool> wait_for;  ///< not before this
  struct Stream* waits_on = nullptr;
  void* frees = nullptr;
};

struct Stream {
  std::deque<Work> work;
};

Stream default_stream;
std::set<Stream*> streams;
cudaError_t sticky = cudaSuccess, last = cudaSuccess;
std::string failure;

cudaError_t result(cudaError_t status) {
  if (status != cudaSuccess) last = status;
  return status;
}

Stream* stream_of(cudaStream_t handle) { return handle ? reinterpret_cast<Stream*>(handle) : &default_stream; }
bool is_stream(cudaStream_t handle) { return !handle || streams.count(reinterpret_cast<Stream*>(handle)); }

void run_one(Stream& stream) {
  Work work = std::move(stream.work.front());
  stream.work.pop_front();
  while (work.wait_for && !*work.wait_for) {
    if (!work.waits_on || work.waits_on->work.empty()) {
      sticky = cudaErrorLaunchFailure;
      failure = "a stream waits for an event that nothing will record";
      break;
    }
    run_one(*work.waits_on);
  }
  if (sticky == cudaSuccess && work.run) work.run();
  if (work.frees && !emulator::release(work.frees)) sticky = cudaErrorInvalidValue, failure = "freed twice";
  if (work.done) *work.done = true;
}

void drain(Stream& stream) {
  while (!stream.work.empty()) run_one(stream);
}
void drain_all() {
  drain(default_stream);
  for (Stream* stream : streams) drain(*stream);
}

/// "cudaErrorIllegalAddress: ... This leaves the process in an inconsistent state and any further CUDA work will return
/// the same error."
cudaError_t queue(cudaStream_t handle, std::function<void()> run) {
  if (sticky != cudaSuccess) return result(sticky);
  if (!is_stream(handle)) return result(cudaErrorInvalidResourceHandle);
  stream_of(handle)->work.push_back({std::move(run), nullptr, nullptr});
  return cudaSuccess;
}

/// One side of a copy: all of it in one live block if it is on the device. Managed memory is on both sides.
bool is_valid_side(const void* p, std::size_t bytes, bool device) {
  if (emulator::is_managed(p)) return emulator::is_allocated(p, bytes);
  return emulator::on_device(p) == device && (!device || emulator::is_allocated(p, bytes));
}
bool is_valid_copy(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind == cudaMemcpyDefault) to_device = emulator::on_device(to), from_device = emulator::on_device(from);
  return bytes == 0 || (is_valid_side(to, bytes, to_device) && is_valid_side(from, bytes, from_device));
}

void move(void* to, const void* from, std::size_t bytes) {
  const OpenHeap open;
  std::memmove(to, from, bytes);
}

}  // namespace

namespace emulator {

Faults faults;
void (*on_end_of_kernel)(const Launch&) = nullptr;

bool Faults::strikes(const char* call) {
  ++calls;
  if (calls != fail_at) return false;
  struck = call;
  return true;
}

cudaError_t enqueue(const Launch& launch, cudaStream_t stream, std::function<void()> kernel) {
  if (faults.strikes("launch")) return result(cudaErrorLaunchOutOfResources);
  const auto size = [](dim3 d) { return std::uint64_t{d.x} * d.y * d.z; };
  if (size(launch.block) == 0 || size(launch.block) > 1024 || size(launch.grid) == 0 ||
      launch.shared_bytes > emulator::shared_limit)
    return result(cudaErrorInvalidConfiguration);
  return queue(stream, [launch, kernel = std::move(kernel)] {
    try {
      run_grid(launch, kernel);
      if (on_end_of_kernel) on_end_of_kernel(launch);
    } catch (const std::string& what) {
      sticky = cudaErrorLaunchFailure;
      failure = what;
    }
  });
}

/// Memory that queued work would free is freed: each block that lives costs every launch time.
void reset() {
  const auto forget = [](Stream& stream) {
    for (const Work& work : stream.work)
      if (work.frees) release(work.frees);
    stream.work.clear();
  };
  for (Stream* stream : streams) forget(*stream);
  forget(default_stream);
  sticky = last = cudaSuccess;
  failure.clear();
  faults = {};
}

}  // namespace emulator

using emulator::faults;

// ---- memory ---------------------------------------------------------------------------------------------------------

cudaError_t cudaMalloc(void** p, std::size_t bytes) {
  if (sticky != cudaSuccess) return result(sticky);
  if (faults.strikes("cudaMalloc")) return result(cudaErrorMemoryAllocation);
  *p = bytes ? emulator::allocate(bytes) : nullptr;
  return *p || !bytes ? cudaSuccess : result(cudaErrorMemoryAllocation);
}
cudaError_t cudaMallocManaged(void** p, std::size_t bytes, unsigned) {
  if (sticky != cudaSuccess) return result(sticky);
  // "If size is 0, cudaMallocManaged returns cudaErrorInvalidValue."
  if (bytes == 0) return result(cudaErrorInvalidValue);
  if (faults.strikes("cudaMallocManaged")) return result(cudaErrorMemoryAllocation);
  *p = emulator::allocate_managed(bytes);
  return *p ? cudaSuccess : result(cudaErrorMemoryAllocation);
}
cudaError_t cudaFree(void* p) {
  if (!p) return cudaSuccess;  // "If devPtr is 0, no operation is performed."
  drain_all();                 // queued work may still use it
  return emulator::release(p) ? cudaSuccess : result(cudaErrorInvalidValue);
}
cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t stream) {
  return is_stream(stream) ? cudaMalloc(p, bytes) : result(cudaErrorInvalidResourceHandle);
}
cudaError_t cudaFreeAsync(void* p, cudaStream_t stream) {
  if (!emulator::on_device(p) || !emulator::is_allocated(p, 1)) return result(cudaErrorInvalidValue);
  if (!is_stream(stream)) return result(cudaErrorInvalidResourceHandle);
  stream_of(stream)->work.push_back({nullptr, nullptr, nullptr, nullptr, p});
  return result(sticky);
}
cudaError_t cudaMallocHost(void** p, std::size_t bytes) {
  if (faults.strikes("cudaMallocHost")) return result(cudaErrorMemoryAllocation);
  *p = ::operator new(bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* p) {
  drain_all();
  ::operator delete(p);
  return cudaSuccess;
}
/// There is one pool. "The amount of reserved memory in bytes to hold onto before trying to release memory back to the
/// OS."
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  *pool = reinterpret_cast<cudaMemPool_t>(&emulator::heap);
  return device == 0 ? cudaSuccess : result(cudaErrorInvalidDevice);
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  if (pool != reinterpret_cast<cudaMemPool_t>(&emulator::heap) || attribute != cudaMemPoolAttrReleaseThreshold)
    return result(cudaErrorInvalidValue);
  emulator::heap.kept_bytes = *static_cast<std::uint64_t*>(value);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = emulator::heap.limit_bytes;
  *free = *total - emulator::heap.live_bytes;
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (faults.strikes("cudaMemcpyAsync")) return result(cudaErrorInvalidValue);
  if (!is_valid_copy(to, from, bytes, kind)) return result(cudaErrorInvalidValue);
  return queue(stream, [=] { move(to, from, bytes); });
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (sticky != cudaSuccess) return result(sticky);
  if (faults.strikes("cudaMemcpy")) return result(cudaErrorInvalidValue);
  if (!is_valid_copy(to, from, bytes, kind)) return result(cudaErrorInvalidValue);
  drain_all();
  if (sticky != cudaSuccess) return result(sticky);
  move(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes && !emulator::is_allocated(p, bytes)) return result(cudaErrorInvalidValue);
  return queue(stream, [=] {
    const OpenHeap open;
    std::memset(p, value, bytes);
  });
}
cudaError_t cudaMemset(void* p, int value, std::size_t bytes) {
  const cudaError_t status = cudaMemsetAsync(p, value, bytes, nullptr);
  return status == cudaSuccess ? cudaDeviceSynchronize() : status;
}

// ---- streams and events ---------------------------------------------------------------------------------------------

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned) {
  auto* stream = new Stream;
  streams.insert(stream);
  *handle = reinterpret_cast<cudaStream_t>(stream);
  return cudaSuccess;
}
/// "In case the device is still doing work in the stream stream when cudaStreamDestroy() is called, the function will
/// return immediately and the resources associated with stream will be released automatically once the device has
/// completed all work in stream."
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  if (!handle || !is_stream(handle)) return result(cudaErrorInvalidResourceHandle);
  Stream* stream = stream_of(handle);
  drain(*stream);
  streams.erase(stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  if (!is_stream(handle)) return result(cudaErrorInvalidResourceHandle);
  drain(*stream_of(handle));
  return result(sticky);
}
cudaError_t cudaDeviceSynchronize() {
  drain_all();
  return result(sticky);
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned) {
  *handle = reinterpret_cast<cudaEvent_t>(new Event);
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  delete reinterpret_cast<Event*>(handle);
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream) {
  if (!is_stream(stream)) return result(cudaErrorInvalidResourceHandle);
  auto& event = *reinterpret_cast<Event*>(handle);
  event = {std::make_shared<bool>(false), stream_of(stream)};
  stream_of(stream)->work.push_back({nullptr, event.done, nullptr});
  return result(sticky);
}
/// "Makes all future work submitted to stream wait for all work captured in event." An event that was never recorded
/// has captured nothing.
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t handle, unsigned) {
  if (!is_stream(stream)) return result(cudaErrorInvalidResourceHandle);
  const auto& event = *reinterpret_cast<Event*>(handle);
  stream_of(stream)->work.push_back({nullptr, nullptr, event.done, event.stream});
  return result(sticky);
}
cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  const auto& event = *reinterpret_cast<Event*>(handle);
  while (event.done && !*event.done && !event.stream->work.empty()) run_one(*event.stream);
  return result(sticky);
}

// ---- errors ---------------------------------------------------------------------------------------------------------

/// "Returns the last error that has been produced by any of the runtime calls in the same instance of the CUDA Runtime
/// library in the host thread and resets it to cudaSuccess."
cudaError_t cudaGetLastError() {
  const cudaError_t status = sticky != cudaSuccess ? sticky : last;
  last = cudaSuccess;
  return status;
}
const char* cudaGetErrorName(cudaError_t status) {
  switch (status) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    case cudaErrorLaunchOutOfResources:
      return "cudaErrorLaunchOutOfResources";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorNoKernelImageForDevice:
      return "cudaErrorNoKernelImageForDevice";
    default:
      return "cudaError";
  }
}
const char* cudaGetErrorString(cudaError_t status) {
  return status == sticky && !failure.empty() ? failure.c_str() : cudaGetErrorName(status);
}
