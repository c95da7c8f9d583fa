#!/usr/bin/env bash
# consumer.sh BUILD_DIR COMPILER: a small outside project uses akin in each way that the README promises. All folders
# have a space in their name.
set -euo pipefail
build=$(cd "$1" && pwd) compiler=$2
cd "$(dirname "$0")/../.."
root=$PWD project=$PWD/tests/structure/consumer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { echo "-- $1"; }
run_project() {  # NAME CMAKE_ARGUMENT
  cmake -S "$project" -B "$work/$1" -DCMAKE_CXX_COMPILER="$compiler" "$2" > "$work/log" 2>&1 &&
    cmake --build "$work/$1" >> "$work/log" 2>&1 && "$work/$1/consumer" || { cat "$work/log"; exit 1; }
}

step "find_package, from an installed prefix that was moved afterwards"
cmake --install "$build" --prefix "$work/first prefix" > /dev/null
mv "$work/first prefix" "$work/moved prefix"
run_project "by package" "-DCMAKE_PREFIX_PATH=$work/moved prefix"

step "add_subdirectory (FetchContent does the same)"
run_project "by subdirectory" "-DAKIN_SOURCE=$root"

step "no build system: -I and nothing else, on a copy of the two folders"
mkdir "$work/a copy"
cp -r include kernels "$work/a copy"
"$compiler" -std=c++20 -I "$work/a copy/include" "$project/main.cpp" -pthread -o "$work/plain"
"$work/plain"
