// safetensors: named arrays in one file that PyTorch, JAX and others read too. No code in it, nothing to execute.
//
//   io::save_safetensors("encoder.safetensors", {{"conv1.weight", weight}}, {{"akin", AKIN_VERSION}});
//   const Array weight = io::load_safetensors("encoder.safetensors").at("conv1.weight");
#pragma once
#include "safetensors_reader.hpp"
#include "safetensors_writer.hpp"
