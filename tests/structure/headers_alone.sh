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
  compile || { echo "FAILED alone: $header"; return 1; }
  ! grep -q AKIN_WITH_STB "$header" || [ ! -e /usr/include/stb/stb_image.h ] ||
    compile -DAKIN_WITH_STB -isystem /usr/include/stb || { echo "FAILED with stb: $header"; return 1; }
  ! grep -q AKIN_WITH_ZLIB "$header" || compile -DAKIN_WITH_ZLIB || { echo "FAILED with zlib: $header"; return 1; }
}
export -f alone

mapfile -d '' headers < <(find include kernels -name '*.hpp' -print0 | sort -z)
printf '%s\0' "${headers[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c 'alone "$1"' _ {}
echo "${#headers[@]} headers compile alone with $compiler"
