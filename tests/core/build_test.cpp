#include <akin/core/build.hpp>
#include <akin/core/cuda_facts.hpp>
#include <akin/core/device.hpp>

#include "support/test.hpp"

namespace akin {
namespace {

TEST(BuildFacts, SayWhatTheLibraryWasCompiledFor) {
  const BuildFacts facts = build_facts();
  EXPECT_EQ(facts.version, AKIN_VERSION);
  EXPECT_TRUE(facts.abi.ends_with(facts.backend + "_" + facts.instruction_set)) << facts.abi;
  EXPECT_EQ(facts.vector_bytes, AKIN_SIMD_BYTES);
  EXPECT_EQ(facts.compiler, compiler_name());
  EXPECT_EQ(facts.parts.cuda, has_cuda);
}

TEST(BuildFacts, KnowTheOptionalParts) {
#if defined(AKIN_WITH_ZLIB)
  EXPECT_TRUE(build_facts().parts.zlib);
#else
  EXPECT_FALSE(build_facts().parts.zlib);
#endif
#if defined(AKIN_WITH_STB)
  EXPECT_TRUE(build_facts().parts.stb);
#else
  EXPECT_FALSE(build_facts().parts.stb);
#endif
}

TEST(BuildFacts, NameTheCompilerWithItsVersion) {
  const std::string name = compiler_name();
  EXPECT_NE(name.find_first_of("0123456789"), std::string::npos) << name;
  EXPECT_TRUE(name.find("GCC ") != std::string::npos || name.find("Clang ") != std::string::npos) << name;
}

#if !AKIN_CUDA
TEST(CudaFacts, OfABuildWithoutCudaSayHowToGetIt) {
  const CudaFacts facts = cuda_facts();
  EXPECT_EQ(facts.problem, "this build has no CUDA backend; compile with nvcc and -DAKIN_WITH_CUDA");
  EXPECT_TRUE(facts.devices.empty() && facts.libraries.empty());
}
#endif

}  // namespace
}  // namespace akin
