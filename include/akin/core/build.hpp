// What this program was compiled by, and for what: facts that programs print and runs record.
#pragma once
#include <string>

#include "../version.hpp"
#include "error.hpp"
#include "macros.hpp"

namespace akin::inline AKIN_ABI {

/// "GCC 12.2.0", "Clang 14.0.6", or nvcc with its host compiler.
AKIN_LAZY std::string compiler_name() {
#if defined(__clang__)
  const std::string host = "Clang " __clang_version__;
#else
  const std::string host = "GCC " __VERSION__;
#endif
#if defined(__CUDACC__)
  return cat("nvcc ", __CUDACC_VER_MAJOR__, '.', __CUDACC_VER_MINOR__, '.', __CUDACC_VER_BUILD__, " with ", host);
#else
  return host;
#endif
}

/// The optional parts of the library, and whether this program has them.
struct BuildParts {
  bool zlib = false, stb = false, cuda = AKIN_CUDA != 0, cublas = false, cudnn = false;
};

struct BuildFacts {
  std::string version = AKIN_VERSION;
  std::string compiler = compiler_name();
  std::string backend = AKIN_QUOTE(AKIN_BACKEND);
  std::string instruction_set = AKIN_QUOTE(AKIN_ISA);
  int vector_bytes = AKIN_SIMD_BYTES;
  std::string abi = AKIN_QUOTE(AKIN_ABI);  ///< object files with another one refuse to link
  BuildParts parts;
};

AKIN_LAZY BuildFacts build_facts() {
  BuildFacts facts;
#if defined(AKIN_WITH_ZLIB)
  facts.parts.zlib = true;
#endif
#if defined(AKIN_WITH_STB)
  facts.parts.stb = true;
#endif
#if AKIN_CUDA && defined(AKIN_WITH_CUBLAS)
  facts.parts.cublas = true;
#endif
#if AKIN_CUDA && defined(AKIN_WITH_CUDNN)
  facts.parts.cudnn = true;
#endif
  return facts;
}

}  // namespace akin::inline AKIN_ABI
