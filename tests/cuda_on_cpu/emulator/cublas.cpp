// The part of cuBLASLt that akin uses, behind NVIDIA's own header. Refusals are in the words of cublasLt.h; alignment
// of the workspace, c = d and f64 without epilogues are rules of the manual on cublasLtMatmul(), whose wording could not
// be compared here.
#if defined(AKIN_WITH_CUBLAS)
#include <set>

#include "cublas_product.hpp"
#include "emulator.hpp"
#include "faults.hpp"

using namespace emulator::cublas;
using emulator::faults;
using emulator::libraries;

namespace {

std::set<const void*> live;  // handles and descriptors

cublasStatus_t refuse(cublasStatus_t status, const char* sentence) {
  libraries.broken = sentence;
  return status;
}
cublasStatus_t invalid(const char* sentence) { return refuse(CUBLAS_STATUS_INVALID_VALUE, sentence); }

template <class T, class P>
cublasStatus_t create(const char* call, P* pointer, T value) {
  if (faults.strikes(call))
    return refuse(CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED if memory could not be allocated");
  T* const object = new T(value);
  live.insert(object);
  *pointer = reinterpret_cast<P>(object);
  return CUBLAS_STATUS_SUCCESS;
}
template <class T>
cublasStatus_t destroy(void* pointer) {
  if (!live.erase(pointer)) return CUBLAS_STATUS_INVALID_VALUE;
  delete static_cast<T*>(pointer);
  return CUBLAS_STATUS_SUCCESS;
}
template <class T>
T& as(void* pointer) {
  return *static_cast<T*>(pointer);
}

template <class T>
cublasStatus_t set(T* to, const void* from, std::size_t bytes) {
  if (!to) return invalid("an attribute that the emulator does not know");
  if (!from || bytes != sizeof(T))
    return invalid("if buf is NULL or sizeInBytes doesn't match size of internal storage for selected attribute");
  *to = *static_cast<const T*>(from);
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) { return create("cublasLtCreate", handle, 'h'); }
const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : libraries.broken.c_str();
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* product, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  return create("cublasLtMatmulDescCreate", product, Product{compute, scale});
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t product) { return destroy<Product>(product); }
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  auto& p = as<Product>(product);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return set(&p.a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return set(&p.b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return set(&p.epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return set(&p.vector, value, bytes);
    default:
      return set<int>(nullptr, value, bytes);
  }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, std::uint64_t rows,
                                          std::uint64_t cols, std::int64_t ld) {
  return create("cublasLtMatrixLayoutCreate", layout, Layout{type, rows, cols, ld});
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) { return destroy<Layout>(layout); }
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                                std::size_t bytes) {
  auto& l = as<Layout>(layout);
  if (attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT) return set(&l.batch, value, bytes);
  return set(attribute == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET ? &l.step : nullptr, value, bytes);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return create("cublasLtMatmulPreferenceCreate", preference, Preference{});
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy<Preference>(preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                    std::size_t bytes) {
  auto& p = as<Preference>(preference);
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return set(&p.workspace, value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return set(&p.schemes, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return set(&p.alignment[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], value, bytes);
    default:
      return set<int>(nullptr, value, bytes);
  }
}

// ---- products -------------------------------------------------------------------------------------------------------

namespace {

/// Epilogues by the type of the product: the manual's table.
cublasStatus_t refusal_of(const Product& p, const Layout& d) {
  if (p.epilogue == CUBLASLT_EPILOGUE_DEFAULT || d.type != CUDA_R_64F) return CUBLAS_STATUS_SUCCESS;
  return refuse(CUBLAS_STATUS_NOT_SUPPORTED, "Epilogue is not supported.");
}

std::uintptr_t at(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

/// The power of two, up to 256, that divides an address.
std::uint32_t alignment_of(const void* p) { return static_cast<std::uint32_t>((at(p) | 256) & -(at(p) | 256)); }

}  // namespace

/// "Query cublasLt heuristic for algorithm appropriate for given use case": one that needs all that it may.
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int requested,
                                              cublasLtMatmulHeuristicResult_t results[], int* returned) {
  ++libraries.heuristics;
  for (const void* needed :
       {static_cast<void*>(handle), static_cast<void*>(product), static_cast<void*>(a), static_cast<void*>(b),
        static_cast<void*>(c), static_cast<void*>(d), static_cast<void*>(preference)})
    if (!live.count(needed)) return invalid("Handle to the matrix multiplication descriptor.");
  if (requested <= 0) return invalid("if requestedAlgoCount is less or equal to zero");
  if (faults.strikes("cublasLtMatmulAlgoGetHeuristic"))
    return refuse(CUBLAS_STATUS_INTERNAL_ERROR, "an internal error of the library");
  *returned = 0;
  if (libraries.refuse)
    return refuse(CUBLAS_STATUS_NOT_SUPPORTED, "if no heuristic function available for current configuration");
  const auto& p = as<Product>(product);
  const auto& wish = as<Preference>(preference);
  const auto &la = as<Layout>(a), &lb = as<Layout>(b), &lc = as<Layout>(c), &ld = as<Layout>(d);
  if (libraries.refuse_epilogues && p.epilogue != CUBLASLT_EPILOGUE_DEFAULT) return invalid("Epilogue function.");
  if (const char* sentence = wrong_with(p, la, lb, lc, ld)) return invalid(sentence);
  if (const auto status = refusal_of(p, ld); status != CUBLAS_STATUS_SUCCESS) return status;
  Algorithm algorithm{configuration_of(p, la, lb, ld),
                      std::min<std::uint64_t>(wish.workspace, 5000),
                      wish.schemes,
                      {},
                      alignment_of(p.vector)};
  std::copy(std::begin(wish.alignment), std::end(wish.alignment), algorithm.alignment);
  results[0] = {};
  std::memcpy(&results[0].algo, &algorithm, sizeof algorithm);
  results[0].workspaceSize = algorithm.workspace;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  *returned = 1;
  return CUBLAS_STATUS_SUCCESS;
}

namespace {

/// Pointers and working memory of a product; nullptr if nothing is wrong.
const char* wrong_with_memory(const Algorithm& algorithm, const Call& call) {
  const void* operands[] = {call.a.data, call.b.data, call.c.data, call.d};
  const Layout* layouts[] = {&call.a.layout, &call.b.layout, &call.c.layout, &call.c.layout};
  for (int i = 0; i < 4; ++i) {
    const std::int64_t step = layouts[i]->batch > 1 ? layouts[i]->step * size_of(element_of(layouts[i]->type)) : 0;
    if ((at(operands[i]) | static_cast<std::uintptr_t>(step)) % algorithm.alignment[i] != 0)
      return "Selecting a smaller value will exclude algorithms that can not work with matrix A that is not as "
             "strictly "
             "aligned as they need.";
  }
  if (at(call.product.vector) % algorithm.vector_alignment != 0)
    return "Routines that don't dereference this pointer, like cublasLtMatmulAlgoGetHeuristic() depend on its value to "
           "determine expected pointer alignment.";
  if (call.workspace_bytes < algorithm.workspace)
    return "e.g. when workspaceSizeInBytes is less than workspace required by configured algo";
  if (at(call.workspace) % 256 != 0)
    return "workspace: Must be 256B aligned (i.e. lowest 8 bits of address must be 0).";
  return nullptr;
}

}  // namespace

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t product, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algo, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  if (!live.count(handle)) return refuse(CUBLAS_STATUS_NOT_INITIALIZED, "if cuBLASLt handle has not been initialized");
  for (const void* descriptor :
       {static_cast<void*>(product), static_cast<void*>(a_layout), static_cast<void*>(b_layout),
        static_cast<void*>(c_layout), static_cast<void*>(d_layout)})
    if (!live.count(descriptor)) return invalid("Opaque descriptor for cublasLtMatmul() operation details");
  if (!alpha || !beta || !a || !b || !d || !algo || (workspace_bytes > 0 && !workspace))
    return invalid("if parameters are in conflict or in an impossible configuration");
  if (libraries.refuse)
    return refuse(CUBLAS_STATUS_NOT_SUPPORTED,
                  "if current implementation on selected device doesn't support configured operation");
  const auto& p = as<Product>(product);
  if (p.epilogue != CUBLASLT_EPILOGUE_DEFAULT && !p.vector)
    return invalid("Bias or bias gradient vector pointer in the device memory.");
  const Operand left{"A", a, as<Layout>(a_layout)}, right{"B", b, as<Layout>(b_layout)},
      result{"D", c, as<Layout>(c_layout)};
  if (const char* sentence = wrong_with(p, left.layout, right.layout, result.layout, as<Layout>(d_layout)))
    return invalid(sentence);
  if (c == d && !(result.layout == as<Layout>(d_layout)))
    return invalid("in-place matrix multiplication (C == D and Cdesc == Ddesc)");
  Algorithm algorithm;
  std::memcpy(&algorithm, algo, sizeof algorithm);
  if (algorithm.configuration != configuration_of(p, left.layout, right.layout, as<Layout>(d_layout)))
    return invalid("if matrix layout descriptors or operation descriptor don't match algo descriptor");
  const auto scalar = [&](const void* value) {
    return p.scale == CUDA_R_64F ? *static_cast<const double*>(value) : *static_cast<const float*>(value);
  };
  const Call call{p, left, right, result, d, scalar(alpha), scalar(beta), algorithm, workspace, workspace_bytes};
  if (const char* sentence = wrong_with_memory(algorithm, call)) return invalid(sentence);
  if (emulator::enqueue_call("cublasLtMatmul", stream, [call] { call.run(); }) != cudaSuccess)
    return refuse(CUBLAS_STATUS_EXECUTION_FAILED, "if cuda reported execution error from the device");
  ++libraries.products;
  libraries.epilogues += p.epilogue != CUBLASLT_EPILOGUE_DEFAULT;
  return CUBLAS_STATUS_SUCCESS;
}

#endif
