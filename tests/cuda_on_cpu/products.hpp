// Matrix products beside those of the CPU, whoever computes them.
#pragma once
#include "kernels/cpu/gemm.hpp"
#include "kernels/cuda/gemm.hpp"
#include "twins.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/libraries.hpp"
#endif

namespace akin_test {

/// Expects that cuBLAS computes as many products of the body as are said. On a GPU nobody counts.
template <class Body>
void expect_products([[maybe_unused]] std::uint64_t calls, Body body) {
#if defined(AKIN_EMULATOR)
  const std::uint64_t before = emulator::libraries.products;
  body();
  EXPECT_EQ(emulator::libraries.products - before, calls);
#else
  body();
#endif
}

/// Leading dimensions that are `more` elements longer than the lines.
inline kernels::GemmShape product_of(std::int64_t m, std::int64_t n, std::int64_t k, int transposes,
                                     std::int64_t more) {
  const bool a = transposes & 1, b = transposes & 2;
  return {.m = m,
          .n = n,
          .k = k,
          .transpose_a = a,
          .transpose_b = b,
          .lda = (a ? m : k) + more,
          .ldb = (b ? k : n) + more,
          .ldc = n + more};
}
inline std::int64_t size_of_a(const kernels::GemmShape& s) { return s.lda * (s.transpose_a ? s.k : s.m); }
inline std::int64_t size_of_b(const kernels::GemmShape& s) { return s.ldb * (s.transpose_b ? s.n : s.k); }

/// The operands may begin `skip` elements behind the start of their memory.
template <class T>
void compare_product(const kernels::GemmShape& s, std::int64_t skip = 0) {
  SCOPED_TRACE(
      cat(s.m, " x ", s.n, " x ", s.k, " lda ", s.lda, s.transpose_a ? " a^T" : "", s.transpose_b ? " b^T" : ""));
  Twins twins;
  const auto a = twins.input(size_of_a(s) + skip), b = twins.input(size_of_b(s) + skip),
             c = twins.in_out(s.m * s.ldc + skip);
  twins.compare<T>([&](auto queue, auto at) { kernels::gemm(queue, s, at(a) + skip, at(b) + skip, at(c) + skip); });
}

/// `count` products whose operands begin where the offsets say.
template <class T>
void compare_products(const kernels::GemmShape& s, const std::vector<std::int64_t>& a_offset,
                      const std::vector<std::int64_t>& b_offset) {
  const auto count = static_cast<std::int64_t>(a_offset.size());
  Twins twins;
  const auto a = twins.input(size_of_a(s) + *std::max_element(a_offset.begin(), a_offset.end())),
             b = twins.input(size_of_b(s) + *std::max_element(b_offset.begin(), b_offset.end())),
             c = twins.in_out(count * s.m * s.ldc);
  twins.compare<T>([&](auto queue, auto at) {
    kernels::gemm_batch(queue, s, count, at(a), a_offset.data(), at(b), b_offset.data(), at(c));
  });
}

}  // namespace akin_test
