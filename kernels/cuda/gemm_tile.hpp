// Tiles of a matrix product: how a block of threads reads its operands, and how it multiplies in f32 and f64.
//
// A block of 256 threads owns a square tile of c. Along the terms of the sum it copies a strip of each operand into
// shared memory, multiplies from there, and reads the next strip meanwhile: two buffers, one barrier per strip. Each
// element of a strip of `depth` terms is used `size` times, so global memory is read 2 / size times per product.
//
// An operand is a functor that says where its elements lie, so that one kernel serves stored matrices and the patches
// under a convolution's filter, which are never stored. Rows are those of a, or columns of b:
//   Element, along_terms        neighbours in memory differ in their term, or (false) in their row
//   of(item)                    the operand of one product among many
//   row(i), term(k)             what find() wants to know of a row and of a term: each is worked out once for many uses
//   find(row, term)             where the element lies; null outside of the operand, where it is zero
//   chunks                      chunks of 16 bytes that start at multiples of 16 bytes are wholly inside or outside;
//                               else elements are read one by one, for which wide tiles have no registers left
#pragma once
#include "../../include/akin/core/bf16.hpp"
#include "pack.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

inline constexpr int product_threads = 256;

/// Neighbours in memory, read at once.
template <class T>
using Chunk = Pack<T, pack_lanes<T>>;

/// As one load: a copy of the struct would be one load per element of bf16.
template <class T>
__device__ Chunk<T> load_chunk(const T* p) {
  return __builtin_bit_cast(Chunk<T>, *reinterpret_cast<const uint4*>(p));
}

/// The chunks of a strip, Tile::size rows x Tile::depth terms, that one thread reads: neighbours in a warp read
/// neighbours in memory.
template <class Tile, class Operand>
class StripReader {
  using T = typename Operand::Element;
  static constexpr bool along_terms = Operand::along_terms;
  static constexpr int length = pack_lanes<T>, across = (along_terms ? Tile::depth : Tile::size) / length;
  static constexpr int per_thread = Tile::size * Tile::depth / length / product_threads;
  static_assert(Tile::size * Tile::depth % (length * product_threads) == 0);

 public:
  __device__ StripReader(const Operand& operand, std::int64_t first_row) : operand_(operand), first_row_(first_row) {
    AKIN_DEVICE_UNROLL
    for (int j = 0; j < per_thread; ++j) rows_[j] = operand.row(first_row + row_of(j));
  }

  /// Reads the strip that starts at this term into registers.
  __device__ void read(std::int64_t term) {
    AKIN_DEVICE_UNROLL
    for (int j = 0; j < per_thread; ++j) chunks_[j] = chunk(j, term + term_of(j));
  }
  __device__ void put(uint4* strip) const {
    AKIN_DEVICE_UNROLL
    for (int j = 0; j < per_thread; ++j) Tile::template put<along_terms>(strip, row_of(j), term_of(j), chunks_[j]);
  }

 private:
  static __device__ int nth(int j) { return static_cast<int>(threadIdx.x) + j * product_threads; }
  static __device__ int row_of(int j) { return along_terms ? nth(j) / across : nth(j) % across * length; }
  static __device__ int term_of(int j) { return along_terms ? nth(j) % across * length : nth(j) / across; }

  __device__ Chunk<T> chunk(int j, std::int64_t term) const {
    if (Tile::chunks_only || operand_.chunks) {
      const T* p = operand_.find(rows_[j], operand_.term(term));
      return p ? load_chunk(p) : Chunk<T>{};
    }
    Chunk<T> elements{};
    AKIN_DEVICE_UNROLL
    for (int e = 0; e < length; ++e) {
      const T* p;
      if constexpr (along_terms)
        p = operand_.find(rows_[j], operand_.term(term + e));
      else
        p = operand_.find(operand_.row(first_row_ + row_of(j) + e), operand_.term(term));
      if (p) elements.values[e] = *p;
    }
    return elements;
  }

  const Operand& operand_;
  std::int64_t first_row_;
  typename Operand::Row rows_[per_thread];
  Chunk<T> chunks_[per_thread];
};

/// 64 or 128 squared sums in f32 or f64: a thread holds 4 x 4 of each square of 64. A strip lies in shared memory term
/// by term, so that a thread reads neighbouring rows at once.
template <class T, int squares>
class FmaTile {
  static constexpr int stride = 64 * squares + pack_lanes<T>;  // skewed: chunks along terms are written across

 public:
  using Element = T;
  static constexpr bool chunks_only = squares > 1;
  static constexpr int size = 64 * squares, run = 4;
  static constexpr int depth = product_threads * pack_lanes<T> / size;  // one chunk per thread: more would not fit
  static constexpr int strip_chunks = depth * stride / pack_lanes<T>;

  template <bool along_terms>
  static __device__ void put(uint4* strip, int row, int term, const Chunk<T>& chunk) {
    T* const at = reinterpret_cast<T*>(strip) + term * stride + row;
    if constexpr (along_terms) {
      AKIN_DEVICE_UNROLL
      for (int e = 0; e < pack_lanes<T>; ++e) at[e * stride] = chunk.values[e];
    } else {
      *reinterpret_cast<Chunk<T>*>(at) = chunk;
    }
  }

  template <bool, bool>
  __device__ void multiply(const uint4* a, const uint4* b) {
    AKIN_DEVICE_UNROLL_BY(2)  // all at once, more values would be on the way than a thread has registers
    for (int k = 0; k < depth; ++k) {
      T x[4 * squares], y[4 * squares];
      take(reinterpret_cast<const T*>(a) + k * stride + row(), x);
      take(reinterpret_cast<const T*>(b) + k * stride + col(), y);
      AKIN_DEVICE_UNROLL
      for (int i = 0; i < 4 * squares; ++i) {
        AKIN_DEVICE_UNROLL
        for (int j = 0; j < 4 * squares; ++j) sums_[i][j] += x[i] * y[j];
      }
    }
  }

  /// store(row, col, sums of `run` columns) for all of the thread's sums.
  template <class Store>
  __device__ void for_each_run(Store store) const {
    AKIN_DEVICE_UNROLL
    for (int i = 0; i < 4 * squares; ++i) {
      AKIN_DEVICE_UNROLL
      for (int j = 0; j < squares; ++j) store(row() + i / 4 * 64 + i % 4, col() + j * 64, sums_[i] + 4 * j);
    }
  }

 private:
  static __device__ int row() { return static_cast<int>(threadIdx.x) / 16 * 4; }
  static __device__ int col() { return static_cast<int>(threadIdx.x) % 16 * 4; }

  static __device__ void take(const T* from, T (&to)[4 * squares]) {
    constexpr int length = pack_lanes<T>;
    AKIN_DEVICE_UNROLL
    for (int i = 0; i < 4 * squares; i += length) {
      const auto chunk = *reinterpret_cast<const Chunk<T>*>(from + i / 4 * 64 + i % 4);
      AKIN_DEVICE_UNROLL
      for (int e = 0; e < length; ++e) to[i + e] = chunk.values[e];
    }
  }

  T sums_[4 * squares][4 * squares] = {};
};

}  // namespace akin::inline AKIN_ABI::kernels::detail
