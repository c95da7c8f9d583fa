#!/usr/bin/env bash
# on_gpu.sh [NVCC [FOLDER]]: builds the CUDA tests with nvcc, for the GPU at hand, and runs them on it, then again under
# compute-sanitizer. Ends with status 77, "skipped", where there is no nvcc or no GPU. FOLDER keeps the objects.
set -euo pipefail
cd "$(dirname "$0")/../.."
nvcc=${1:-}
[ -n "$nvcc" ] || { echo "skipped: found no nvcc in PATH, CUDAToolkit_ROOT or /usr/local/cuda/bin"; exit 77; }
nvidia-smi -L > /dev/null 2>&1 || { echo "skipped: nvidia-smi lists no GPU"; exit 77; }
export nvcc work=${2:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${2:-}" ] || trap 'rm -rf "$work"' EXIT

compile() {
  "$nvcc" -std=c++20 -x cu -DAKIN_WITH_CUDA -arch=native --expt-relaxed-constexpr -Iinclude -I. -Itests \
    -Itests/cuda_on_cpu -c "$1" -o "$work/$(basename "$1" .cpp).o"
}
export -f compile
printf '%s\0' tests/cuda_on_cpu/*_test.cpp | xargs -0 -P "$(nproc)" -I{} bash -c 'compile "$1"' _ {}
"$nvcc" -arch=native "$work"/*_test.o -lgtest -lgtest_main -o "$work/tests"
"$work/tests" --gtest_brief=1
sanitizer=$(command -v compute-sanitizer || echo "$(dirname "$nvcc")/compute-sanitizer")
for tool in memcheck racecheck; do
  "$sanitizer" --tool "$tool" --error-exitcode 1 "$work/tests" --gtest_brief=1 --gtest_filter="-CudaTraining.*"
done
