#!/usr/bin/env bash
# package.sh WAY: the project consumer/ gets akin in one way, and runs. CMakeLists.txt lists the ways and sets
# work, compiler, zlib and stb (not empty: they are here), pkg_config and nvcc (the programs).
set -euo pipefail
cd "$(dirname "$0")/../.."
consumer=$PWD/tests/package/consumer way=$1
source="$work/a source copy" prefix="$work/a moved prefix" here="$work/$way"

fail() { echo "FAILED: $*"; exit 1; }
quietly() { "$@" > "$here/log" 2>&1 || { cat "$here/log"; fail "$@"; }; }
need() { [ -n "$1" ] || { echo "skipped: no $2 here"; exit 77; }; }
configure() { quietly cmake -S "$consumer" -B "$here/build" -DCMAKE_CXX_COMPILER="$compiler" "$@"; }
build_and_run() { quietly cmake --build "$here/build"; "$here/build/consumer"; }
compile() {
  quietly "$compiler" -std=c++20 "$consumer/main.cpp" "$consumer/second.cpp" "$@" -pthread -o "$here/consumer"
  "$here/consumer"
}

# Two installed trees, one with zlib and stb if they are here and one with nothing, from a copy that holds only what a
# user of the library needs.
install_from_copy() {  # PREFIX CMAKE_ARGUMENTS
  local to=$1 build="$here/build of $(basename "$1")"
  shift
  quietly cmake -S "$source" -B "$build" -DCMAKE_CXX_COMPILER="$compiler" -DAKIN_BUILD_TESTS=OFF \
          -DAKIN_BUILD_EXAMPLES=OFF -DAKIN_BUILD_BENCHMARKS=OFF "$@"
  quietly cmake --install "$build" --prefix "$work/prefix before the move"
  mv "$work/prefix before the move" "$to"
}
prepare() {
  rm -rf "$work"
  mkdir -p "$source" "$here"
  cp -r CMakeLists.txt LICENSE cmake include kernels "$source"
  install_from_copy "$prefix"
  install_from_copy "$prefix with nothing" -DAKIN_WITH_ZLIB=OFF -DAKIN_WITH_STB=OFF
}
clean_up() { rm -rf "$work"; }

find_package() {
  configure "-DCMAKE_PREFIX_PATH=$prefix" "-DCONSUMER_WANTS_ZLIB=${zlib:+1}"
  build_and_run
}
version() {  # one place says it; the packages repeat it, and refuse to be taken for another
  local version
  version=$(sed -n 's/^#define AKIN_VERSION "\(.*\)"/\1/p' include/akin/version.hpp)
  configure "-DCMAKE_PREFIX_PATH=$prefix" "-DCONSUMER_VERSION=$version"
  grep -qx "Version: $version" "$prefix/share/pkgconfig/akin.pc" || fail "akin.pc says another version than $version"
  [ -f "$prefix/include/akin-$version/include/akin/akin.hpp" ] || fail "headers are not in include/akin-$version"
  grep -q "^## \[\($version\|Unreleased\)\]" CHANGELOG.md || fail "CHANGELOG.md knows no $version"
}
add_subdirectory() {
  configure "-DCONSUMER_SUBDIRECTORY=$source"
  build_and_run
}
fetch_content() {  # from a local folder; then from an address that does not exist, which a local folder replaces
  configure "-DCONSUMER_FETCH=$source"
  build_and_run
  rm -r "$here/build"
  configure -DCONSUMER_FETCH=https://akin.invalid/akin.zip "-DFETCHCONTENT_SOURCE_DIR_AKIN=$source"
}
pkg_config() {
  need "$pkg_config" pkg-config
  local flags
  export PKG_CONFIG_PATH="$prefix/share/pkgconfig"
  eval "flags=($("$pkg_config" --cflags --libs 'akin >= 0.1'))"  # spaces come escaped, as for a shell
  echo "${flags[*]}"
  compile "${flags[@]}" ${zlib:+-DCONSUMER_WANTS_ZLIB=1}
  ! "$pkg_config" --exists 'akin >= 99' || fail "akin.pc passes for version 99"
  export PKG_CONFIG_PATH="$prefix with nothing/share/pkgconfig"
  ! "$pkg_config" --cflags --libs akin | grep -E 'AKIN_WITH|-lz( |$)' || fail "akin.pc asks for what it was built without"
}
include_folder() { compile -Iinclude; }
copied_folders() {
  mkdir "$here/a copy"
  cp -r include kernels "$here/a copy"
  compile -I "$here/a copy/include"
}
archive() {  # FORMAT: cmake packs and unpacks, so that no other program is needed
  mkdir "$here/unpacked here"
  cmake -E tar cf "$here/akin.$1" "--format=$1" include kernels
  (cd "$here/unpacked here" && cmake -E tar xf "$here/akin.$1")
  diff -r include "$here/unpacked here/include" && diff -r kernels "$here/unpacked here/kernels"
  quietly "$compiler" -std=c++20 -I "$here/unpacked here/include" -fsyntax-only "$consumer/second.cpp"
}
zip() { archive zip; }
tar() { archive gnutar; }
with_zlib() {  # by hand, as the README says; find_package and pkg_config have it from the configuration
  need "$zlib" zlib
  compile -Iinclude -DAKIN_WITH_ZLIB -DCONSUMER_WANTS_ZLIB=1 -lz
}
with_stb() {
  need "$stb" stb_image.h
  configure "-DCMAKE_PREFIX_PATH=$prefix" -DCONSUMER_WANTS_STB=1
  build_and_run
}
with_nothing() {
  configure "-DCMAKE_PREFIX_PATH=$prefix with nothing" -DCONSUMER_WANTS_ZLIB=0 -DCONSUMER_WANTS_STB=0
  build_and_run
}
configure_cuda() {
  configure -DCONSUMER_WANTS_CUDA=ON "-DCMAKE_CUDA_COMPILER=$nvcc" -DCMAKE_CUDA_ARCHITECTURES=80 "$@"
}
with_cuda() {
  need "$nvcc" nvcc
  configure_cuda "-DCMAKE_PREFIX_PATH=$prefix"
  build_and_run
}
cuda_subproject() {
  need "$nvcc" nvcc
  configure_cuda "-DCONSUMER_SUBDIRECTORY=$source" -DAKIN_CUDA=ON -DAKIN_CUBLAS=OFF -DAKIN_CUDNN=OFF
  build_and_run
}
no_paths_of_the_build() {
  local file
  while IFS= read -r -d '' file; do
    ! grep -nF -e "$work" -e "$PWD" -e "${HOME:-/no/home}/" "$file" || fail "$file names a folder of this machine"
  done < <(find "$prefix/share" "$prefix with nothing/share" -type f -print0)
  ! grep -nE '"?/(usr|opt|tmp|home)/' -r "$prefix/share" --include='*.cmake' ||
    fail "a CMake file names a system folder"
  grep -q 'INTERFACE_INCLUDE_DIRECTORIES "${_IMPORT_PREFIX}/' -r "$prefix/share/cmake" ||
    fail "the search found nothing"
}
quiet_subproject() { configure "-DCONSUMER_SUBDIRECTORY=$source" -DCONSUMER_CHECKS_QUIET=ON; }

[ "$way" = prepare ] || [ "$way" = clean_up ] || { rm -rf "$here" && mkdir -p "$here"; }
$way
