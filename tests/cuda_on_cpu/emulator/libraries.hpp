// What the fakes of cuBLASLt and cuDNN share, and what tests may ask and tell them.
//
// They check arguments when they are called, queue the work on the stream as a kernel of one thread, and compute in
// double. What NVIDIA documents as a choice of the library is made so that it hurts: working memory is always needed,
// and comes back as NaN; pointers must be as aligned as was said; TF32 rounds wherever it is allowed.
#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <functional>
#include <string>

namespace emulator {

struct Libraries {
  std::uint64_t products = 0;           ///< queued by cublasLtMatmul
  std::uint64_t epilogues = 0;          ///< how many of them did more than multiply
  std::uint64_t heuristics = 0;         ///< asked of cuBLASLt
  std::uint64_t convolutions = 0;       ///< queued by cuDNN
  std::uint64_t workspace_queries = 0;  ///< asked of cuDNN
  bool refuse = false;                  ///< new shapes are "not supported"; known products as well
  bool refuse_epilogues = false;        ///< new products with an epilogue are "invalid"
  std::string broken;                   ///< the sentence of NVIDIA's that the last refused call broke
};
extern Libraries libraries;

enum class Element { f32, f64, bf16 };
std::int64_t size_of(Element type);
/// Values of device memory, inside queued work.
double load(Element type, const void* p, std::int64_t index);
void store(Element type, void* p, std::int64_t index, double value);
/// The value with 10 bits behind the point, as tensor cores read a float.
double to_tf32(double value);

/// Ends the queued work with an error unless `count` values from p on lie in one live block of the device.
void need_on_device(const char* call, const char* operand, const void* p, std::int64_t count, Element type);
/// The same for working memory, which becomes NaN.
void spoil_workspace(const char* call, void* p, std::size_t bytes);

/// Queues work of the library, as it queues its kernels.
cudaError_t enqueue_call(const char* call, cudaStream_t stream, std::function<void()> work);

}  // namespace emulator
