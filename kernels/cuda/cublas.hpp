// Matrix products by cuBLASLt, in programs that are compiled with AKIN_WITH_CUBLAS and linked with it.
//
// cuBLAS counts column by column: what it sees is the transpose of a row-major matrix. So it is asked for
// c^T = op(b)^T op(a)^T, with the operands in that order, and nothing is copied.
//
// For every new shape its heuristic is asked once, and the answer is kept. Same bits in every run: cuBLAS promises them
// on GPUs of one kind, and sums that it cuts into parts are added in their own type, in a step of its own.
#pragma once
#if defined(AKIN_WITH_CUBLAS)
#include <cublasLt.h>

#include <limits>

#include "../../include/akin/core/bf16.hpp"
#include "../../include/akin/core/thread.hpp"
#include "../layout.hpp"
#include "cublas_epilogue.hpp"
#include "library_plans.hpp"
#include "scratch.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

AKIN_LAZY void check_cublas(std::string_view op, cublasStatus_t status) {
  check(status == CUBLAS_STATUS_SUCCESS, op, "cuBLAS says \"", cublasLtGetStatusString(status),
        "\"; use_cuda_libraries(false) computes without it");
}

/// `count` products of one shape whose operands begin at equal distances: all that a plan depends on.
struct CublasProduct {
  GemmShape shape;
  std::int64_t count, a_step, b_step;
  cudaDataType_t type;
  cublasComputeType_t compute;
  cublasLtEpilogue_t epilogue;
  std::uint32_t a_alignment, b_alignment, c_alignment, vector_alignment;
  bool operator==(const CublasProduct&) const = default;
};

struct CublasPlan {
  using Layout = Descriptor<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
  Descriptor<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> product;
  Layout a, b, c;
  cublasLtMatmulAlgo_t algorithm;
  std::size_t workspace;
  bool refused;  ///< the library has no algorithm for this
};

template <class T>
inline constexpr cudaDataType_t cublas_type = CUDA_R_32F;
template <>
inline constexpr cudaDataType_t cublas_type<double> = CUDA_R_64F;
template <>
inline constexpr cudaDataType_t cublas_type<bf16> = CUDA_R_16BF;

