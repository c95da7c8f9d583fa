// Optimizer steps: one pass over values, gradients and states of many tensors (tensor_table.hpp). Twin:
// kernels/cpu/optim.hpp.
//
// No number passes through the host: ahead of the updates, a thread for each tensor resolves its step. Sums are made in
// double: each piece leaves its own, and a warp for each tensor adds them.
#pragma once
#include <type_traits>
#include <vector>

#include "../trust_ratio_steps.hpp"
#include "pack.hpp"
#include "scratch.hpp"
#include "tensor_table.hpp"
#include "warp.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

__device__ inline bool are_aligned(const void* a, const void* b, const void* c = nullptr, const void* d = nullptr) {
  return (reinterpret_cast<std::uintptr_t>(a) | reinterpret_cast<std::uintptr_t>(b) |
          reinterpret_cast<std::uintptr_t>(c) | reinterpret_cast<std::uintptr_t>(d)) %
             16 ==
         0;
}

template <class Step>
using Resolved = decltype(std::declval<const Step&>().resolved(StepNumbers{}, 1.0));

/// A step before it is resolved, of a tensor of n values.
template <class Step>
struct StepToResolve {
  std::int64_t n;
  Step step;
  StepNumbers numbers;
};

template <class Step>
__global__ void resolve_steps_kernel(const TensorTable<StepToResolve<Step>> table, const double* gate,
                                     Resolved<Step>* steps) {
  const double factor = factor_behind(gate, Step::takes_gradient);
  if (factor == 0) return;
  for (std::int64_t i = first_item(); i < table.count; i += item_step())
    steps[i] = table.tensors[i].step.resolved(table.tensors[i].numbers, factor);
}

/// What an update changes and reads of one tensor.
template <class T>
struct UpdatePointers {
  std::int64_t n;
  T* value;
  const T* input;
  T *state0, *state1;
};

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
__device__ void step_pack(const UpdatePointers<T>& of, const Step& step, T scale, std::int64_t i) {
  Pack<T, n> value = load_pack<n>(of.value + i), a{}, b{};
  const Pack<T, n> input = load_pack<n>(of.input + i);
  if (of.state0) a = load_pack<n>(of.state0 + i);
  if (of.state1) b = load_pack<n>(of.state1 + i);
  AKIN_DEVICE_UNROLL
  for (int k = 0; k < n; ++k)
    step_value(step, of.state0 != nullptr, value.values[k], scale * input.values[k], a.values[k], b.values[k]);
  store_pack<n>(of.value + i, value);
  if (of.state0) store_pack<n>(of.state0 + i, a);
  if (of.state1) store_pack<n>(of.state1 + i, b);
}

