#!/bin/bash
# Puts the program and a package of models into one folder, ready for upload as a
# Kaggle dataset:
#
#   stage.sh [--check] --out DIR --models A B C --tokenizer spm.model [OPTION...]
#
# --check looks at the command line only. OPTIONs go to `sciexam-run pack`. DIR
# must be new or empty. The folder is flat: Kaggle's client leaves subfolders out.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../sciexam-run

die() {
  printf 'package: %s\n' "$@" >&2
  exit 2
}

usage='./build.sh package --out DIR --models A B C --tokenizer spm.model'
check_only=false
out=''
pack_options=()
while [ $# -gt 0 ]; do
  case $1 in
    --check) check_only=true ;;
    --out)
      [ $# -ge 2 ] || die "--out wants a folder." "$usage"
      out=$2
      shift
      ;;
    *) pack_options+=("$1") ;;
  esac
  shift
done
[ -n "$out" ] || die "--out DIR is missing." "$usage"
for option in --models --tokenizer; do
  [[ " ${pack_options[*]} " == *" $option "* ]] || die "$option is missing." "$usage"
done
if [ -e "$out" ] && [ -n "$(ls -A "$out")" ]; then
  die "$out is not empty. Give a new folder, or empty this one yourself."
fi
if $check_only; then exit; fi

"$program" pack "${pack_options[@]}" --out "$out"
install -m 755 "$program" "$out/sciexam-run"
install -m 644 "$here/README.txt" "$here/../LICENSE" "$here/../THIRD_PARTY.md" "$out/"
printf '\n%s is ready:\n' "$out"
ls -lh "$out"
