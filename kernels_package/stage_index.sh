#!/bin/bash
# Adds what Kaggle's client needs to upload an index's folder as a dataset of its own: dataset-metadata.json.
#
#   stage_index.sh --index FOLDER --owner NAME [--title T] [--licence NAME]
#
# Exit status: 0 done; 1 the index is damaged; 2 the command line is wrong. SCIEXAM_PROGRAM names a program other than
# ../sciexam-run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${SCIEXAM_PROGRAM:-$(dirname "$here")/sciexam-run}
# shellcheck source=kernels_package/common.sh
. "$here/common.sh"
# shellcheck source=kernels_package/names.sh
. "$here/names.sh"
# shellcheck source=kernels_package/checks.sh
. "$here/checks.sh"

verb=package-index
usage='./build.sh package-index --index FOLDER --owner NAME [--title TITLE] [--licence CC-BY-SA-4.0]'

parse_arguments() {
  index='' owner='' title='sciexam passage index' licence=CC-BY-SA-4.0
  while [ $# -gt 0 ]; do
    case $1 in
      --index | --owner | --title | --licence)
        [ $# -ge 2 ] || refuse "$1 wants a value." "$usage"
        printf -v "${1#--}" '%s' "$2"
        shift
        ;;
      *) refuse "'$1' is not known." "$usage" ;;
    esac
    shift
  done
  [ -n "$index" ] || refuse "--index is missing: give the folder that \`sciexam-run index\` made." "$usage"
  index=${index%/}
  [ -f "$index/index.json" ] || refuse "$index has no index.json." "Give the folder that \`sciexam-run index\` made."
  [[ $licence =~ ^[A-Za-z0-9.-]+$ ]] || refuse "--licence '$licence' is no name of a licence of Kaggle's, such as CC-BY-SA-4.0."
}

main() {
  parse_arguments "$@"
  check_names
  [ -x "$program" ] || fail "$program is not there." "Build it: ./build.sh build"
  "$program" verify --index "$index" || fail "the index is damaged; what is wrong is above." "Build it again."
  fill "$here/index-metadata.json.in" "$index/dataset-metadata.json"
  local bytes files
  bytes=$(du -sb "$index" | cut -f 1)
  files=$(find "$index" -type f | wc -l)
  cat << NEXT

$index is ready: $(human_size "$bytes") to upload, in $((files - 1)) files.
That takes about $(upload_time "$bytes" 10) at 10 Mbit/s, $(upload_time "$bytes" 50) at 50 Mbit/s.
Next (\`pip install kaggle six\`, with a token from kaggle.com/settings):

  kaggle datasets create -p '$index'
  kaggle datasets status $owner/$slug    # wait for "ready"

Attach it to the notebook beside the program's dataset: sciexam-run finds it.
NEXT
}

main "$@"
