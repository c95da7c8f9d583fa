// The one bridge from the library to the kernels. The two folders lie side by side wherever akin is installed, so the
// relative path holds and -Iinclude is the only flag a user needs.
#pragma once
#include "../../../kernels/cpu/augment.hpp"
#include "../../../kernels/cpu/conv.hpp"
#include "../../../kernels/cpu/dropout.hpp"
#include "../../../kernels/cpu/gemm.hpp"
#include "../../../kernels/cpu/index.hpp"
#include "../../../kernels/cpu/linalg.hpp"
#include "../../../kernels/cpu/map.hpp"
#include "../../../kernels/cpu/norm.hpp"
#include "../../../kernels/cpu/optim.hpp"
#include "../../../kernels/cpu/pool.hpp"
#include "../../../kernels/cpu/reduce.hpp"
#include "../../../kernels/cpu/softmax.hpp"
#include "../../../kernels/cpu/softmax_naive.hpp"
#include "../../../kernels/cpu/sort.hpp"
#include "../../../kernels/cpu/upsample.hpp"
#include "../../../kernels/scalar.hpp"
