#!/bin/bash
# unpack.sh RESULTS FOLDER: FOLDER becomes RESULTS without compression.
set -euo pipefail
cd "$1"
rm -rf "$2.new"
while IFS= read -r -d '' file; do
  mkdir -p "$2.new/$(dirname "$file")"
  case $file in
    *.zst) zstd -q -d "$file" -o "$2.new/${file%.zst}" ;;
    *) cp "$file" "$2.new/$file" ;;
  esac
done < <(find . -type f -print0)
rm -rf "$2"
mv "$2.new" "$2"