template <class T, class Step>
__global__ void __launch_bounds__(block_threads)
    apply_updates_kernel(const TensorTable<UpdatePointers<T>> table, const Step* steps, const double* gate,
                         bool takes_gradient) {
  constexpr int n = pack_lanes<T>;
  const double factor = factor_behind(gate, takes_gradient);
  if (factor == 0) return;
  const T scale = static_cast<T>(factor);
  for (std::int64_t piece = blockIdx.x; piece < table.pieces; piece += gridDim.x) {
    const int owner = table.owner(piece);
    const UpdatePointers<T>& of = table.tensors[owner];
    const Step step = steps[owner];
    const std::int64_t begin = (piece - table.first_piece[owner]) * piece_size,
                       end = begin + piece_size < of.n ? begin + piece_size : of.n;
    const bool aligned = are_aligned(of.value, of.input, of.state0, of.state1);
    const std::int64_t packed = aligned ? begin + (end - begin) / n * n : begin;
    for (std::int64_t i = begin + threadIdx.x * n; i < packed; i += block_threads * n) step_pack<n>(of, step, scale, i);
    for (std::int64_t i = packed + threadIdx.x; i < end; i += block_threads) step_pack<1>(of, step, scale, i);
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

/// totals [tensors, sums]: what the pieces of each tensor have left, added by one warp in a fixed order.
template <int sums, class T>
__global__ void add_pieces_kernel(const TensorTable<ValueAndInput<T>> table, const double* parts, double* totals) {
  for (std::int64_t i = blockIdx.x; i < table.count; i += gridDim.x) {
    const double* const of = parts + table.first_piece[i] * sums;
    const std::int64_t pieces = pieces_of_tensor(table.tensors[i].n);
    for (int s = 0; s < sums; ++s) {
      double total = 0;
      for (std::int64_t piece = threadIdx.x; piece < pieces; piece += warp_size) total += of[piece * sums + s];
      total = warp_reduce(total, SumOf{});
      if (threadIdx.x == 0) totals[i * sums + s] = total;
    }
  }
}

/// out [tensors, sums], on the device.
template <int sums, class T>
void tensor_sums(std::string_view op, Cuda queue, const std::vector<ValueAndInput<T>>& tensors, double* out) {
  std::int64_t pieces = 0;
  for (const auto& tensor : tensors) pieces += pieces_of_tensor(tensor.n);
  const DeviceScratch<double> scratch(op, queue, sums * pieces);
  for_each_table(
      tensors.size(), [&](std::size_t i) { return tensors[i]; },
      [&](const TensorTable<ValueAndInput<T>>& table, std::int64_t before, std::int64_t pieces_before) {
        double* const parts = scratch.data() + pieces_before * sums;
        if (table.pieces > 0) launch(op, queue, grid_of_rows(table.pieces), tensor_sums_kernel<sums, T>, table, parts);
        launch(op, queue, grid_of_rows(table.count, warp_size), add_pieces_kernel<sums, T>, table, parts,
               out + before * sums);
      });
}

}  // namespace detail

/// Runs the step of every update over all of its values, as far as the gate lets it.
template <class T, class Step>
void apply_updates(Cuda queue, const std::vector<TensorUpdate<T, Step>>& updates, const double* gate = nullptr) {
  using namespace detail;
  const DeviceScratch<Resolved<Step>> steps("apply_updates", queue, static_cast<std::int64_t>(updates.size()));
  for_each_table(
      updates.size(),
      [&](std::size_t i) {
        return StepToResolve<Step>{updates[i].n, updates[i].step, updates[i].numbers};
      },
      [&](const TensorTable<StepToResolve<Step>>& table, std::int64_t before, std::int64_t) {
        launch("apply_updates", queue, grid_over(table.count), resolve_steps_kernel<Step>, table, gate,
               steps.data() + before);
      });
  for_each_table(
      updates.size(),
      [&](std::size_t i) {
        const auto& u = updates[i];
        return UpdatePointers<T>{u.n, u.value, u.input, u.state0, u.state1};
      },
      [&](const TensorTable<UpdatePointers<T>>& table, std::int64_t before, std::int64_t) {
        if (table.pieces > 0)
          launch("apply_updates", queue, grid_of_rows(table.pieces), apply_updates_kernel<T, Resolved<Step>>, table,
                 steps.data() + before, gate, Step::takes_gradient);
      });
}

/// out[i]: the products of tensor i, summed in double in a fixed order.
template <class T>
void update_products(Cuda queue, const std::vector<ValueAndInput<T>>& tensors, UpdateProducts* out) {
  static_assert(sizeof(UpdateProducts) == 3 * sizeof(double));
  auto* const sums = reinterpret_cast<double*>(out);  // null where there are no tensors
  detail::tensor_sums<3>("update_products", queue, tensors, sums);
}

/// out[i]: |value|^2 of tensor i, summed in double in a fixed order; the inputs are not read.
template <class T>
void squared_norms(Cuda queue, const std::vector<ValueAndInput<T>>& tensors, double* out) {
  detail::tensor_sums<1>("squared_norms", queue, tensors, out);
}

}  // namespace akin::inline AKIN_ABI::kernels
