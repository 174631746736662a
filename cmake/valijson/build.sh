#!/bin/bash
# Unpack valijson's headers from Debian's package. Installed, it would pull in every JSON
# library that it can stand on (157 packages).
#   build.sh PACKAGE.deb PREFIX WORK
set -euo pipefail
mkdir -p "$2" "$3"
dpkg-deb -x "$1" "$3"
mkdir -p "$2/include"
cp -r "$3/usr/include/valijson" "$2/include/"
