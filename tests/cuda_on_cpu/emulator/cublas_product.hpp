// A matrix product as the fake of cuBLASLt checks and computes it. Sentences are those of cublasLt.h.
#pragma once
#include <cublasLt.h>

#include <utility>

#include "libraries.hpp"

namespace emulator::cublas {

struct Layout {
  cudaDataType type;
  std::uint64_t rows, cols;
  std::int64_t ld;
  std::int32_t batch = 1;
  std::int64_t step = 0;
  bool operator==(const Layout&) const = default;
};
struct Product {
  cublasComputeType_t compute;
  cudaDataType scale;
  cublasOperation_t a = CUBLAS_OP_N, b = CUBLAS_OP_N;
  std::uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* vector = nullptr;  // "Bias or bias gradient vector pointer in the device memory."
};
struct Preference {
  std::uint64_t workspace = 0;
  std::uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
  std::uint32_t alignment[4] = {256, 256, 256, 256};  // of A, B, C, D
};
/// In cublasLtMatmulAlgo_t: what the heuristic has promised, and for which configuration.
struct Algorithm {
  std::uint64_t configuration;
  std::uint64_t workspace;
  std::uint32_t schemes, alignment[4], vector_alignment;
};
static_assert(sizeof(Algorithm) <= sizeof(cublasLtMatmulAlgo_t));

inline constexpr std::uint64_t most = 0x7fffffff;

inline Element element_of(cudaDataType type) {
  return type == CUDA_R_64F ? Element::f64 : type == CUDA_R_16BF ? Element::bf16 : Element::f32;
}

/// "Data type used for multiply and accumulate operations", the scale type and the operands: the manual's table.
inline bool types_match(const Product& p, cudaDataType type) {
  if (type == CUDA_R_64F) return p.compute == CUBLAS_COMPUTE_64F && p.scale == CUDA_R_64F;
  const bool single =
      p.compute == CUBLAS_COMPUTE_32F || (p.compute == CUBLAS_COMPUTE_32F_FAST_TF32 && type == CUDA_R_32F);
  return (type == CUDA_R_32F || type == CUDA_R_16BF) && single && p.scale == CUDA_R_32F;
}

inline const char* wrong_with(const Layout& l) {
  if (l.rows == 0 || l.cols == 0 || l.rows > most || l.cols > most)
    return "Usually only values that can be expressed as int32_t are supported.";
  if (l.ld < static_cast<std::int64_t>(l.rows))
    return "must be large enough so that matrix memory locations are not overlapping (e.g. greater or equal to "
           "CUBLASLT_MATRIX_LAYOUT_ROWS in case of CUBLASLT_ORDER_COL)";
  return l.batch < 1 ? "Number of matmul operations to perform in the batch." : nullptr;
}

/// What is wrong with an epilogue; nullptr if nothing is.
inline const char* wrong_with_epilogue(const Product& p, const Layout& d) {
  if (p.epilogue == CUBLASLT_EPILOGUE_DEFAULT) return nullptr;
  if (p.epilogue != CUBLASLT_EPILOGUE_BIAS && p.epilogue != CUBLASLT_EPILOGUE_BGRADB)
    return "an epilogue that the emulator does not know";
  return d.batch == 1 ? nullptr
                      : "Used together with CUBLASLT_MATMUL_DESC_BIAS_POINTER when matrix D's "
                        "CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT > 1.";
}

/// What is wrong with a configuration; nullptr if nothing is.
inline const char* wrong_with(const Product& p, const Layout& a, const Layout& b, const Layout& c, const Layout& d) {
  for (const Layout* l : {&a, &b, &c, &d})
    if (const char* sentence = wrong_with(*l)) return sentence;
  const auto transposed = [](const Layout& l) { return std::pair(l.cols, l.rows); };
  const auto as_is = [](const Layout& l) { return std::pair(l.rows, l.cols); };
  const auto [m, k] = p.a == CUBLAS_OP_N ? as_is(a) : transposed(a);
  const auto [kb, n] = p.b == CUBLAS_OP_N ? as_is(b) : transposed(b);
  if (k != kb || d.rows != m || d.cols != n || c.rows != m || c.cols != n)
    return "Execute matrix multiplication (D = alpha * op(A) * op(B) + beta * C).";
  if (a.type != d.type || b.type != d.type || c.type != d.type || !types_match(p, d.type))
    return "Compute type, see cudaDataType. Defines data type used for multiply and accumulate operations";
  if (a.batch != d.batch || b.batch != d.batch || c.batch != d.batch)
    return "Number of matmul operations to perform in the batch.";
  if (d.batch > 1 && d.step < static_cast<std::int64_t>(d.cols - 1) * d.ld + static_cast<std::int64_t>(d.rows))
    return "Stride (in elements) to the next matrix for strided batch operation.";
  return wrong_with_epilogue(p, d);
}

inline std::uint64_t configuration_of(const Product& p, const Layout& a, const Layout& b, const Layout& d) {
  std::uint64_t hash = (static_cast<std::uint64_t>(p.epilogue) << 16) + static_cast<std::uint64_t>(p.compute) * 4 +
                       static_cast<std::uint64_t>(p.a) * 2 + static_cast<std::uint64_t>(p.b);
  for (const Layout* l : {&a, &b, &d})
    for (const std::uint64_t value :
         {static_cast<std::uint64_t>(l->type), l->rows, l->cols, static_cast<std::uint64_t>(l->ld),
          static_cast<std::uint64_t>(l->batch), static_cast<std::uint64_t>(l->step)})
      hash = (hash ^ value) * 1099511628211u;
  return hash;
}

struct Operand {
  const char* name;
  const void* data;
  Layout layout;

