// The fakes of cuBLASLt and cuDNN refuse what NVIDIA's do, with the sentence that was broken.
#include <gtest/gtest.h>

#include "twins.hpp"
#if defined(AKIN_EMULATOR) && defined(AKIN_WITH_CUBLAS) && defined(AKIN_WITH_CUDNN)
#include <cublasLt.h>
#include <cudnn.h>

#include "emulator/faults.hpp"
#include "emulator/libraries.hpp"
#include "kernels/cuda/library_plans.hpp"

namespace akin_test {
namespace {

using kernels::detail::Descriptor;
using OwnLayout = Descriptor<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using OwnTensor = Descriptor<cudnnTensorDescriptor_t, cudnnDestroyTensorDescriptor>;
using OwnConvolution = Descriptor<cudnnConvolutionDescriptor_t, cudnnDestroyConvolutionDescriptor>;

/// One for all tests: nothing destroys it.
template <class Handle, auto create>
Handle handle_of() {
  static const Handle handle = [] {
    Handle made;
    create(&made);
    return made;
  }();
  return handle;
}

template <class Status>
void expect_refused(Status status, const std::string& sentence) {
  EXPECT_NE(static_cast<int>(status), 0);
  EXPECT_NE(emulator::libraries.broken.find(sentence), std::string::npos) << emulator::libraries.broken;
}

/// A product d[4, 3] = a[4, 5] b[5, 3] of floats, column by column, all of whose parts may be made wrong.
struct RawProduct {
  std::int64_t a_ld = 4, b_rows = 5;
  std::int32_t batch = 1, d_batch = batch;
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  cudaDataType type = CUDA_R_32F, a_type = type;
  std::int64_t a_skip = 0, workspace_skip = 0, workspace_bytes = 1 << 13;
  bool null_b = false, other_algorithm = false;
  std::uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  std::int64_t bias_skip = 0;  ///< once the algorithm is chosen
  bool null_bias = false;

  cublasStatus_t run() const {
    emulator::reset();
    const std::vector<float> host(4096, 1);
    const OnDevice<float> a(host), b(host), d(host), bias(host), workspace(host);
    const auto handle = handle_of<cublasLtHandle_t, cublasLtCreate>();
    cublasLtMatmulDesc_t product;
    cublasLtMatmulDescCreate(&product, compute, type);
    const Descriptor<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> own_product(product);
    cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
    const float* at = null_bias ? nullptr : bias.data();
    cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &at, sizeof at);
    cublasLtMatrixLayout_t la, lb, ld;
    cublasLtMatrixLayoutCreate(&la, a_type, 4, 5, a_ld);
    cublasLtMatrixLayoutCreate(&lb, type, static_cast<std::uint64_t>(b_rows), 3, b_rows);
    cublasLtMatrixLayoutCreate(&ld, type, 4, 3, 4);
    const OwnLayout own_a(la), own_b(lb), own_d(ld);
    const std::int64_t step = 64;
    for (const auto& layout : {la, lb, ld}) {
      const std::int32_t& count = layout == ld ? d_batch : batch;
      cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count);
      cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step);
    }
    cublasLtMatmulPreference_t preference;
    cublasLtMatmulPreferenceCreate(&preference);
    const Descriptor<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> own_preference(preference);
    const std::uint64_t most = 1 << 20;
    cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most, sizeof most);
    cublasLtMatmulHeuristicResult_t best{};
    int found = 0;
    const cublasStatus_t asked =
        cublasLtMatmulAlgoGetHeuristic(handle, product, la, lb, ld, ld, preference, 1, &best, &found);
    if (asked != CUBLAS_STATUS_SUCCESS) return asked;
    if (other_algorithm) best.algo.data[0] ^= 1;
    at += bias_skip;
    cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &at, sizeof at);
    const float one = 1, zero = 0;
    return cublasLtMatmul(handle, product, &one, a.data() + a_skip, la, null_b ? nullptr : b.data(), lb, &zero,
                          d.data(), ld, d.data(), ld, &best.algo, workspace.data() + workspace_skip,
                          static_cast<std::size_t>(workspace_bytes), nullptr);
  }
};

