#!/usr/bin/env bash
# nvcc.sh [NVCC]: nvcc compiles the whole library with no flag besides -Iinclude and with no warning, without and with
# the CUDA kernels.
# Ends with status 77, "skipped", where there is no nvcc.
set -euo pipefail
cd "$(dirname "$0")/../.."
nvcc=${1:-}
[ -n "$nvcc" ] || { echo "skipped: found no nvcc in PATH, CUDAToolkit_ROOT or /usr/local/cuda/bin"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo '#include <akin/akin.hpp>' > "$work/all.cpp"
silent() {
  "$nvcc" -x cu -std=c++20 -Iinclude "$@" -c "$work/all.cpp" -o "$work/all.o" 2>&1 | tee "$work/log"
  ! grep -qE 'warning|error' "$work/log" || { echo "FAILED: nvcc is not silent: $*"; exit 1; }
}
silent
silent -DAKIN_WITH_CUDA --expt-relaxed-constexpr
echo "$("$nvcc" --version | grep release): the whole library compiles without a warning"
