// What a user reads where CUDA cannot be used, and what a program can find out about the machine.
#include <akin/core/cuda_facts.hpp>

#include "twins.hpp"
#if defined(AKIN_EMULATOR)
#include "emulator/faults.hpp"
#endif

namespace akin_test {
namespace {

TEST(CudaFacts, DescribeTheGpuThatTheTestsRunOn) {
  const CudaFacts facts = cuda_facts();
  EXPECT_EQ(facts.problem, "");
  ASSERT_FALSE(facts.devices.empty());
  const CudaDevice& gpu = facts.devices[0];
  EXPECT_EQ(gpu.problem, "") << "it has just run our kernels";
  EXPECT_FALSE(gpu.name.empty());
  EXPECT_GE(gpu.major, 8);
  EXPECT_GT(gpu.bytes, std::size_t{1} << 30);
  EXPECT_GT(gpu.multiprocessors, 0);
  EXPECT_EQ(facts.libraries.at(0).name, "CUDA runtime");
  EXPECT_EQ(facts.libraries.at(0).compiled, facts.libraries.at(0).found) << "both come from one toolkit here";
  EXPECT_NE(facts.driver, "");
}

TEST(CudaFacts, NameTheLibrariesThatAreLinkedIn) {
  const BuildParts parts = build_facts().parts;
  std::string expected = "CUDA runtime", names;
  if (parts.cublas) expected += ", cuBLASLt";
  if (parts.cudnn) expected += ", cuDNN";
  for (const auto& library : cuda_facts().libraries) {
    names += (names.empty() ? "" : ", ") + library.name;
    EXPECT_EQ(library.found.substr(0, library.found.find('.')), library.compiled.substr(0, library.compiled.find('.')))
        << library.name << ": another major version would not have been linked";
  }
  EXPECT_EQ(names, expected);
}

TEST(CudaFacts, WriteVersionsAsPeopleDo) {
  EXPECT_EQ(detail::cuda_version(13000), "13.0");
  EXPECT_EQ(detail::cuda_version(12080), "12.8");
  EXPECT_EQ(detail::library_version(91900), "9.19.0");
  EXPECT_EQ(detail::library_version(130102), "13.1.2");
}

TEST(CudaFacts, ComeFromAKernelThatIsThere) {
  kernels::launch("probe", kernels::Cuda{compute_stream()}, kernels::grid_over(1), detail::probe_kernel<void>);
  synchronize_cuda("probe");
}

#if defined(AKIN_EMULATOR)

/// The machine of one test.
class CudaMachine : public ::testing::Test {
 protected:
  void TearDown() override { emulator::machine = {}; }

  /// What the first op of a program says on the machine as it is.
  std::string refusal() const {
    try {
      cudaStreamDestroy(detail::new_stream());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  void expect_refusal(const std::string& part) const {
    const std::string message = refusal();
    EXPECT_TRUE(message.starts_with("cuda: CUDA says \"")) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_TRUE(message.ends_with("--device cpu")) << message;
  }

  emulator::Machine& machine_ = emulator::machine;
};

TEST_F(CudaMachine, ThatIsCompleteIsTaken) { EXPECT_EQ(refusal(), ""); }

TEST_F(CudaMachine, WithoutDriverSaysSo) {
  machine_.driver = 0;
  expect_refusal("(cudaErrorInsufficientDriver); this machine has no NVIDIA driver: install one, or ");
  EXPECT_EQ(cuda_facts().driver, "");
  EXPECT_NE(cuda_facts().problem.find("no NVIDIA driver"), std::string::npos);
  EXPECT_TRUE(cuda_facts().devices.empty());
  EXPECT_FALSE(cuda_facts().libraries.empty()) << "versions are known all the same";
}

TEST_F(CudaMachine, WithAnOlderDriverNamesBothVersions) {
  machine_.driver = CUDART_VERSION - 990;  // 12.1 for 13.0
  expect_refusal(cat("; the driver serves CUDA ", detail::cuda_version(machine_.driver),
                     ", and this program was "
                     "compiled with ",
                     detail::cuda_version(CUDART_VERSION), ": update the driver, "));
  EXPECT_EQ(cuda_facts().driver, detail::cuda_version(machine_.driver));
}

TEST_F(CudaMachine, WithoutGpuSaysWhereToLook) {
  machine_.devices = 0;
  expect_refusal("(cudaErrorNoDevice); the driver knows of no GPU: see nvidia-smi and CUDA_VISIBLE_DEVICES, or ");
  EXPECT_NE(cuda_facts().problem.find("knows of no GPU"), std::string::npos);
}

TEST_F(CudaMachine, WhoseGpuTheProgramHasNoCodeForSaysHowToCompileIt) {
  machine_.no_code_on = 0, machine_.major = 12, machine_.minor = 1;
  expect_refusal(
      "(cudaErrorNoKernelImageForDevice); Emulated GPU 0 has compute capability 12.1, for which this program "
      "has no code: compile it with -arch=sm_121, in CMake -DCMAKE_CUDA_ARCHITECTURES=121, or ");
  machine_.major = 7, machine_.minor = 5;
  expect_refusal("; Emulated GPU 0 has compute capability 7.5, and akin's kernels need 8.0: use another GPU, or ");
}

TEST_F(CudaMachine, WithSeveralGpusIsListedAndLeftAsItWas) {
  machine_.devices = 3, machine_.current = 1, machine_.no_code_on = 2;
  const CudaFacts facts = cuda_facts();
  ASSERT_EQ(facts.devices.size(), 3u);
  EXPECT_EQ(facts.devices[0].name, "Emulated GPU 0");
  EXPECT_EQ(facts.devices[0].problem + facts.devices[1].problem, "");
  EXPECT_NE(facts.devices[2].problem.find("Emulated GPU 2 has compute capability 9.0, for which"), std::string::npos)
      << facts.devices[2].problem;
  EXPECT_EQ(machine_.current, 1) << "the current device stays";
}

TEST_F(CudaMachine, AnOpThatFindsNoKernelSaysTheSame) {
  for (const auto status :
       {cudaErrorNoKernelImageForDevice, cudaErrorInvalidDeviceFunction, cudaErrorUnsupportedPtxVersion}) {
    try {
      check_cuda("matmul", status);
      FAIL() << status;
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with("matmul: CUDA says \"")) << message;
      EXPECT_NE(message.find("compile it with -arch=sm_90"), std::string::npos) << message;
    }
  }
}

#endif

}  // namespace
}  // namespace akin_test
