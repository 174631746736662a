# shellcheck shell=bash disable=SC2154 # root and program are build.sh's
# What `build.sh release` puts into one archive, with the same bytes wherever it is built from the same commit, libraries
# and packages.

# Full texts of the licences of what is in the program: of the tarballs that are built, and Debian's.
collect_licences() { # collect_licences FOLDER
  local name file package
  while read -r name _ _ _ file _; do
    case $name in '' | '#'* | catch2 | valijson) continue ;; esac
    [ -f "$cache/sources/$file" ] || continue
    # Some tarballs have a file for each part.
    tar -xf "$cache/sources/$file" -O --wildcards --no-wildcards-match-slash '*/LICENSE*' '*/COPYING*' '*/NOTICE' \
      > "$1/$name.txt" 2> /dev/null || true
    [ -s "$1/$name.txt" ] || rm "$1/$name.txt"
  done < "$root/cmake/sources.lock"
  for package in libssl-dev libzstd-dev libutf8proc-dev libstemmer-dev libminizip-dev zlib1g-dev libbz2-dev \
    nlohmann-json3-dev libfmt-dev libvalijson-dev libc6-dev g++; do
    [ ! -f "/usr/share/doc/$package/copyright" ] || cp "/usr/share/doc/$package/copyright" "$1/debian-$package.txt"
  done
}

# make_release ARCHIVE_FOLDER: leaves sciexam-VERSION-linux-x86_64.tar.xz and its sha256 there.
make_release() {
  local version name stage time
  version=$("$program" --version | sed -n '1s/^sciexam-run \([^ ]*\) .*/\1/p')
  name=sciexam-$version-linux-x86_64
  time=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
  stage=$(mktemp -d)
  mkdir -p "$stage/$name/licences" "$1"
  cp "$program" "$root/LICENSE" "$root/THIRD_PARTY.md" "$root/README.md" "$stage/$name/"
  collect_licences "$stage/$name/licences"
  python3 "$root/cmake/scripts/sbom.py" "$version" "$program" "$root/cmake/sources.lock" \
    "$(date -u -d "@$time" +%Y-%m-%dT%H:%M:%SZ)" > "$stage/$name/sbom.spdx.json"
  (cd "$stage/$name" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum > ../sums)
  mv "$stage/sums" "$stage/$name/SHA256SUMS"
  find "$stage/$name" -type d -exec chmod 755 {} +
  find "$stage/$name" -type f -exec chmod 644 {} +
  chmod 755 "$stage/$name/sciexam-run"
  tar -C "$stage" --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --format=ustar -cf - "$name" |
    xz -6 -T1 > "$1/$name.tar.xz"
  rm -rf "$stage"
  (cd "$1" && sha256sum "$name.tar.xz" | tee "$name.tar.xz.sha256")
}
