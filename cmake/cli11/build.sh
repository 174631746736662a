#!/bin/bash
# Install CLI11: its headers, and its own code compiled once (to be used with
# CLI11_COMPILE) instead of in every file of ours that includes it.
#   build.sh TARBALL PREFIX WORK
set -euo pipefail
mkdir -p "$2/include" "$2/lib" "$3"
tar xf "$1" --strip-components=1 -C "$3"
cp -r "$3/include/CLI" "$2/include/"
"${CXX:-g++}" -std=c++20 -O1 -DCLI11_COMPILE -I "$3/include" -c "$3/src/Precompile.cpp" -o "$3/cli11.o"
ar rcs "$2/lib/libCLI11.a" "$3/cli11.o"
