// CUDA graphs: what ops have queued once is launched again and again, at the cost of one launch.
#pragma once
#include "device.hpp"
#include "graph_memory.hpp"

namespace akin::inline AKIN_ABI {

#if AKIN_CUDA

/// Whether what ops queue now is kept for a graph.
AKIN_LAZY bool is_recording_graph() { return detail::GraphMemory::recording() != nullptr; }

/// What some ops queued, to be queued again. It keeps the memory of all that they computed.
class CudaGraph {
 public:
  CudaGraph() = default;
  ~CudaGraph() {
    if (graph_) cudaGraphExecDestroy(graph_);
  }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  /// Calls f(), once, and keeps what its ops queue on the compute stream instead of running it. Arrays that f reads must
  /// stay where they are; those that it leaves behind hold values when launch() has run. What f does on the host is not
  /// repeated, and numbers that it passes to kernels stay those of the first time.
  /// Errors: what f throws; f waits for the device, or copies from the host.
  template <class F>
  void record(F f) {
    check(!graph_, "cuda_graph", "holds something already; record another");
    check(!is_recording_graph(), "cuda_graph", "another graph is being recorded; end that first");
    make_room();
    Recorded recorded;
    {
      const Recording recording(memory_, recorded);
      f();
    }
    check_cuda("cuda_graph", recorded.status);
    check_cuda("cuda_graph", cudaGraphInstantiate(&graph_, recorded.graph, 0));
  }

  /// Queues all of it. Errors: nothing was recorded.
  AKIN_LAZY void launch() {
    check(graph_ != nullptr, "cuda_graph", "nothing was recorded");
    check_cuda("cuda_graph", cudaGraphLaunch(graph_, compute_stream()));
  }

 private:
  struct Recorded {
    cudaGraph_t graph = nullptr;
    cudaError_t status = cudaSuccess;
    ~Recorded() {
      if (graph) cudaGraphDestroy(graph);
    }
  };

  /// Between its two ends, ops are recorded. Relaxed: memory is asked of the device meanwhile.
  class Recording {
   public:
    Recording(detail::GraphMemory& memory, Recorded& recorded) : memory_(memory), recorded_(recorded) {
      check_cuda("cuda_graph", cudaStreamBeginCapture(compute_stream(), cudaStreamCaptureModeRelaxed));
      detail::GraphMemory::recording() = &memory;
    }
    ~Recording() {
      recorded_.status = cudaStreamEndCapture(compute_stream(), &recorded_.graph);
      detail::GraphMemory::recording() = nullptr;
      memory_.finish(compute_stream());
    }

   private:
    detail::GraphMemory& memory_;
    Recorded& recorded_;
  };

  /// The memory of the ops of before, which are now those of the graph, goes back to the device.
  AKIN_LAZY static void make_room() {
    synchronize_cuda("cuda_graph");
    check_cuda("cuda_graph", cudaMemPoolTrimTo(detail::device_pool(), 0));
  }

  detail::GraphMemory memory_;
  cudaGraphExec_t graph_ = nullptr;  // destroyed first
};

#else

AKIN_LAZY bool is_recording_graph() { return false; }

class CudaGraph {
 public:
  template <class F>
  void record(F) {
    throw_no_cuda("cuda_graph");
  }
  void launch() { throw_no_cuda("cuda_graph"); }
};

#endif

}  // namespace akin::inline AKIN_ABI
