#!/usr/bin/env bash
# headers_alone.sh COMPILER: compiles every header by itself, included twice, with the flags a user needs and no warning.
set -euo pipefail
cd "$(dirname "$0")/../.."
export compiler=$1

alone() {
  compile() {
    printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
      "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Werror -Iinclude -iquote . "$@" -x c++ -
  }
  local header=$1
  shift
  compile "$@" || { echo "FAILED alone: $header"; return 1; }
  ! grep -q AKIN_WITH_STB "$header" || [ ! -e /usr/include/stb/stb_image.h ] ||
    compile -DAKIN_WITH_STB -isystem /usr/include/stb || { echo "FAILED with stb: $header"; return 1; }
  ! grep -q AKIN_WITH_ZLIB "$header" || compile -DAKIN_WITH_ZLIB || { echo "FAILED with zlib: $header"; return 1; }
}
export -f alone

cuda() {  # of a CUDA kernel the host compiler sees what the emulator makes of it
  local include=${CUDAToolkit_ROOT:-/usr/local/cuda}/include
  [ -e "$include/cuda_runtime_api.h" ] || { echo "kernels/cuda: skipped, no $include/cuda_runtime_api.h"; return; }
  find kernels/cuda -name '*.hpp' -print0 | sort -z | INCLUDE=$include xargs -0 -P "$(nproc)" -I{} bash -c \
    'alone "$1" -isystem "$INCLUDE" -include tests/cuda_on_cpu/emulator/emulator.hpp' _ {}
}

mapfile -d '' headers < <(find include kernels -path kernels/cuda -prune -o -name '*.hpp' -print0 | sort -z)
cuda
printf '%s\0' "${headers[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c 'alone "$1"' _ {}
echo "${#headers[@]} headers compile alone with $compiler"
