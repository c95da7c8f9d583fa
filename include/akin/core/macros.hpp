// Build configuration: which backends and which instruction set this translation unit is compiled for.
//
// Both are part of an inline namespace and of an ABI tag, so that object files of different builds refuse to link
// instead of calling each other's kernels with other layouts. The namespace alone is not mangled into return types
// (`Tensor make();` would link across builds); the tag on Tensor, Array and Module closes that hole.
#pragma once

#if !defined(__GNUC__)
#error "akin needs GCC 12+ or Clang 14+: its SIMD kernels use vector extensions"
#endif

// AKIN_WITH_CUBLAS and AKIN_WITH_CUDNN let the CUDA backend use NVIDIA's libraries; its name says which.
#if defined(AKIN_WITH_CUBLAS) && defined(AKIN_WITH_CUDNN)
#define AKIN_WITH_LIBRARIES(backend) backend##_cublas_cudnn
#elif defined(AKIN_WITH_CUBLAS)
#define AKIN_WITH_LIBRARIES(backend) backend##_cublas
#elif defined(AKIN_WITH_CUDNN)
#define AKIN_WITH_LIBRARIES(backend) backend##_cudnn
#else
#define AKIN_WITH_LIBRARIES(backend) backend
#endif

// AKIN_CUDA switches on the tag Cuda and the dispatch to it: where nvcc is told AKIN_WITH_CUDA, and where the tests run
// CUDA kernels on the host. Without it nvcc compiles the CPU backend, as a build of its own that others do not link with.
#if defined(AKIN_EMULATOR)
#define AKIN_CUDA 1
#define AKIN_HD
#define AKIN_BACKEND AKIN_WITH_LIBRARIES(emulated)
#elif defined(__CUDACC__)
#if defined(AKIN_WITH_CUDA)
#define AKIN_CUDA 1
#define AKIN_BACKEND AKIN_WITH_LIBRARIES(with_cuda)
#else
#define AKIN_CUDA 0
#define AKIN_BACKEND nvcc_cpu_only
#endif
#define AKIN_HD __host__ __device__
#else
#define AKIN_CUDA 0
#define AKIN_HD
#define AKIN_BACKEND cpu_only
#endif

// AKIN_MANAGED_CUDA is for tests that know of no device: Arrays that name none lie on Device::cuda, in memory that the
// host may read and write too.
#if defined(AKIN_MANAGED_CUDA) && !AKIN_CUDA
#error "AKIN_MANAGED_CUDA needs the CUDA backend: nvcc with AKIN_WITH_CUDA, or the emulator"
#endif

// The widest vector register. Wider vectors than the machine has are legal C++ but 10-60 times slower.
#if defined(__AVX512F__)
#define AKIN_ISA avx512
#define AKIN_SIMD_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__)
#define AKIN_ISA avx2
#define AKIN_SIMD_BYTES 32
#elif defined(__ARM_NEON)
#define AKIN_ISA neon
#define AKIN_SIMD_BYTES 16
#else
#define AKIN_ISA baseline
#define AKIN_SIMD_BYTES 16
#endif

#define AKIN_JOIN_(a, b) a##_##b
#define AKIN_JOIN(a, b) AKIN_JOIN_(a, b)
#define AKIN_QUOTE_(a) #a
#define AKIN_QUOTE(a) AKIN_QUOTE_(a)
#if defined(AKIN_MANAGED_CUDA)
#define AKIN_ABI AKIN_JOIN(managed, AKIN_JOIN(AKIN_BACKEND, AKIN_ISA))
#else
#define AKIN_ABI AKIN_JOIN(AKIN_BACKEND, AKIN_ISA)
#endif
#define AKIN_ABI_TAG [[gnu::abi_tag(AKIN_QUOTE(AKIN_ABI))]]

// Marks a function that is compiled only where it is called. A program that includes the whole library then pays for
// reading it, not for instantiating every kernel for every element type: that is eight of ten seconds.
#define AKIN_LAZY         \
  template <class = void> \
  inline
// The same, where a member is declared in its class and defined behind it, as a template <class Lazy>.
#define AKIN_LAZY_MEMBER  \
  template <class = void> \
  inline

// Register-blocked kernels keep their accumulators in registers only if every loop over them is fully unrolled.
#if defined(__CUDACC__)  // nvcc warns of this pragma and hands it on to the host compiler
#define AKIN_UNROLL \
  _Pragma("nv_diagnostic push") _Pragma("nv_diag_suppress 1675") _Pragma("GCC unroll 64") _Pragma("nv_diagnostic pop")
#elif defined(__clang__)
#define AKIN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define AKIN_UNROLL _Pragma("GCC unroll 64")
#endif
