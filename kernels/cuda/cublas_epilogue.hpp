// What cuBLAS does beside a product, in the same pass, where that is what akin's own passes compute.
//
// Its activations are not. "GELU" is the tanh form, as XLA and llm.c use it; akin's gelu is the exact one. "ReLu" is
// "max(x, 0)": NVIDIA does not say what becomes of NaN, which akin's relu keeps, nor whether the mask for its gradient
// lets 0 through, where akin's gradient is 0.
#pragma once
#if defined(AKIN_WITH_CUBLAS)
#include <cublasLt.h>

#include "../../include/akin/core/macros.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

/// Beside c [m, n] = op(a) op(b), in f32 and bf16: cuBLAS has none in f64. Not for batches.
struct CublasEpilogue {
  cublasLtEpilogue_t kind = CUBLASLT_EPILOGUE_DEFAULT;
  const void* vector = nullptr;  ///< on the device, of the type of c
};

/// Every row of c gets row [n] added, before it is rounded. What akin sees as a row is a column to cuBLAS.
AKIN_LAZY CublasEpilogue adds_row(const void* row) { return {CUBLASLT_EPILOGUE_BIAS, row}; }

/// sums [m] become the sums of the rows of op(a), which cuBLAS sees as its second operand.
AKIN_LAZY CublasEpilogue sums_rows_of_a(void* sums) { return {CUBLASLT_EPILOGUE_BGRADB, sums}; }

}  // namespace akin::inline AKIN_ABI::kernels::detail

#endif
