#!/bin/bash
# Build and install the static LibTorch.
#
#   build.sh TARBALL PREFIX WORK
#
# TARBALL  Debian's pytorch_2.6.0+dfsg.orig.tar.xz
# PREFIX   gets lib/libtorch_static.a, include/libtorch/, lib/cmake/LibTorchStatic/
# WORK     scratch folder, 1.5 GB. Started again on a WORK that an interrupted
#          build left, it goes on where that one stopped.
#
# Needs: cmake ninja-build g++ clang (14 or later; CLANG and CLANGXX name another) libfmt-dev patch xz-utils, and
#        python3-yaml python3-typing-extensions for /usr/bin/python3.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tarball=$1
mkdir -p "$2" "$3"
prefix=$(cd "$2" && pwd)
work=$(cd "$3" && pwd)
export CC=${CLANG:-clang} CXX=${CLANGXX:-clang++}
python=${PYTHON:-/usr/bin/python3}

if [ ! -e "$work/generated.done" ]; then
  rm -rf "$work/pytorch" "$work/generated"
  mkdir -p "$work/pytorch"
  tar xf "$tarball" --strip-components=1 -C "$work/pytorch" --exclude='*/test' --exclude='*/android' --exclude='*/docs'
  for p in "$here"/patches/*.patch; do patch -s -p1 -d "$work/pytorch" < "$p"; done
  "$python" "$here/codegen.py" "$work/pytorch" "$work/generated" "$here/ops.txt" "$here/ops_stubs.txt"
  touch "$work/generated.done"
fi
cmake -S "$here" -B "$work/build" -G Ninja -DCMAKE_INSTALL_PREFIX="$prefix" \
  -DPYTORCH_SOURCE="$work/pytorch" -DGENERATED="$work/generated"
ninja -C "$work/build" -j "${JOBS:-$(nproc)}" install
