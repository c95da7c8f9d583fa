// Graphs of the emulated runtime, behind NVIDIA's own header: work that a capture recorded, with its arguments as of
// then, put on a stream as one.
#include <map>

#include "faults.hpp"
#include "memory.hpp"
#include "runtime.hpp"

namespace emulator {

namespace {

/// What a handle stands for. No handle is used twice, so that one of what was destroyed is found.
template <class T, class Handle>
class Handles {
 public:
  Handle add(T item) {
    items_.emplace(++last_, std::move(item));
    return reinterpret_cast<Handle>(last_);
  }
  T* find(Handle handle) {
    const auto found = items_.find(reinterpret_cast<std::uintptr_t>(handle));
    return found == items_.end() ? nullptr : &found->second;
  }
  bool remove(Handle handle) { return items_.erase(reinterpret_cast<std::uintptr_t>(handle)) > 0; }
  void clear() { items_.clear(); }

 private:
  std::map<std::uintptr_t, T> items_;
  std::uintptr_t last_ = 0;
};

using Graph = std::shared_ptr<const Recording>;

struct Executable {
  Graph graph;
  std::shared_ptr<bool> done{};  ///< of the last launch; null before the first
  Stream* stream = nullptr;
};

Handles<Graph, cudaGraph_t> graphs;
Handles<Executable, cudaGraphExec_t> executables;

/// Whose memory was freed since the capture crashes, as its kernels cannot check their arguments.
void run(const Recording& recording) {
  const OpenHeap open(OpenHeap::Reach::live_blocks);
  for (const auto& work : recording)
    if (sticky == cudaSuccess) work();
}

}  // namespace

cudaGraph_t make_graph(Recording recording) {
  return graphs.add(std::make_shared<const Recording>(std::move(recording)));
}

void forget_graphs() {
  graphs.clear();
  executables.clear();
}

}  // namespace emulator

using namespace emulator;

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t handle, unsigned long long flags) {
  if (sticky != cudaSuccess) return result(sticky);
  if (faults.strikes("cudaGraphInstantiate")) return result(cudaErrorMemoryAllocation);
  const Graph* const graph = graphs.find(handle);
  if (!graph) return result(cudaErrorInvalidValue, "cudaGraphInstantiate: no such graph");
  if (flags != 0) return result(cudaErrorNotSupported, "cudaGraphInstantiate: akin does without flags");
  *executable = executables.add({*graph});
  return cudaSuccess;
}
/// "Each launch is ordered behind both any previous work in stream and any previous launches of graphExec."
cudaError_t cudaGraphLaunch(cudaGraphExec_t handle, cudaStream_t stream) {
  if (faults.strikes("cudaGraphLaunch")) return result(cudaErrorMemoryAllocation);
  Executable* const executable = executables.find(handle);
  if (!executable) return result(cudaErrorInvalidValue, "cudaGraphLaunch: no such executable graph");
  if (!find_stream(stream)) return result(cudaErrorInvalidResourceHandle);
  Work work{.run = [graph = executable->graph] { run(*graph); }};
  if (find_stream(stream)->capture) return put("cudaGraphLaunch", stream, std::move(work));  // part of another graph
  const auto done = std::make_shared<bool>(false);
  work.done = done;
  work.wait_for = executable->done;
  work.waits_on = executable->stream;
  const auto status = put("cudaGraphLaunch", stream, std::move(work));
  if (status == cudaSuccess) executable->done = done, executable->stream = find_stream(stream);
  return status;
}
/// "If the executable graph is in-flight, it will not be terminated, but rather freed asynchronously on completion."
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return executables.remove(executable) ? cudaSuccess : result(cudaErrorInvalidValue);
}
/// Executable graphs that were made of it live on.
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return graphs.remove(graph) ? cudaSuccess : result(cudaErrorInvalidValue);
}
