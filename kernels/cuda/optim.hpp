// Optimizer steps: one pass over values, gradients and states, and as many tensors in one launch as its parameters hold.
//
// A table of pointers and sizes travels by value in the kernel's parameters: no copy to the device goes ahead of the
// launch. Tensors are cut into pieces, and a block takes a piece, so a network's many small tensors fill the GPU together.
// Sums are made in double: each piece leaves its own, and the host, which wants them, adds the pieces in order.
#pragma once
#include <array>
#include <type_traits>
#include <vector>

#include "../steps.hpp"
#include "pack.hpp"
#include "scratch.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

inline constexpr std::int64_t piece_size = 8192;

AKIN_HD inline std::int64_t pieces_of_tensor(std::int64_t n) { return (n + piece_size - 1) / piece_size; }

/// Some tensors; those without values are left out. Kernels get at most 4 KiB of parameters.
template <class Tensor>
struct TensorTable {
  static constexpr int most = (4000 - 16) / static_cast<int>(sizeof(Tensor) + sizeof(std::int64_t));
  int count = 0;
  std::int64_t pieces = 0;
  std::int64_t first_piece[most];
  Tensor tensors[most];

  void add(const Tensor& tensor) {
    first_piece[count] = pieces;
    tensors[count++] = tensor;
    pieces += pieces_of_tensor(tensor.n);
  }
  /// The tensor that a piece belongs to.
  __device__ int owner(std::int64_t piece) const {
    int low = 0, high = count;  // first_piece[low] <= piece < first_piece[high]
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (first_piece[middle] <= piece ? low : high) = middle;
    }
    return low;
  }
};

/// Calls f(table, pieces in the tables before) for tables of all tensors.
template <class Tensor, class F>
void for_each_table(const std::vector<Tensor>& tensors, F f) {
  TensorTable<Tensor> table;
  static_assert(sizeof table <= 4000);
  std::int64_t before = 0;
  const auto flush = [&] {
    if (table.count > 0) f(table, before);
    before += table.pieces;
    table.count = 0;
    table.pieces = 0;
  };
  for (const Tensor& tensor : tensors) {
    if (tensor.n == 0) continue;
    if (table.count == table.most) flush();
    table.add(tensor);
  }
  flush();
}

__device__ inline bool are_aligned(const void* a, const void* b, const void* c = nullptr, const void* d = nullptr) {
  return (reinterpret_cast<std::uintptr_t>(a) | reinterpret_cast<std::uintptr_t>(b) |
          reinterpret_cast<std::uintptr_t>(c) | reinterpret_cast<std::uintptr_t>(d)) %
             16 ==
         0;
}

/// The step with as many states as it keeps; see step_range in kernels/cpu/optim.hpp.
template <class T, class Step>
__device__ void step_value(const Step& step, bool has_state, T& value, T input, T& a, T& b) {
  if constexpr (std::is_invocable_v<const Step&, T&, T, T&, T&>) {
    step(value, input, a, b);
  } else if constexpr (!std::is_invocable_v<const Step&, T&, T, T&>) {
    step(value, input);
  } else if constexpr (!std::is_invocable_v<const Step&, T&, T>) {
    step(value, input, a);
  } else {
    has_state ? step(value, input, a) : step(value, input);
  }
}

/// Updates n values from i on.
template <int n, class T, class Step>
__device__ void step_pack(const TensorUpdate<T, Step>& update, std::int64_t i) {
  const auto pack = [i](auto* p) { return reinterpret_cast<Pack<T, n>*>(p + i); };
  Pack<T, n> value = *pack(update.value), a{}, b{};
  const Pack<T, n> input = *reinterpret_cast<const Pack<T, n>*>(update.input + i);
  if (update.state0) a = *pack(update.state0);
  if (update.state1) b = *pack(update.state1);
  for (int k = 0; k < n; ++k)
    step_value(update.step, update.state0 != nullptr, value.values[k], input.values[k], a.values[k], b.values[k]);
  *pack(update.value) = value;
  if (update.state0) *pack(update.state0) = a;
  if (update.state1) *pack(update.state1) = b;
}

template <class T, class Step>
__global__ void __launch_bounds__(block_threads) apply_updates_kernel(const TensorTable<TensorUpdate<T, Step>> table) {
  constexpr int n = pack_lanes<T>;
  for (std::int64_t piece = blockIdx.x; piece < table.pieces; piece += gridDim.x) {
    const int owner = table.owner(piece);
    const TensorUpdate<T, Step>& update = table.tensors[owner];
    const std::int64_t begin = (piece - table.first_piece[owner]) * piece_size,
                       end = begin + piece_size < update.n ? begin + piece_size : update.n;
    const bool aligned = are_aligned(update.value, update.input, update.state0, update.state1);
    const std::int64_t packed = aligned ? begin + (end - begin) / n * n : begin;
    for (std::int64_t i = begin + threadIdx.x * n; i < packed; i += block_threads * n) step_pack<n>(update, i);
    for (std::int64_t i = packed + threadIdx.x; i < end; i += block_threads) step_pack<1>(update, i);
  }
}

