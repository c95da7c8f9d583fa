#!/usr/bin/env bash
# include_cost.sh [RUNS] [COMPILER]: what `#include <akin/akin.hpp>` costs an empty program, beside <gtest/gtest.h>.
# Prints user CPU seconds (median of alternating runs at -O0) and peak memory. Needs GNU time and GoogleTest.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-5} compiler=${2:-g++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for header in akin/akin.hpp gtest/gtest.h; do
  printf '#include <%s>\nint main() {}\n' "$header" > "$work/$(basename "$header").cpp"
done
cost() {  # HEADER FLAGS...: appends "seconds kilobytes" to its list
  local list="$work/$1.list" source="$work/$1.cpp"
  shift
  /usr/bin/time -a -o "$list" -f '%U %M' "$compiler" -std=c++20 -O0 -Iinclude "$@" "$source"
}
median() { sort -n "$1" | awk '{ seconds[NR] = $1; if ($2 > most) most = $2 } END { print seconds[int((NR + 1) / 2)], most / 1024 }'; }

for mode in "-fsyntax-only" "-c -o $work/object.o"; do
  rm -f "$work"/*.list
  for ((run = 0; run < runs; ++run)); do
    cost akin.hpp $mode
    cost gtest.h $mode
  done
  echo "${mode%% *} $(median "$work/akin.hpp.list") $(median "$work/gtest.h.list")" |
    awk '{ printf "%-14s akin %.2f s, %.0f MB   gtest %.2f s, %.0f MB   ratio %.2f\n", $1, $2, $3, $4, $5, $2 / $4 }'
done
