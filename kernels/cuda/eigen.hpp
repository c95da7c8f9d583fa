// Eigenvalues of symmetric matrices in double. Twin: kernels/cpu/linalg.hpp, whose algorithm this is.
//
// The device makes the matrix tridiagonal. The scalar QR sweeps run on the host, which gets 2 n numbers and sends
// rotations; the device turns the eigenvectors, a thread for each column, since rotations of rows leave columns
// independent.
#pragma once
#include <cmath>
#include <vector>

#include "../tridiagonal.hpp"
#include "tridiagonalize.hpp"

namespace akin::inline AKIN_ABI::kernels {

namespace detail {

/// largest = max |a|; NaN if there is one. One block.
template <class T>
__global__ void largest_magnitude_kernel(std::int64_t n, const T* a, T* largest) {
  T own = 0;
  for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) own = MaxOf{}(own, std::abs(a[i]));
  own = block_reduce(own, T(0), MaxOf{});
  if (threadIdx.x == 0) *largest = own;
}

template <class T>
__global__ void divide_kernel(std::int64_t n, T divisor, T* a) {
  for (std::int64_t i = first_item(); i < n; i += item_step()) a[i] /= divisor;
}

/// A sweep turns rows (lo, lo + 1), (lo + 1, lo + 2), ... by rotations first, first + 1, ...
struct Sweep {
  std::int64_t lo, first, count;
};

template <class T>
__global__ void rotate_rows_kernel(std::int64_t n, std::int64_t sweeps, const Sweep* sweep,
                                   const GivensRotation* rotations, T* z) {
  for (std::int64_t j = first_item(); j < n; j += item_step())
    for (std::int64_t s = 0; s < sweeps; ++s) {
      T* place = z + sweep[s].lo * n + j;
      T upper = *place;
      for (std::int64_t r = 0; r < sweep[s].count; ++r, place += n) {
        const GivensRotation turn = rotations[sweep[s].first + r];
        const T lower = place[n];
        *place = turn.c * upper + turn.s * lower;
        upper = turn.c * lower - turn.s * upper;
      }
      *place = upper;
    }
}

template <class T>
__global__ void gather_rows_kernel(std::int64_t n, const std::int64_t* order, const T* from, T* to) {
  for (std::int64_t i = blockIdx.x; i < n; i += gridDim.x)
    for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x) to[i * n + j] = from[order[i] * n + j];
}

/// Sends rotations to the device, a batch at a time: it applies one while the host makes the next.
class RotationQueue {
 public:
  RotationQueue(std::string_view op, Cuda queue, std::int64_t n, double* z) : op_(op), queue_(queue), n_(n), z_(z) {}

  void add(std::int64_t lo, const std::vector<GivensRotation>& rotations) {
    constexpr std::size_t batch = 1 << 16;
    sweeps_.push_back({lo, static_cast<std::int64_t>(rotations_.size()), static_cast<std::int64_t>(rotations.size())});
    rotations_.insert(rotations_.end(), rotations.begin(), rotations.end());
    if (rotations_.size() >= batch) flush();
  }
  void flush() {
    if (sweeps_.empty()) return;
    const auto sweeps = static_cast<std::int64_t>(sweeps_.size()),
               rotations = static_cast<std::int64_t>(rotations_.size());
    const DeviceScratch<Sweep> sweep(op_, queue_, sweeps);
    const DeviceScratch<GivensRotation> rotation(op_, queue_, rotations);
    copy_to_device(op_, queue_, sweeps_.data(), sweeps, sweep.data());
    copy_to_device(op_, queue_, rotations_.data(), rotations, rotation.data());
    sweeps_.clear(), rotations_.clear();
    launch(op_, queue_, grid_over(n_, warp_size), rotate_rows_kernel<double>, n_, sweeps, sweep.data(), rotation.data(),
           z_);
  }

 private:
  std::string_view op_;
  Cuda queue_;
  std::int64_t n_;
  double* z_;
  std::vector<Sweep> sweeps_;
  std::vector<GivensRotation> rotations_;
};

}  // namespace detail

/// Eigenvalues of the symmetric matrix a (overwritten), ascending; row i of `vectors` (may be null) is the eigenvector
/// of values[i]. Returns false if a has values that are not finite.
AKIN_LAZY bool symmetric_eigen(Cuda queue, std::int64_t n, double* a, double* values, double* vectors) {
  if (n == 0) return true;
  constexpr const char* op = "symmetric_eigen";
  double scale = 0;
  const DeviceScratch<double> largest(op, queue, 1);
  launch(op, queue, {dim3(1), dim3(1024)}, detail::largest_magnitude_kernel<double>, n * n, a, largest.data());
  copy_to_host(op, queue, largest.data(), 1, &scale);
  if (!std::isfinite(scale)) return false;
  if (scale == 0) scale = 1;
  launch(op, queue, grid_over(n * n), detail::divide_kernel<double>, n * n, scale, a);

  const DeviceScratch<double> tridiagonal = detail::tridiagonalize(op, queue, n, a);
  const DeviceScratch<double> z(op, queue, vectors ? n * n : 0);
  if (vectors)
    launch(op, queue, grid_over(n * warp_size, detail::eigen_threads), detail::accumulate_reflections_kernel<double>, n,
           a, tridiagonal.data() + 2 * n, z.data());
  std::vector<double> d(static_cast<std::size_t>(2 * n)), sorted;
  copy_to_host(op, queue, tridiagonal.data(), 2 * n, d.data());

  detail::RotationQueue turns(op, queue, n, z.data());
  const bool converged =
      detail::diagonalize_tridiagonal(n, d.data(), d.data() + n, [&](std::int64_t lo, const auto& r) {
        if (vectors) turns.add(lo, r);
      });
  turns.flush();
  const std::vector<std::int64_t> order = detail::ascending_order(n, d.data());
  for (const std::int64_t i : order) sorted.push_back(d[static_cast<std::size_t>(i)] * scale);
  copy_to_device(op, queue, sorted.data(), n, values);
  const DeviceScratch<std::int64_t> device_order(op, queue, n);
  copy_to_device(op, queue, order.data(), n, device_order.data());
  if (vectors)
    launch(op, queue, grid_of_rows(n), detail::gather_rows_kernel<double>, n, device_order.data(), z.data(), vectors);
  return converged;
}

}  // namespace akin::inline AKIN_ABI::kernels
