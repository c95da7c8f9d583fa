// All normalisations of the CPU backend, and their textbook twins.
#pragma once
#include "batch_norm.hpp"
#include "batch_norm_backward.hpp"
#include "layer_norm.hpp"
#include "norm_naive.hpp"
