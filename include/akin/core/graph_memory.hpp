// Device memory of ops, in the order of a stream; and of those whose work a CUDA graph records (cuda_graph.hpp).
#pragma once
#include <algorithm>
#include <vector>

#include "cuda.hpp"
#include "thread.hpp"

#if AKIN_CUDA

namespace akin::inline AKIN_ABI::detail {

/// The kernels of a graph keep their addresses. So what ops give back while a graph is recorded is taken again by later
/// ops of that graph, but by no others; and what they still hold afterwards, results say, stays theirs.
class GraphMemory {
 public:
  GraphMemory() = default;
  /// Frees all but what Arrays still hold: that goes when they do.
  ~GraphMemory() {
    const Lock lock(mutex());
    std::erase_if(blocks(), [&](Block& block) {
      if (block.owner != this) return false;
      block.owner = nullptr;
      if (!block.in_use) cudaFree(block.address);
      return !block.in_use;
    });
  }
  GraphMemory(const GraphMemory&) = delete;
  GraphMemory& operator=(const GraphMemory&) = delete;

  /// Whose graph is being recorded; null if none is.
  AKIN_LAZY static GraphMemory*& recording() {
    static GraphMemory* memory = nullptr;
    return memory;
  }

  /// The smallest block that was given back and is large enough, or a new one. Errors: no room.
  AKIN_LAZY void* take(std::string_view op, std::size_t bytes) {
    const Lock lock(mutex());
    Block* best = nullptr;
    for (Block& block : blocks())
      if (block.owner == this && !block.in_use && bytes <= block.bytes && block.bytes <= 2 * bytes &&
          (!best || block.bytes < best->bytes))
        best = &block;
    if (best) return best->in_use = true, best->address;
    void* address = nullptr;
    check_taken(op, bytes, cudaMalloc(&address, bytes));
    blocks().push_back({address, bytes, this, true});
    return address;
  }

  /// False if the block is no graph's.
  AKIN_LAZY static bool give(void* address) {
    const Lock lock(mutex());
    const auto found =
        std::find_if(blocks().begin(), blocks().end(), [&](const Block& b) { return b.address == address; });
    if (found == blocks().end()) return false;
    found->in_use = false;
    if (!found->owner) cudaFree(address), blocks().erase(found);
    return true;
  }

  /// What was taken before the recording and given back in it: freed by finish(), since a graph would free it each time.
  AKIN_LAZY void give_later(void* address) { given_.push_back(address); }
  AKIN_LAZY void finish(cudaStream_t stream) {
    for (void* address : std::exchange(given_, {})) cudaFreeAsync(address, stream);
  }

 private:
  struct Block {
    void* address;
    std::size_t bytes;
    GraphMemory* owner;  ///< null where the graph is gone
    bool in_use;
  };
  /// Of all graphs. Leaked on purpose: when static objects are destroyed, Arrays may still be alive.
  AKIN_LAZY static std::vector<Block>& blocks() {
    static auto* all = new std::vector<Block>;
    return *all;
  }
  AKIN_LAZY static Mutex& mutex() {
    static auto* mutex = new Mutex;
    return *mutex;
  }

  std::vector<void*> given_;
};

/// Device memory in the order of a stream: what give_device gives back there may be taken again by the next op, while
/// kernels of earlier ones still run. Errors: out of memory, with what was asked for and what is free.
AKIN_LAZY void* take_device(std::string_view op, std::size_t bytes, cudaStream_t stream) {
  if (GraphMemory* graph = GraphMemory::recording()) return graph->take(op, bytes);
  void* block = nullptr;
  check_taken(op, bytes, cudaMallocAsync(&block, bytes, stream));
  return block;
}
AKIN_LAZY void give_device(void* block, cudaStream_t stream) {
  if (GraphMemory::give(block)) return;
  if (GraphMemory* graph = GraphMemory::recording()) return graph->give_later(block);
  cudaFreeAsync(block, stream);
}

}  // namespace akin::inline AKIN_ABI::detail

#endif
