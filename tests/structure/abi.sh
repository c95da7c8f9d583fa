#!/usr/bin/env bash
# abi.sh COMPILER [NVCC]: objects compiled for different instruction sets or backends must refuse to link. If they did
# link, one would call the other's kernels with vectors of another width. Objects of equal builds must link.
set -euo pipefail
cd "$(dirname "$0")/../.."
compiler=$1 nvcc=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/library.cpp" <<'CPP'
#include <akin/autograd/tensor.hpp>
akin::Array make_array() { return akin::Array::ones({}); }  // the type appears in the result only
double read_array(const akin::Array& a) { return a.item(); }
akin::Tensor make_tensor() { return akin::Tensor(akin::Array::ones({})); }
double read_tensor(const akin::Tensor& t) { return t.value().item(); }
CPP
cat > "$work/program.cpp" <<'CPP'
#include <akin/autograd/tensor.hpp>
#if defined(USE_MAKE_ARRAY)
akin::Array make_array();
int main() { return make_array().defined() ? 0 : 1; }
#elif defined(USE_READ_ARRAY)
double read_array(const akin::Array& a);
int main() { return read_array(akin::Array::ones({})) == 1 ? 0 : 1; }
#elif defined(USE_MAKE_TENSOR)
akin::Tensor make_tensor();
int main() { return make_tensor().value().item() == 1 ? 0 : 1; }
#else
double read_tensor(const akin::Tensor& t);
int main() { return read_tensor(akin::Tensor(akin::Array::ones({}))) == 1 ? 0 : 1; }
#endif
CPP

compile() { "$compiler" -std=c++20 -Iinclude -c "$@"; }
link() { "${linker:-$compiler}" "$1" "$2" -lpthread -o "$work/linked" > "$work/log" 2>&1; }

# refuses WHAT LIBRARY_OBJECT FUNCTION PROGRAM_OBJECT
refuses() {
  if link "$2" "$4"; then echo "FAILED: $1 linked through $3()"; exit 1; fi
  grep -q "undefined reference to .*$3" "$work/log" || { echo "FAILED: $1, for another reason:"; cat "$work/log"; exit 1; }
  echo "refused as it should be: $1, $3()"
}

case $(uname -m) in
  x86_64) wide=(-mavx2 -mfma) ;;
  *) wide=() ;;
esac
compile "$work/library.cpp" -o "$work/library.o"
[ ${#wide[@]} = 0 ] || compile "${wide[@]}" "$work/library.cpp" -o "$work/library_wide.o"
if [ -n "$nvcc" ]; then
  with_nvcc() { "$nvcc" -x cu -std=c++20 -Iinclude -c "$@"; }
  with_cuda() { with_nvcc -DAKIN_WITH_CUDA -arch=sm_80 --expt-relaxed-constexpr "$@"; }
  with_nvcc "$work/library.cpp" -o "$work/library_nvcc.o"
  with_cuda "$work/library.cpp" -o "$work/library_cuda.o"
else
  echo "no nvcc here: its objects are left out"
fi

for function in make_array read_array make_tensor read_tensor; do
  compile "-DUSE_${function^^}" "$work/program.cpp" -o "$work/program.o"
  link "$work/library.o" "$work/program.o" || { echo "FAILED: equal builds do not link:"; cat "$work/log"; exit 1; }
  "$work/linked" || { echo "FAILED: the program linked from equal builds does not run"; exit 1; }
  [ ${#wide[@]} = 0 ] || refuses "16-byte program with 32-byte library" "$work/library_wide.o" $function "$work/program.o"
  [ -n "$nvcc" ] || continue
  name=$(basename "$compiler")
  refuses "program of $name with library of nvcc" "$work/library_nvcc.o" $function "$work/program.o"
  linker=$nvcc refuses "program of $name with library of nvcc and CUDA" "$work/library_cuda.o" $function "$work/program.o"
done
[ -n "$nvcc" ] || exit 0
with_cuda -DUSE_READ_ARRAY "$work/program.cpp" -o "$work/program.o"
linker=$nvcc link "$work/library_cuda.o" "$work/program.o" || { echo "FAILED: equal builds with CUDA do not link:"; cat "$work/log"; exit 1; }
for function in make_array read_tensor; do  # in a result and in a parameter
  with_nvcc "-DUSE_${function^^}" "$work/program.cpp" -o "$work/program.o"
  linker=$nvcc refuses "program of nvcc with library of nvcc and CUDA" "$work/library_cuda.o" $function "$work/program.o"
done