TEST(FakeCublas, RefusesConflictingArguments) {
  EXPECT_EQ(RawProduct{}.run(), CUBLAS_STATUS_SUCCESS);
  expect_refused(RawProduct{.a_ld = 3}.run(), "must be large enough");
  expect_refused(RawProduct{.b_rows = 6}.run(), "Execute matrix multiplication");
  expect_refused(RawProduct{.b_rows = 0}.run(), "int32_t");
  expect_refused(RawProduct{.d_batch = 2}.run(), "Number of matmul operations");
  expect_refused(RawProduct{.compute = CUBLAS_COMPUTE_64F}.run(), "Compute type");
  expect_refused(RawProduct{.a_type = CUDA_R_16BF}.run(), "Compute type");
}

TEST(FakeCublas, RefusesMemoryThatTheAlgorithmCannotUse) {
  expect_refused(RawProduct{.a_skip = 1}.run(), "not as strictly aligned");
  expect_refused(RawProduct{.workspace_skip = 1}.run(), "256B aligned");
  expect_refused(RawProduct{.workspace_bytes = 16}.run(), "workspaceSizeInBytes is less");
  expect_refused(RawProduct{.null_b = true}.run(), "in conflict");
  expect_refused(RawProduct{.other_algorithm = true}.run(), "don't match algo descriptor");
}

TEST(FakeCublas, RefusesEpiloguesThatDoNotFit) {
  for (const std::uint32_t epilogue : {CUBLASLT_EPILOGUE_BIAS, CUBLASLT_EPILOGUE_BGRADB}) {
    EXPECT_EQ(RawProduct{.epilogue = epilogue}.run(), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    expect_refused(RawProduct{.batch = 2, .epilogue = epilogue}.run(), "BATCH_COUNT > 1");
    expect_refused(RawProduct{.compute = CUBLAS_COMPUTE_64F, .type = CUDA_R_64F, .epilogue = epilogue}.run(),
                   "Epilogue is not supported");
    expect_refused(RawProduct{.epilogue = epilogue, .bias_skip = 1}.run(), "expected pointer alignment");
    expect_refused(RawProduct{.epilogue = epilogue, .null_bias = true}.run(), "pointer in the device memory");
    EXPECT_EQ(RawProduct({.epilogue = epilogue, .bias_skip = 1 << 20}).run(), CUBLAS_STATUS_SUCCESS);
    EXPECT_NE(cudaDeviceSynchronize(), cudaSuccess);  // behind the end of its memory
  }
  expect_refused(RawProduct{.epilogue = CUBLASLT_EPILOGUE_GELU}.run(), "does not know");
  EXPECT_EQ(RawProduct{.batch = 2}.run(), CUBLAS_STATUS_SUCCESS);
  emulator::reset();
}

TEST(FakeCublas, RefusesAttributesOfAnotherSize) {
  cublasLtMatmulDesc_t product;
  cublasLtMatmulDescCreate(&product, CUBLAS_COMPUTE_32F, CUDA_R_32F);
  const char transpose = 1;
  expect_refused(cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_TRANSA, &transpose, sizeof transpose),
                 "sizeInBytes doesn't match");
  EXPECT_EQ(cublasLtMatmulDescDestroy(product), CUBLAS_STATUS_SUCCESS);
  EXPECT_NE(cublasLtMatmulDescDestroy(product), CUBLAS_STATUS_SUCCESS);
}

/// y[2, 4, 4, 3] of x[2, 5, 5, 2] and w[3, 2, 2, 2], all of whose parts may be made wrong.
struct RawConvolution {
  int channels = 2, height = 4, filter = 2, groups = 1;
  cudnnDataType_t y_type = CUDNN_DATA_FLOAT;
  cudnnTensorFormat_t format = CUDNN_TENSOR_NHWC;
  cudnnConvolutionFwdAlgo_t algorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
  std::int64_t skip = 0;
  std::size_t workspace_bytes = 1 << 13;

