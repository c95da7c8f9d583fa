// Allocations of the emulated runtime, behind NVIDIA's own header: memory of the device, managed and pinned memory.
// Sentences in quotes are those of the header that a check enforces.
#include <map>
#include <new>

#include "faults.hpp"
#include "memory.hpp"
#include "runtime.hpp"

namespace emulator {

namespace {

std::map<const char*, std::size_t> pinned;

cudaError_t take(const char* call, void** p, std::size_t bytes) {
  if (sticky != cudaSuccess) return result(sticky);
  if (faults.strikes(call)) return result(cudaErrorMemoryAllocation);
  *p = bytes ? allocate(bytes) : nullptr;
  return *p || !bytes ? cudaSuccess : result(cudaErrorMemoryAllocation);
}

/// "During stream capture, this function results in the creation of an allocation node", or a free node: akin has its
/// memory before it captures.
cudaError_t check_no_node(const char* call, const Stream& stream) {
  if (!stream.capture) return cudaSuccess;
  return break_capture(*stream.capture, cudaErrorNotSupported,
                       std::string(call) + ": would make a node of the graph, which akin does without");
}

}  // namespace

bool is_pinned(const void* p, std::size_t bytes) {
  const char* const at = static_cast<const char*>(p);
  auto after = pinned.upper_bound(at);
  if (after == pinned.begin()) return false;
  --after;
  return at + bytes <= after->first + after->second;
}

}  // namespace emulator

using namespace emulator;

// ---- device ---------------------------------------------------------------------------------------------------------

/// "In the case of cudaMalloc, the operation is not enqueued asynchronously to a stream, and is not observed by stream
/// capture." The same holds for all that allocate or free without a stream.
cudaError_t cudaMalloc(void** p, std::size_t bytes) {
  if (const auto status = check_unsafe("cudaMalloc"); status != cudaSuccess) return status;
  return take("cudaMalloc", p, bytes);
}
cudaError_t cudaMallocManaged(void** p, std::size_t bytes, unsigned) {
  if (sticky != cudaSuccess) return result(sticky);
  if (const auto status = check_unsafe("cudaMallocManaged"); status != cudaSuccess) return status;
  // "If size is 0, cudaMallocManaged returns cudaErrorInvalidValue."
  if (bytes == 0) return result(cudaErrorInvalidValue);
  if (faults.strikes("cudaMallocManaged")) return result(cudaErrorMemoryAllocation);
  *p = allocate_managed(bytes);
  return *p ? cudaSuccess : result(cudaErrorMemoryAllocation);
}
cudaError_t cudaFree(void* p) {
  if (!p) return cudaSuccess;  // "If devPtr is 0, no operation is performed."
  if (const auto status = check_unsafe("cudaFree"); status != cudaSuccess) return status;
  wait_for_all();  // queued work may still use it
  return release(p) ? cudaSuccess : result(cudaErrorInvalidValue);
}
cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t handle) {
  const Stream* const stream = find_stream(handle);
  if (!stream) return result(cudaErrorInvalidResourceHandle);
  if (const auto status = check_legacy("cudaMallocAsync", *stream); status != cudaSuccess) return status;
  if (const auto status = check_no_node("cudaMallocAsync", *stream); status != cudaSuccess) return status;
  return take("cudaMallocAsync", p, bytes);
}
cudaError_t cudaFreeAsync(void* p, cudaStream_t handle) {
  if (!on_device(p) || !is_allocated(p, 1)) return result(cudaErrorInvalidValue);
  Stream* const stream = find_stream(handle);
  if (!stream) return result(cudaErrorInvalidResourceHandle);
  if (const auto status = check_legacy("cudaFreeAsync", *stream); status != cudaSuccess) return status;
  if (const auto status = check_no_node("cudaFreeAsync", *stream); status != cudaSuccess) return status;
  stream->work.push_back({.run = nullptr, .frees = p});  // also after a kernel failed
  return result(sticky);
}
/// There is one pool. "The amount of reserved memory in bytes to hold onto before trying to release memory back to the
/// OS."
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  *pool = reinterpret_cast<cudaMemPool_t>(&heap);
  return device == 0 ? cudaSuccess : result(cudaErrorInvalidDevice);
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  if (pool != reinterpret_cast<cudaMemPool_t>(&heap) || attribute != cudaMemPoolAttrReleaseThreshold)
    return result(cudaErrorInvalidValue);
  heap.kept_bytes = *static_cast<std::uint64_t*>(value);
  return cudaSuccess;
}
/// "Releases memory back to the OS until the pool contains fewer than minBytesToKeep reserved bytes": here all that is
/// freed has gone already.
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, std::size_t) {
  return pool == reinterpret_cast<cudaMemPool_t>(&heap) ? cudaSuccess : result(cudaErrorInvalidValue);
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = heap.limit_bytes;
  *free = *total - heap.live_bytes;
  return cudaSuccess;
}

// ---- pinned memory of the host --------------------------------------------------------------------------------------

cudaError_t cudaMallocHost(void** p, std::size_t bytes) {
  if (const auto status = check_unsafe("cudaMallocHost"); status != cudaSuccess) return status;
  if (faults.strikes("cudaMallocHost")) return result(cudaErrorMemoryAllocation);
  *p = ::operator new(bytes);
  pinned[static_cast<const char*>(*p)] = bytes;
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* p) {
  if (!p) return cudaSuccess;
  if (const auto status = check_unsafe("cudaFreeHost"); status != cudaSuccess) return status;
  wait_for_all();
  if (pinned.erase(static_cast<const char*>(p)) == 0) return result(cudaErrorInvalidValue);
  ::operator delete(p);
  return cudaSuccess;
}
