# shellcheck shell=bash disable=SC2154 # program and fail are stage.sh's
# What Kaggle would refuse or change, looked for before anything is uploaded.

most_files=50                 # top-level files of a dataset
most_bytes=$((200 * 1000**3)) # a dataset's size

# archive_kind FILE: the kind of archive that the file is by its first bytes, whatever
# its name says; Kaggle unpacks those, so that the notebook would find a folder.
archive_kind() {
  local start
  start=$(head -c 300 "$1" | od -An -v -tx1 | tr -d ' \n')
  case $start in
    504b0304* | 504b0506* | 504b0708*) printf 'zip' ;;
    1f8b*) printf 'gzip' ;;
    425a68*) printf 'bzip2' ;;
    fd377a585a00*) printf 'xz' ;;
    377abcaf271c*) printf '7z' ;;
    526172211a07*) printf 'rar' ;;
    *) [ "${start:514:10}" != 7573746172 ] || printf 'tar' ;;
  esac
}

human_size() { # human_size BYTES
  awk -v bytes="$1" 'BEGIN { if (bytes < 1e9) printf "%.1f MB", bytes / 1e6; else printf "%.2f GB", bytes / 1e9 }'
}

upload_time() { # upload_time BYTES MBIT_PER_SECOND
  awk -v seconds="$(($1 * 8 / ($2 * 1000000)))" 'BEGIN {
    if (seconds < 120) printf "%d s", seconds + 1
    else if (seconds < 7200) printf "%d min", seconds / 60 + 1
    else printf "%.1f h", seconds / 3600 + 0.05 }'
}

# Sets upload_files and upload_bytes.
check_upload() { # check_upload FOLDER
  local file kind
  upload_files=0 upload_bytes=0
  for file in "$1"/*; do
    # The metadata is read by the client, not uploaded; sub-folders are left out by it.
    if [ ! -f "$file" ] || [ "${file##*/}" = dataset-metadata.json ]; then continue; fi
    kind=$(archive_kind "$file")
    [ -z "$kind" ] ||
      fail "${file##*/} is a $kind archive by its content: Kaggle would unpack it." \
        "Give weights that pack has made."
    upload_files=$((upload_files + 1))
    upload_bytes=$((upload_bytes + $(stat -c %s "$file")))
  done
  [ "$upload_files" -le "$most_files" ] ||
    fail "there are $upload_files files; Kaggle takes $most_files in a dataset's folder." "Pack fewer models."
  [ "$upload_bytes" -le "$most_bytes" ] ||
    fail "there are $(human_size "$upload_bytes"); Kaggle takes $(human_size "$most_bytes") in a dataset." \
      "Pack fewer models."
  # The program and the metadata beside the package are none of verify's business.
  "$program" verify "$1" 2>&1 | sed "s|^$1|$out|; / not part of the package, not used\$/d" ||
    fail "the package is not whole; what is wrong is above." "Pack it again."
}
