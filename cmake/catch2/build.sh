#!/bin/bash
# Build and install Catch2 (static).
#   build.sh TARBALL PREFIX WORK
set -euo pipefail
tarball=$1
mkdir -p "$2" "$3"
prefix=$(cd "$2" && pwd)
work=$(cd "$3" && pwd)
export CC=${CC:-gcc} CXX=${CXX:-g++}
rm -rf "$work/source"
mkdir -p "$work/source"
tar xf "$tarball" --strip-components=1 -C "$work/source"
cmake -S "$work/source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" \
  -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_CXX_STANDARD=20 -DBUILD_TESTING=OFF -DCATCH_INSTALL_DOCS=OFF
ninja -C "$work/build" -j "${JOBS:-$(nproc)}" install
