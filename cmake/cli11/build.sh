#!/bin/bash
# Install CLI11's headers.
#   build.sh TARBALL PREFIX WORK
set -euo pipefail
mkdir -p "$2" "$3"
tar xf "$1" --strip-components=1 -C "$3"
mkdir -p "$2/include"
cp -r "$3/include/CLI" "$2/include/"
