// Plain structs of pointers, for kernels with more operands than a parameter list can carry readably.
#pragma once
#include "../include/akin/core/bf16.hpp"

namespace akin::inline AKIN_ABI::kernels {

/// y = relu?(weight (x - mean) rstd + bias (+ add)); x, add, y [rows, channels], the rest [channels].
template <class T>
struct BatchNormForward {
  const T* x;
  const compute_t<T>* weight;  ///< null: 1
  const compute_t<T>* bias;    ///< null: 0
  const compute_t<T>* mean;
  const compute_t<T>* rstd;
  const T* add;  ///< null: nothing is added
  bool relu;
  T* y;
};

namespace detail {

/// weight (x - mean) rstd + bias with scale = weight rstd. One expression for forward and backward, so that the mask
/// of a relu is the same to the bit. x - mean first: x * scale + shift would cancel when |mean| >> sigma.
template <class C>
AKIN_HD C normalized(C x, C mean, C scale, C bias) {
#if defined(__CUDA_ARCH__)
  return fma(x - mean, scale, bias);  // nvcc may fuse or not by what is around: here it must be the same everywhere
#else
  return (x - mean) * scale + bias;
#endif
}

}  // namespace detail

/// The gradients of BatchNormForward. With a relu, its mask is y > 0.
template <class T>
struct BatchNormBackward {
  const T* dy;
  const T* x;
  bool relu;
  const T* y;                  ///< null: nothing was added before the relu, so the mask is computed again from x
  const compute_t<T>* weight;  ///< null: 1
  const compute_t<T>* bias;    ///< null: 0; only the mask needs it
  const compute_t<T>* mean;
  const compute_t<T>* rstd;
  bool training;  ///< mean and rstd came from x, so dx flows through them too
  T* dx;
  T* dadd;  ///< null: not wanted
  compute_t<T>* dweight;
  compute_t<T>* dbias;
};

/// y = weight (x - mean) rstd + bias along each row; x, y [rows, cols], weight, bias [cols], mean, rstd [rows].
template <class T>
struct LayerNormForward {
  const T* x;
  const compute_t<T>* weight;  ///< null: 1
  const compute_t<T>* bias;    ///< null: 0
  double eps;
  T* y;
  compute_t<T>* mean;
  compute_t<T>* rstd;
};

template <class T>
struct LayerNormBackward {
  const T* dy;
  const T* x;
  const compute_t<T>* weight;  ///< null: 1
  const compute_t<T>* mean;
  const compute_t<T>* rstd;
  T* dx;
  compute_t<T>* dweight;
  compute_t<T>* dbias;
};

}  // namespace akin::inline AKIN_ABI::kernels
