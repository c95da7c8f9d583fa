// Every kernel that the library can launch, in one translation unit for nvcc; kernels.py compiles it.
//
// A function marked AKIN_LAZY is compiled where it is called. Here the mark is taken off: all of them are compiled, and
// so is each kernel that they launch, for each element type that they dispatch to. Nothing is listed by hand.
#include <akin/core/macros.hpp>
#undef AKIN_LAZY
#define AKIN_LAZY [[gnu::used]] inline

#include <akin/akin.hpp>