  cudnnStatus_t run() const {
    emulator::reset();
    const std::vector<float> host(4096, 1);
    const OnDevice<float> x(host), w(host), y(host), workspace(host);
    const auto handle = handle_of<cudnnHandle_t, cudnnCreate>();
    cudnnTensorDescriptor_t xd, yd;
    cudnnCreateTensorDescriptor(&xd), cudnnCreateTensorDescriptor(&yd);
    const OwnTensor own_x(xd), own_y(yd);
    cudnnSetTensor4dDescriptor(xd, format, CUDNN_DATA_FLOAT, 2, 2, 5, 5);
    cudnnSetTensor4dDescriptor(yd, CUDNN_TENSOR_NHWC, y_type, 2, 3, height, 4);
    cudnnFilterDescriptor_t wd;
    cudnnCreateFilterDescriptor(&wd);
    const Descriptor<cudnnFilterDescriptor_t, cudnnDestroyFilterDescriptor> own_w(wd);
    cudnnSetFilter4dDescriptor(wd, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, 3, channels, filter, 2);
    cudnnConvolutionDescriptor_t cd;
    cudnnCreateConvolutionDescriptor(&cd);
    const OwnConvolution own_c(cd);
    cudnnSetConvolution2dDescriptor(cd, 0, 0, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT);
    cudnnSetConvolutionGroupCount(cd, groups);
    const float one = 1, zero = 0;
    return cudnnConvolutionForward(handle, &one, xd, x.data() + skip, wd, w.data(), cd, algorithm, workspace.data(),
                                   workspace_bytes, &zero, yd, y.data());
  }
};

TEST(FakeCudnn, RefusesDescriptorsThatDoNotMatch) {
  EXPECT_EQ(RawConvolution{}.run(), CUDNN_STATUS_SUCCESS);
  expect_refused(RawConvolution{.channels = 3}.run(), "input feature maps");
  expect_refused(RawConvolution{.channels = 1, .groups = 2}.run(), "multiple of group count");
  expect_refused(RawConvolution{.height = 5}.run(), "spatial sizes do not match");
  expect_refused(RawConvolution{.filter = 6}.run(), "larger than the input");
  expect_refused(RawConvolution{.y_type = CUDNN_DATA_BFLOAT16}.run(), "non-matching data type");
}

TEST(FakeCudnn, RefusesAlgorithmsAndMemoryThatDoNotFit) {
  expect_refused(RawConvolution{.format = CUDNN_TENSOR_NCHW}.run(), "does not support the parameters");
  expect_refused(RawConvolution{.algorithm = CUDNN_CONVOLUTION_FWD_ALGO_FFT}.run(), "does not support the parameters");
  expect_refused(RawConvolution{.skip = 1}.run(), "misaligned");
  expect_refused(RawConvolution{.workspace_bytes = 16}.run(), "workSpace");
}

TEST(FakeCudnn, RefusesDescriptorsOutOfRange) {
  cudnnTensorDescriptor_t tensor;
  cudnnCreateTensorDescriptor(&tensor);
  const OwnTensor own_tensor(tensor);
  expect_refused(cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 0, 1, 1, 1), "negative");
  expect_refused(cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1 << 16, 1 << 15, 1, 1),
                 "2 Giga-elements");
  cudnnConvolutionDescriptor_t c;
  cudnnCreateConvolutionDescriptor(&c);
  const OwnConvolution own_c(c);
  const auto set = [&](int pad, int stride, int dilation) {
    return cudnnSetConvolution2dDescriptor(c, pad, 0, 1, stride, dilation, 1, CUDNN_CROSS_CORRELATION,
                                           CUDNN_DATA_FLOAT);
  };
  expect_refused(set(-1, 1, 1), "pad_h");
  expect_refused(set(0, 0, 1), "negative or zero");
  expect_refused(set(0, 1, 0), "negative or zero");
}

/// bf16 as the device rounds it.
TEST(FakeNumbers, RoundToTheNearestAndTiesToEven) {
  const auto narrow = [](double value) {
    double kept = 0;
    emulator::store(emulator::Element::bf16, &kept, 0, value);
    return emulator::load(emulator::Element::bf16, &kept, 0);
  };
  std::mt19937 random(3);
  std::uniform_real_distribution<float> draw(-1000, 1000);
  for (int i = 0; i < 1000; ++i) {
    const float value = draw(random);
    EXPECT_EQ(narrow(value), static_cast<double>(static_cast<float>(static_cast<bf16>(value))));
  }
  EXPECT_EQ(narrow(1 + 0x1p-8), 1);
  EXPECT_EQ(narrow(1 + 0x3p-8), 1 + 0x1p-6);
  EXPECT_TRUE(std::isnan(narrow(std::nan(""))));
  EXPECT_EQ(emulator::to_tf32(1 + 0x1p-11), 1);
  EXPECT_EQ(emulator::to_tf32(1 + 0x3p-11), 1 + 0x1p-9);
  EXPECT_EQ(emulator::to_tf32(1 + 0x1p-10), 1 + 0x1p-10);
}

}  // namespace
}  // namespace akin_test

#endif
