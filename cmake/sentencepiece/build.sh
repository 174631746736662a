#!/bin/bash
# Build and install a static SentencePiece.
#   build.sh TARBALL PREFIX WORK
# PREFIX also gets the header of the model's protobuf form (the text normaliser
# needs the character map inside) and the protobuf-lite headers it includes.
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
  -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DSPM_ENABLE_SHARED=OFF -DSPM_ENABLE_TCMALLOC=OFF \
  -DSPM_USE_BUILTIN_PROTOBUF=ON -DSPM_BUILD_TEST=OFF
ninja -C "$work/build" -j "${JOBS:-$(nproc)}" sentencepiece-static
install -D -m 644 "$work/build/src/libsentencepiece.a" "$prefix/lib/libsentencepiece.a"
install -D -m 644 -t "$prefix/include" "$work/source/src/sentencepiece_processor.h" \
  "$work/source/src/builtin_pb/sentencepiece_model.pb.h"
cp -r "$work/source/third_party/protobuf-lite/google" "$prefix/include/"
