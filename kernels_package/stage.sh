#!/bin/bash
# Makes a folder that Kaggle's client uploads as a dataset: the program, a package of
# models, and the metadata; and in its sub-folder notebook/ the submission notebook.
#
#   stage.sh [--check] --weights DIR --owner NAME [--title T] [--out FOLDER]
#            [--tokenizer spm.model|tokenizer.json] [OPTION of `sciexam-run pack`...]
#
# --check looks at the command line and at DIR, and makes nothing. Exit status: 0 done;
# 1 the work failed; 2 the command line or DIR is wrong. SCIEXAM_PROGRAM names a
# program other than ../sciexam-run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
program=${SCIEXAM_PROGRAM:-$root/sciexam-run}
# shellcheck source=kernels_package/common.sh
. "$here/common.sh"
# shellcheck source=kernels_package/names.sh
. "$here/names.sh"
# shellcheck source=kernels_package/weights.sh
. "$here/weights.sh"
# shellcheck source=kernels_package/checks.sh
. "$here/checks.sh"

verb=package
usage='./build.sh package --weights DIR --owner NAME [--title TITLE] [--out FOLDER]'

parse_arguments() {
  check_only=false owner='' title='sciexam run' title_given=false weights='' out='' tokenizer=''
  pack_options=()
  while [ $# -gt 0 ]; do
    case $1 in
      --check) check_only=true ;;
      --owner | --title | --weights | --out | --tokenizer)
        [ $# -ge 2 ] || refuse "$1 wants a value." "$usage"
        printf -v "${1#--}" '%s' "$2"
        [ "$1" != --title ] || title_given=true
        shift
        ;;
      --precision | --calibration | --template | --max-length | --retrieval-weight | --threads | --package-version)
        [ $# -ge 2 ] || refuse "$1 wants a value; ./sciexam-run pack --help says which."
        pack_options+=("$1" "$2")
        shift
        ;;
      --allow-disagreement) pack_options+=("$1") ;;
      --model-weights) # pack's own --weights, a name that is taken here
        [ $# -ge 2 ] || refuse "--model-weights wants one number per model, such as 1,1,2."
        pack_options+=(--weights "$2")
        shift
        ;;
      --models) refuse "--models is gone: put the checkpoints' folders into one folder, and give that." "$usage" ;;
      *) refuse "'$1' is not known." "$usage" \
        "and of pack: --precision, --calibration, --allow-disagreement, --template, --max-length, --retrieval-weight, --threads, --package-version; --model-weights 1,1,2 for its --weights" ;;
    esac
    shift
  done
}

require_place() { # FOLDER must be new, empty, or an earlier result of this script for this dataset
  out=${out:-$root/dist/$slug}
  out=${out%/}
  [ -n "$out" ] || refuse "--out / is no place for it."
  if [ -e "$out" ] && [ ! -d "$out" ]; then
    refuse "$out is not a folder." "Give another one with --out."
  fi
  if [ ! -d "$out" ] || [ -z "$(ls -A "$out")" ]; then return; fi
  grep -qsF "\"id\": \"$owner/$slug\"" "$out/dataset-metadata.json" ||
    refuse "$out is not empty, and is no earlier upload of $owner/$slug." \
      "Give a new folder with --out, or empty this one yourself."
}

stage() { # stage FOLDER
  if [ -n "$package" ]; then
    copy_package "$package" "$1"
  else
    # The time of packing, so that a notebook's first lines show which upload is mounted.
    [[ " ${pack_options[*]} " == *" --package-version "* ]] || pack_options+=(--package-version "$(date -u +%Y-%m-%d.%H%M)")
    [ -z "$tokenizer" ] || pack_options+=(--tokenizer "$tokenizer")
    "$program" pack --models "${models[@]}" --title "$title" "${pack_options[@]}" --out "$1" |
      sed "s|^$1|$out|" || fail "the models could not be packed; the reason is above." "Nothing was left behind."
  fi
  install -m 755 "$program" "$1/sciexam-run"
  install -m 644 "$root/LICENSE" "$root/THIRD_PARTY.md" "$1/"
  fill "$here/README.md.in" "$1/README.md"
  fill "$here/dataset-metadata.json.in" "$1/dataset-metadata.json"
  # A sub-folder: `kaggle datasets create` leaves those out unless --dir-mode is given.
  mkdir "$1/notebook"
  install -m 644 "$root/notebooks/sciexam-submit.ipynb" "$1/notebook/"
  fill "$here/kernel-metadata.json.in" "$1/notebook/kernel-metadata.json"
  chmod 755 "$1"
}

move_into_place() { # move_into_place FOLDER
  if [ -d "$out" ]; then mv "$out" "$1.old"; fi
  if ! mv "$1" "$out"; then
    if [ -d "$1.old" ]; then mv "$1.old" "$out"; fi
    fail "$1 could not be renamed to $out; the reason is above." "Give another place with --out."
  fi
  rm -rf "$1.old"
}

say_what_next() {
  cat << NEXT

$out is ready: $(human_size "$upload_bytes") to upload, in $upload_files files.
That takes about $(upload_time "$upload_bytes" 10) at 10 Mbit/s, $(upload_time "$upload_bytes" 50) at 50 Mbit/s.
Next (\`pip install kaggle six\`, with a token from kaggle.com/settings):

  kaggle datasets create -p '$out'      # later: kaggle datasets version -p '$out' -m 'what is new'
  kaggle datasets status $owner/$slug    # wait for "ready"
  kaggle kernels push -p '$out/notebook'

Then look at the notebook's output on kaggle.com/code/$owner/$notebook_slug and submit it there.
NEXT
}

main() {
  parse_arguments "$@"
  check_names
  require_place
  find_weights
  if $check_only; then return; fi
  [ -x "$program" ] || fail "$program is not there." "Build it: ./build.sh build"

  local parent stage_folder
  parent=$(dirname "$out")
  mkdir -p "$parent" || fail "$parent cannot be made." "Give another place with --out."
  stage_folder=$(mktemp -d "$parent/.package.XXXXXX") ||
    fail "$parent cannot be written to." \
      "Give another place with --out."
  # shellcheck disable=SC2064 # the names of now
  trap "rm -rf '$stage_folder'; rmdir --ignore-fail-on-non-empty '$parent' 2> /dev/null || true" EXIT
  trap 'exit 130' INT TERM
  stage "$stage_folder"
  check_upload "$stage_folder"
  move_into_place "$stage_folder"
  say_what_next
}

main "$@"
