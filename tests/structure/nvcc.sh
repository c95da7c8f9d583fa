#!/usr/bin/env bash
# nvcc.sh [NVCC]: nvcc compiles the whole library with the flags that users need and no warning, without and with the
# CUDA kernels; for GPUs that these cannot run on it refuses. A program with CUDA links with NVIDIA's libraries and
# runs: where no GPU can be used it says why and ends with status 1.
# Ends with status 77, "skipped", where there is no nvcc.
set -euo pipefail
cd "$(dirname "$0")/../.."
nvcc=${1:-}
[ -n "$nvcc" ] || { echo "skipped: found no nvcc in PATH, CUDAToolkit_ROOT or /usr/local/cuda/bin"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo '#include <akin/akin.hpp>' > "$work/all.cpp"
cat > "$work/program.cpp" <<'CPP'
#include <akin/core/cuda_facts.hpp>
#include <akin/ops/elementwise.hpp>
#include <akin/ops/matmul.hpp>
#include <cstdio>

int main(int, char** argv) try {
  const akin::Device device = akin::parse_device(argv[1]);
  const akin::Array x = akin::Array::full({2, 2}, 3).to(device);
  for (const auto& library : akin::cuda_facts().libraries)
    std::printf("%s %s\n", library.name.c_str(), library.found.c_str());
  return akin::ops::matmul(x, akin::ops::add(x, x)).slice(0, 0, 1).slice(1, 0, 1).item() == 36 ? 0 : 2;
} catch (const akin::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
CPP

cuda=(-DAKIN_WITH_CUDA --expt-relaxed-constexpr -arch=sm_80)
compile() {  # SOURCE FLAGS
  local name=$1
  shift
  "$nvcc" -x cu -std=c++20 -Iinclude "$@" -c "$work/$name.cpp" -o "$work/$name.o" 2>&1 | tee "$work/log"
  ! grep -qE 'warning|error' "$work/log" || { echo "FAILED: nvcc is not silent: $*"; exit 1; }
}
# ends WITH_STATUS DEVICE: the program that was linked last
ends() {
  local status=0
  "$work/program" "$2" > "$work/out" 2> "$work/err" || status=$?
  cat "$work/out" "$work/err"
  [ $status = "$1" ] || { echo "FAILED: --device $2 ended with status $status instead of $1"; exit 1; }
}
# Links with the libraries that are named, by the flags that a user passes.
runs() {
  local definitions=() library
  for library in "$@"; do
    case $library in
      cublasLt) definitions+=(-DAKIN_WITH_CUBLAS) ;;
      cudnn) definitions+=(-DAKIN_WITH_CUDNN) ;;
    esac
  done
  compile program "${cuda[@]}" "${definitions[@]}"
  "$nvcc" "$work/program.o" "${@/#/-l}" -o "$work/program"
  ends 0 cpu
  if nvidia-smi -L > /dev/null 2>&1; then
    ends 0 cuda
  else
    ends 1 cuda
    grep -q '^error: cuda: CUDA says ".*" (cudaError[A-Za-z]*); .* use --device cpu$' "$work/err" ||
      { echo "FAILED: the message does not say what is missing and what to do"; exit 1; }
  fi
  echo "links and runs: ${*:-cudart alone}"
}

runs
libraries=()
toolkit=$(dirname "$(dirname "$nvcc")")
[ ! -e "$toolkit/include/cublasLt.h" ] || libraries+=(cublasLt)
[ ! -e "$toolkit/include/cudnn.h" ] || libraries+=(cudnn)
[ ${#libraries[@]} = 0 ] || runs "${libraries[@]}"

compile all
compile all "${cuda[@]}"
echo '#include <akin/core/cuda.hpp>' > "$work/older.cpp"
! "$nvcc" -x cu -std=c++20 -Iinclude -DAKIN_WITH_CUDA -arch=sm_75 -c "$work/older.cpp" -o "$work/older.o" 2> "$work/log" &&
  grep -q 'need GPUs of compute capability 8.0' "$work/log" ||
  { echo "FAILED: code for older GPUs is not refused:"; cat "$work/log"; exit 1; }
echo "$("$nvcc" --version | grep release): the whole library compiles without a warning"
