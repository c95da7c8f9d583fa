// Many tensors in one launch: a table of pointers and sizes that travels by value in the kernel's parameters, so no copy
// to the device goes ahead of the launch. Tensors are cut into pieces, and a block takes a piece, so a network's many
// small tensors fill the GPU together.
#pragma once
#include <cstdint>

#include "launch.hpp"

namespace akin::inline AKIN_ABI::kernels::detail {

inline constexpr std::int64_t piece_size = 8192;

AKIN_HD inline std::int64_t pieces_of_tensor(std::int64_t n) { return (n + piece_size - 1) / piece_size; }

/// Some tensors. Kernels get at most 4 KiB of parameters.
template <class Tensor>
struct TensorTable {
  static constexpr int most = (3960 - 16) / static_cast<int>(sizeof(Tensor) + sizeof(std::int64_t));
  int count = 0;
  std::int64_t pieces = 0;
  std::int64_t first_piece[most];
  Tensor tensors[most];

  void add(const Tensor& tensor) {
    first_piece[count] = pieces;
    tensors[count++] = tensor;
    pieces += pieces_of_tensor(tensor.n);
  }
  /// The tensor that a piece belongs to: the last that begins with it or before, so none without values.
  __device__ int owner(std::int64_t piece) const {
    int low = 0, high = count;  // first_piece[low] <= piece < first_piece[high]
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (first_piece[middle] <= piece ? low : high) = middle;
    }
    return low;
  }
};

/// Calls f(table, tensors in the tables before, their pieces) for tables of tensor(i), i < count.
template <class TensorAt, class F>
void for_each_table(std::size_t count, TensorAt tensor, F f) {
  TensorTable<decltype(tensor(count))> table;
  static_assert(sizeof table <= 3960);
  std::int64_t tensors = 0, pieces = 0;
  for (std::size_t i = 0; i < count; ++i) {
    table.add(tensor(i));
    if (table.count < table.most && i + 1 < count) continue;
    f(table, tensors, pieces);
    tensors += table.count, pieces += table.pieces;
    table.count = 0, table.pieces = 0;
  }
}

}  // namespace akin::inline AKIN_ABI::kernels::detail
