// All normalisations.
#pragma once
#include "batch_norm.hpp"
#include "l2_normalize.hpp"
#include "layer_norm.hpp"