  void check_memory() const {
    const auto items = static_cast<std::int64_t>(layout.batch - 1) * layout.step;
    const auto one = static_cast<std::int64_t>(layout.cols - 1) * layout.ld + static_cast<std::int64_t>(layout.rows);
    need_on_device("cublasLtMatmul", name, data, items + one, element_of(layout.type));
  }
  std::int64_t index(std::int64_t item, std::int64_t row, std::int64_t col) const {
    return item * layout.step + col * layout.ld + row;
  }
};

struct Call {
  Product product;
  Operand a, b, c;
  void* d;
  double alpha, beta;
  Algorithm algorithm;
  void* workspace;
  std::size_t workspace_bytes;

  double factor(const Operand& x, cublasOperation_t op, std::int64_t item, std::int64_t row, std::int64_t col) const {
    const std::int64_t at = op == CUBLAS_OP_N ? x.index(item, row, col) : x.index(item, col, row);
    const double value = load(element_of(x.layout.type), x.data, at);
    return product.compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? to_tf32(value) : value;
  }
  /// "Intermediate results are stored in output type in the workspace": done wherever it is allowed, every 8 terms.
  void narrow(double& sum) const {
    if (!(algorithm.schemes & (CUBLASLT_REDUCTION_SCHEME_INPLACE | CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE))) return;
    double kept = 0;
    store(element_of(c.layout.type), &kept, 0, sum);
    sum = load(element_of(c.layout.type), &kept, 0);
  }
  /// The sum of term(k) along the inner axis.
  template <class Term>
  double total(Term term) const {
    const auto terms = static_cast<std::int64_t>(product.a == CUBLAS_OP_N ? a.layout.cols : a.layout.rows);
    double sum = 0;
    for (std::int64_t k = 0; k < terms; ++k) {
      sum += term(k);
      if (k % 8 == 7) narrow(sum);
    }
    return sum;
  }
  /// "Bias vector is broadcasted to all columns and added before applying final postprocessing."
  double bias(std::int64_t row) const {
    return product.epilogue == CUBLASLT_EPILOGUE_BIAS ? load(element_of(c.layout.type), product.vector, row) : 0;
  }
  /// "Bias gradient based on the input matrix B. The bias size corresponds to the number of columns of the matrix D. The
  /// reduction happens over the GEMM's "k" dimension."
  void sum_columns_of_b() const {
    for (std::int64_t j = 0; j < static_cast<std::int64_t>(c.layout.cols); ++j)
      store(element_of(c.layout.type), const_cast<void*>(product.vector), j,
            total([&](std::int64_t k) { return factor(b, product.b, 0, k, j); }));
  }
  void check_memory() const {
    for (const Operand* x : {&a, &b, &c}) x->check_memory();
    if (product.epilogue == CUBLASLT_EPILOGUE_DEFAULT) return;
    const auto length = product.epilogue == CUBLASLT_EPILOGUE_BIAS ? c.layout.rows : c.layout.cols;
    need_on_device("cublasLtMatmul", "the bias", product.vector, static_cast<std::int64_t>(length),
                   element_of(c.layout.type));
  }
  void run() const {
    check_memory();
    spoil_workspace("cublasLtMatmul", workspace, workspace_bytes);
    const Element type = element_of(c.layout.type);
    for (std::int64_t item = 0; item < c.layout.batch; ++item)
      for (std::int64_t j = 0; j < static_cast<std::int64_t>(c.layout.cols); ++j)
        for (std::int64_t i = 0; i < static_cast<std::int64_t>(c.layout.rows); ++i) {
          const double sum = total(
              [&](std::int64_t k) { return factor(a, product.a, item, i, k) * factor(b, product.b, item, k, j); });
          const std::int64_t at = c.index(item, i, j);
          store(type, d, at, alpha * sum + (beta == 0 ? 0 : beta * load(type, c.data, at)) + bias(i));
        }
    if (product.epilogue == CUBLASLT_EPILOGUE_BGRADB) sum_columns_of_b();
  }
};

}  // namespace emulator::cublas