template <class T>
cublasComputeType_t cublas_compute_type() {
  if (std::is_same_v<T, double>) return CUBLAS_COMPUTE_64F;
  return std::is_same_v<T, float> && allow_tf32() ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

/// The power of two, up to 256, at whose multiples all matrices of a batch begin.
template <class T>
std::uint32_t alignment_of(const T* first, std::int64_t step) {
  const auto all = reinterpret_cast<std::uintptr_t>(first) | static_cast<std::uintptr_t>(step) * sizeof(T) | 256;
  return static_cast<std::uint32_t>(all & -all);
}

template <class D, class A, class V>
void set_cublas(cublasStatus_t (*set)(D, A, const void*, std::size_t), D descriptor, A attribute, const V& value) {
  check_cublas("gemm", set(descriptor, attribute, &value, sizeof value));
}

class Cublas {
 public:
  /// Leaked on purpose: when static objects are destroyed, CUDA may be gone.
  AKIN_LAZY static Cublas& instance() {
    static auto* cublas = new Cublas;
    return *cublas;
  }

  /// Queues c = op(a) op(b) for all items, and its epilogue. False, and nothing is queued, if the library has no
  /// algorithm for it.
  template <class T>
  bool multiply(Cuda queue, const CublasProduct& product, const T* a, const T* b, T* c, const void* vector) {
    const Lock lock(mutex_);
    CublasPlan& plan = plans_.find(product, [&] { return plan_of(product, vector); });
    if (plan.refused) return false;
    if (vector) set_vector(plan, vector);
    const DeviceScratch<unsigned char> workspace("gemm", queue, static_cast<std::int64_t>(plan.workspace));
    const compute_t<T> one = 1, zero = 0;
    const cublasStatus_t status =
        cublasLtMatmul(handle_, plan.product.get(), &one, b, plan.b.get(), a, plan.a.get(), &zero, c, plan.c.get(), c,
                       plan.c.get(), &plan.algorithm, workspace.data(), plan.workspace, queue.stream);
    plan.refused = status == CUBLAS_STATUS_NOT_SUPPORTED;
    if (!plan.refused) check_cublas("gemm", status);
    return !plan.refused;
  }

 private:
  static constexpr std::uint64_t most_workspace = 32 << 20;

  AKIN_LAZY Cublas() { check_cublas("gemm", cublasLtCreate(&handle_)); }

  /// A row-major matrix [rows, cols], as the library sees it.
  AKIN_LAZY static CublasPlan::Layout layout(const CublasProduct& p, std::int64_t rows, std::int64_t cols,
                                             std::int64_t stride, std::int64_t step) {
    cublasLtMatrixLayout_t created = nullptr;
    check_cublas("gemm", cublasLtMatrixLayoutCreate(&created, p.type, static_cast<std::uint64_t>(cols),
                                                    static_cast<std::uint64_t>(rows), stride));
    CublasPlan::Layout layout(created);
    const auto set = cublasLtMatrixLayoutSetAttribute;
    set_cublas(set, created, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(p.count));
    set_cublas(set, created, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, step);
    return layout;
  }

  AKIN_LAZY static void set_vector(const CublasPlan& plan, const void* vector) {
    set_cublas(cublasLtMatmulDescSetAttribute, plan.product.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, vector);
  }

  /// The algorithm is chosen for the alignment of `vector`, not for its values.
  AKIN_LAZY CublasPlan plan_of(const CublasProduct& p, const void* vector) const {
    const GemmShape& s = p.shape;
    CublasPlan plan{};
    cublasLtMatmulDesc_t product = nullptr;
    check_cublas("gemm", cublasLtMatmulDescCreate(&product, p.compute, p.type == CUDA_R_64F ? CUDA_R_64F : CUDA_R_32F));
    plan.product.reset(product);
    const auto set = cublasLtMatmulDescSetAttribute;
    set_cublas(set, product, CUBLASLT_MATMUL_DESC_TRANSA, s.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    set_cublas(set, product, CUBLASLT_MATMUL_DESC_TRANSB, s.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    set_cublas(set, product, CUBLASLT_MATMUL_DESC_EPILOGUE, p.epilogue);
    if (vector) set_vector(plan, vector);
    plan.a = s.transpose_a ? layout(p, s.k, s.m, s.lda, p.a_step) : layout(p, s.m, s.k, s.lda, p.a_step);
    plan.b = s.transpose_b ? layout(p, s.n, s.k, s.ldb, p.b_step) : layout(p, s.k, s.n, s.ldb, p.b_step);
    plan.c = layout(p, s.m, s.n, s.ldc, s.m * s.ldc);
    choose_algorithm(p, plan);
    return plan;
  }

  AKIN_LAZY void choose_algorithm(const CublasProduct& p, CublasPlan& plan) const {
    cublasLtMatmulPreference_t preference = nullptr;
    check_cublas("gemm", cublasLtMatmulPreferenceCreate(&preference));
    const Descriptor<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> owner(preference);
    const auto set = cublasLtMatmulPreferenceSetAttribute;
    set_cublas(set, preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most_workspace);
    set_cublas(set, preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
               std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
    set_cublas(set, preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, p.b_alignment);
    set_cublas(set, preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, p.a_alignment);
    set_cublas(set, preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, p.c_alignment);
    set_cublas(set, preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, p.c_alignment);
    cublasLtMatmulHeuristicResult_t best{};
    int found = 0;
    const cublasStatus_t status =
        cublasLtMatmulAlgoGetHeuristic(handle_, plan.product.get(), plan.b.get(), plan.a.get(), plan.c.get(),
                                       plan.c.get(), preference, 1, &best, &found);
    // Nowhere is it said in full which epilogues there are for what: calling one invalid is a refusal, too.
    const bool refusal = status == CUBLAS_STATUS_NOT_SUPPORTED ||
                         (status == CUBLAS_STATUS_INVALID_VALUE && p.epilogue != CUBLASLT_EPILOGUE_DEFAULT);
    if (!refusal) check_cublas("gemm", status);
    plan.refused = refusal || found == 0 || best.state != CUBLAS_STATUS_SUCCESS;
    plan.algorithm = best.algo;
    plan.workspace = best.workspaceSize;
  }

  Mutex mutex_;
  cublasLtHandle_t handle_ = nullptr;
  PlanTable<CublasProduct, CublasPlan> plans_;
};

/// True if every offset is as far from the last.
AKIN_LAZY bool has_even_steps(const std::int64_t* offset, std::int64_t count) {
  for (std::int64_t i = 1; i < count; ++i)
    if (offset[i] - offset[i - 1] != offset[1] - offset[0] || offset[i] < offset[i - 1]) return false;
  return true;
}

/// What cuBLAS is asked for. The rest is for akin's kernels: nothing to add or to write, items at uneven distances,
/// sizes that do not fit into 32 bits.
AKIN_LAZY bool cublas_takes(const GemmShape& s, std::int64_t count, const std::int64_t* a_offset,
                            const std::int64_t* b_offset) {
  const auto fits = [](std::int64_t n, std::int64_t most) { return n >= 1 && n <= most; };
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max(), most_items = 65535;
  return fits(s.m, most) && fits(s.n, most) && fits(s.k, most) && fits(count, most_items) &&
         has_even_steps(a_offset, count) && has_even_steps(b_offset, count);
}

/// gemm_batch by cuBLAS. False, and nothing is queued, where akin's kernels have to do it.
template <class T>
bool cublas_gemm_batch(Cuda queue, const GemmShape& s, std::int64_t count, const T* a, const std::int64_t* a_offset,
                       const T* b, const std::int64_t* b_offset, T* c, const CublasEpilogue& epilogue = {}) {
  if (!cublas_takes(s, count, a_offset, b_offset)) return false;
  const auto step = [&](const std::int64_t* offset) { return count > 1 ? offset[1] - offset[0] : 0; };
  const std::int64_t a_step = step(a_offset), b_step = step(b_offset);
  const T *const first_a = a + a_offset[0], *const first_b = b + b_offset[0];
  const CublasProduct product{s,
                              count,
                              a_step,
                              b_step,
                              cublas_type<T>,
                              cublas_compute_type<T>(),
                              epilogue.kind,
                              alignment_of(first_a, a_step),
                              alignment_of(first_b, b_step),
                              alignment_of(c, count > 1 ? s.m * s.ldc : 0),
                              alignment_of(static_cast<const T*>(epilogue.vector), 0)};
  return Cublas::instance().multiply(queue, product, first_a, first_b, c, epilogue.vector);
}

/// gemm with an epilogue. False, and neither is queued, where akin's kernels have to do them.
template <class T>
bool cublas_gemm_with(Cuda queue, const CublasEpilogue& epilogue, const GemmShape& s, const T* a, const T* b, T* c) {
  constexpr std::int64_t first = 0;
  return !std::is_same_v<T, double> && use_cuda_libraries() &&
         cublas_gemm_batch(queue, s, 1, a, &first, b, &first, c, epilogue);
}

}  // namespace akin::inline AKIN_ABI::kernels::detail

#endif
