// For tests of akin's own products and convolutions, in a program that has NVIDIA's libraries or their fakes.
#pragma once
#include "include/akin/core/cuda.hpp"

namespace akin_test {

/// While it lives, nothing runs on cuBLAS or cuDNN.
class OwnKernels {
 public:
  OwnKernels() { akin::use_cuda_libraries(false); }
  ~OwnKernels() { akin::use_cuda_libraries(true); }
  OwnKernels(const OwnKernels&) = delete;
  OwnKernels& operator=(const OwnKernels&) = delete;
};

}  // namespace akin_test
