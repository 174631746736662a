#!/usr/bin/env bash
# Runs the steps of the Dockerfile without an engine, as root: its first stage in a new Debian made by debootstrap, its
# last in an empty folder. Takes as long as a first build, or less with a folder of built libraries:
#
#   tests/docker/try_steps.sh [CACHE]        CACHE stands for the cache mount of the Dockerfile (default: an empty one)
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
cache=${1:-$work/cache}
stage=$work/build
mounted=()
clean_up() {
  for folder in "${mounted[@]}"; do umount -l "$folder"; done
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT

fail() { printf 'try_steps.sh: %s\n' "$*" >&2 && exit 1; }
mount_in() { # mount_in WHAT WHERE
  mkdir -p "$2"
  mount --bind "$1" "$2"
  mounted=("$2" "${mounted[@]}")
}

suite=$(sed -n 's/^FROM debian:\([a-z]*\) AS build$/\1/p' "$root/Dockerfile")
[ -n "$suite" ] || fail "the Dockerfile has no stage that is built from debian"
debootstrap --variant=minbase "$suite" "$stage" > "$work/debootstrap.log"
mkdir -p "$cache"
mount_in "$cache" "$stage/root/.cache"
mount_in /proc "$stage/proc"
mount_in /dev "$stage/dev"

folder=/
while read -r instruction rest; do
  printf '== %s %s\n' "$instruction" "$rest"
  case $instruction in
    WORKDIR) folder=$rest && mkdir -p "$stage$folder" ;;
    COPY) # a container's context is the checkout without what .dockerignore names
      [ "$rest" = ". ." ] || fail "COPY $rest is not known here"
      git -C "$root" diff --quiet HEAD || fail "commit first: what is committed is what is copied"
      git clone -q "$root" "$stage$folder/clone"
      (shopt -s dotglob && mv "$stage$folder"/clone/* "$stage$folder/" && rmdir "$stage$folder/clone")
      ;;
    RUN)
      rest=${rest#--mount=type=cache,target=/root/.cache }
      env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$stage" /bin/sh -c "cd $folder && $rest"
      ;;
    *) fail "$instruction is not known here" ;;
  esac
done < <(sed -n '/^FROM debian/,/^FROM scratch/p' "$root/Dockerfile" | grep -E '^[A-Z]+ ' | grep -v '^FROM')

mkdir -p "$work/scratch"
cp "$stage/sciexam/sciexam-run" "$work/scratch/"
chroot "$work/scratch" /sciexam-run --version
chroot "$work/scratch" /sciexam-run --demo | tail -n 5
