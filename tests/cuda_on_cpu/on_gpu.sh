#!/usr/bin/env bash
# on_gpu.sh [NVCC [FOLDER]]: builds the CUDA tests with nvcc, for the GPU at hand, with cuBLASLt and cuDNN where they are
# found, and runs them on it, then again under compute-sanitizer. Ends with status 77, "skipped", where there is no nvcc
# or no GPU. FOLDER keeps the objects.
set -euo pipefail
cd "$(dirname "$0")/../.."
nvcc=${1:-}
[ -n "$nvcc" ] || { echo "skipped: found no nvcc in PATH, CUDAToolkit_ROOT or /usr/local/cuda/bin"; exit 77; }
nvidia-smi -L > /dev/null 2>&1 || { echo "skipped: nvidia-smi lists no GPU"; exit 77; }
export nvcc work=${2:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${2:-}" ] || trap 'rm -rf "$work"' EXIT

export flags="" libraries=""
use() {  # use HEADER LIBRARY FLAG
  printf '#include <%s>\nint main() {}\n' "$1" > "$work/use.cpp"
  if "$nvcc" -x cu "$work/use.cpp" "-l$2" -o "$work/use" > "$work/log" 2>&1; then
    flags+=" -D$3" libraries+=" -l$2"
  else
    echo "without $2: nvcc cannot include $1 and link it"
  fi
}
use cublasLt.h cublasLt AKIN_WITH_CUBLAS
use cudnn.h cudnn AKIN_WITH_CUDNN

compile() {
  "$nvcc" -std=c++20 -x cu -DAKIN_WITH_CUDA $flags -arch=native --expt-relaxed-constexpr -Iinclude -I. -Itests \
    -Itests/cuda_on_cpu -c "$1" -o "$work/$(basename "$1" .cpp).o"
}
export -f compile
printf '%s\0' tests/cuda_on_cpu/*_test.cpp | xargs -0 -P "$(nproc)" -I{} bash -c 'compile "$1"' _ {}
"$nvcc" -arch=native "$work"/*_test.o $libraries -Xlinker "-rpath,$(dirname "$nvcc")/../lib64" -lgtest -lgtest_main -o "$work/tests"
"$work/tests" --gtest_brief=1
sanitizer=$(command -v compute-sanitizer || echo "$(dirname "$nvcc")/compute-sanitizer")
for tool in memcheck racecheck; do
  skip="CudaTraining.*:CudaGraphRules.*"  # the rules are broken on purpose, which memcheck reports
  [ $tool = memcheck ] || skip+=":Cublas*:Cudnn*"  # races within NVIDIA's kernels are not ours to judge
  "$sanitizer" --tool "$tool" --error-exitcode 1 "$work/tests" --gtest_brief=1 --gtest_filter="-$skip"
done
