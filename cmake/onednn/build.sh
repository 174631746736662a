#!/bin/bash
# Build and install a static, CPU-only oneDNN that multiplies f32, bf16 and int8, without post-ops.
#   build.sh TARBALL PREFIX WORK
# Started again on a WORK that an interrupted build left, it goes on there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tarball=$1
mkdir -p "$2" "$3"
prefix=$(cd "$2" && pwd)
work=$(cd "$3" && pwd)
export CC=${CC:-gcc} CXX=${CXX:-g++} # OpenMP from libgomp: gcc
if [ ! -e "$work/source.done" ]; then
  rm -rf "$work/source"
  mkdir -p "$work/source"
  tar xf "$tarball" --strip-components=1 -C "$work/source"
  # oneDNN compiles every source it finds, also of primitives that ONEDNN_ENABLE_PRIMITIVE
  # leaves out. What only they need goes; --gc-sections drops what still names it.
  (cd "$work/source" &&
    find src/common src/cpu -name '*.cpp' | grep -vxFf "$here/sources.txt" | xargs rm &&
    cp "$here/stand_ins.cpp" src/cpu/x64/ &&
    for p in "$here"/patches/*.patch; do patch -s -p1 < "$p"; done)
  touch "$work/source.done"
fi
# -O1: the products run in code that oneDNN writes at run time; the writers of
# that code, which are most of the build, need not be fast. -fpch-preprocess: for ccache.
cmake -S "$work/source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG -ffunction-sections -fdata-sections -fpch-preprocess -ffile-prefix-map=$work/source=onednn" \
  -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
  -DONEDNN_LIBRARY_TYPE=STATIC -DONEDNN_BUILD_EXAMPLES=OFF -DONEDNN_BUILD_TESTS=OFF \
  -DONEDNN_BUILD_GRAPH=OFF -DONEDNN_CPU_RUNTIME=OMP -DONEDNN_GPU_RUNTIME=NONE \
  -DONEDNN_ENABLE_WORKLOAD=INFERENCE -DONEDNN_ENABLE_PRIMITIVE=MATMUL \
  -DONEDNN_ENABLE_JIT_PROFILING=OFF -DONEDNN_ENABLE_ITT_TASKS=OFF -DONEDNN_VERBOSE=OFF
ninja -C "$work/build" -j "${JOBS:-$(nproc)}" install
