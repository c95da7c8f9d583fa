// Random Tensors that need no gradient.
#pragma once
#include <akin/autograd/tensor.hpp>

#include "test.hpp"

namespace akin {

inline Tensor random_tensor(const Shape& shape, unsigned seed = 1, DType dtype = DType::f32) {
  return Tensor(random_array(shape, seed, dtype));
}

}  // namespace akin
