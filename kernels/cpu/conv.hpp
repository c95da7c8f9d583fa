// 2-d convolution: forward and both gradients, fast and by definition.
#pragma once
#include "conv_backward_data.hpp"
#include "conv_backward_weights.hpp"
#include "conv_forward.hpp"
#include "conv_naive.hpp"