/// Values i ... i + n - 1; zeros behind the end.
template <int n, class T>
__device__ Pack<T, n> load_until(const T* p, std::int64_t i, std::int64_t end, bool aligned) {
  if (aligned && i + n <= end) return *reinterpret_cast<const Pack<T, n>*>(p + i);
  Pack<T, n> pack{};
  for (int k = 0; k < n; ++k)
    if (i + k < end) pack.values[k] = p[i + k];
  return pack;
}

/// parts [pieces, sums]: p . p, and with three sums g . g and p . g. Who adds what does not depend on the alignment.
template <int sums, class T>
__global__ void __launch_bounds__(block_threads)
    tensor_sums_kernel(const TensorTable<ValueAndInput<T>> table, double* parts) {
  constexpr int n = pack_lanes<T>;
  for (std::int64_t piece = blockIdx.x; piece < table.pieces; piece += gridDim.x) {
    const int owner = table.owner(piece);
    const ValueAndInput<T>& tensor = table.tensors[owner];
    const std::int64_t begin = (piece - table.first_piece[owner]) * piece_size,
                       end = begin + piece_size < tensor.n ? begin + piece_size : tensor.n;
    const bool aligned = are_aligned(tensor.value, sums == 3 ? tensor.input : nullptr);
    double own[sums] = {};
    for (std::int64_t i = begin + threadIdx.x * n; i < end; i += block_threads * n) {
      const Pack<T, n> p = load_until<n>(tensor.value, i, end, aligned);
      for (const double value : p.values) own[0] += value * value;
      if constexpr (sums == 3) {
        const Pack<T, n> g = load_until<n>(tensor.input, i, end, aligned);
        for (int k = 0; k < n; ++k) {
          const double value = p.values[k], input = g.values[k];
          own[1] += input * input;
          own[2] += value * input;
        }
      }
    }
    for (int s = 0; s < sums; ++s) {
      const double total = block_sum(own[s]);
      if (threadIdx.x == 0) parts[piece * sums + s] = total;
    }
  }
}

/// The sums of every tensor, on the host.
template <int sums, class T>
std::vector<std::array<double, sums>> tensor_sums(std::string_view op, Cuda queue,
                                                  const std::vector<ValueAndInput<T>>& tensors) {
  std::int64_t pieces = 0;
  for (const auto& tensor : tensors) pieces += pieces_of_tensor(tensor.n);
  const DeviceScratch<double> parts(op, queue, sums * pieces);
  for_each_table(tensors, [&](const TensorTable<ValueAndInput<T>>& table, std::int64_t before) {
    launch(op, queue, grid_of_rows(table.pieces), tensor_sums_kernel<sums, T>, table, parts.data() + before * sums);
  });
  std::vector<std::array<double, sums>> of_pieces(static_cast<std::size_t>(pieces)), totals(tensors.size());
  if (pieces > 0) copy_to_host(op, queue, parts.data(), sums * pieces, of_pieces[0].data());
  auto part = of_pieces.begin();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto end = part + pieces_of_tensor(tensors[i].n);
    for (; part != end; ++part)
      for (std::size_t s = 0; s < sums; ++s) totals[i][s] += (*part)[s];
  }
  return totals;
}

}  // namespace detail

/// Runs the step of every update over all of its values.
template <class T, class Step>
void apply_updates(Cuda queue, const std::vector<TensorUpdate<T, Step>>& updates) {
  detail::for_each_table(updates, [&](const detail::TensorTable<TensorUpdate<T, Step>>& table, std::int64_t) {
    launch("apply_updates", queue, grid_of_rows(table.pieces), detail::apply_updates_kernel<T, Step>, table);
  });
}

/// The products of every tensor, summed in double in a fixed order.
template <class T>
std::vector<UpdateProducts> update_products(Cuda queue, const std::vector<ValueAndInput<T>>& tensors) {
  std::vector<UpdateProducts> products;
  for (const auto& sums : detail::tensor_sums<3>("update_products", queue, tensors))
    products.push_back({sums[0], sums[1], sums[2]});
  return products;
}

/// |value|^2 of every tensor, summed in double in a fixed order; the inputs are not read.
template <class T>
std::vector<double> squared_norms(Cuda queue, const std::vector<ValueAndInput<T>>& tensors) {
  std::vector<double> norms;
  for (const auto& sums : detail::tensor_sums<1>("squared_norms", queue, tensors)) norms.push_back(sums[0]);
  return norms;
}

}  // namespace akin::inline AKIN_ABI::kernels
