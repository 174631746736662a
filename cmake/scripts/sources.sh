# shellcheck shell=bash disable=SC2154 # root and cache are build.sh's
# The tarballs of cmake/sources.lock: found, fetched, checked. $root is the
# checkout, $cache the cache folder.

lock_names() { awk '!/^#/ && NF { print $1 }' "$root/cmake/sources.lock"; }

# read_lock NAME: sets lock_version lock_suites lock_package lock_file lock_sha256 lock_licence
read_lock() {
  local line
  line=$(awk -v name="$1" '$1 == name' "$root/cmake/sources.lock")
  # shellcheck disable=SC2034 # read by the callers
  read -r _ lock_version lock_suites lock_package lock_file lock_sha256 lock_licence <<< "$line"
  [[ $lock_sha256 =~ ^[0-9a-f]{64}$ && -n $lock_licence ]] ||
    die "cmake/sources.lock: the line of $1 is missing or incomplete." "Its first lines say what a line has."
}

has_sha256() { [ "$(sha256sum < "$1" | cut -d ' ' -f 1)" = "$2" ]; }

# accept_source FILE: is it there, and the right one? A wrong one is named, not used.
accept_source() {
  [ -f "$1" ] || return 1
  has_sha256 "$1" "$lock_sha256" && return 0
  warn "$1 is not used: its sha256 is not $lock_sha256, which cmake/sources.lock wants."
  return 1
}

# locate_source NAME: sets source_path to the checked tarball: from the user's
# folder, from the cache, or fetched into the cache.
locate_source() {
  local lock
  read_lock "$1"
  if [ -n "${SCIEXAM_SOURCES:-}" ]; then
    source_path=$SCIEXAM_SOURCES/$lock_file
    if accept_source "$source_path"; then return; fi
  fi
  source_path=$cache/sources/$lock_file
  hold_lock lock "$cache/locks/sources" "fetching sources"
  if accept_source "$source_path" || { fetch_source && accept_source "$source_path"; }; then
    release_lock "$lock"
    return
  fi
  die "could not get $lock_file (sha256 $lock_sha256):" "${fetch_failures[@]}" \
    "Take that file from https://snapshot.debian.org/package/$lock_package/ or from a machine that has built sciexam" \
    "(~/.cache/sciexam/sources), put it into a folder, and run again with SCIEXAM_SOURCES=FOLDER."
}

# The Debian mirrors that this machine's apt uses, "URI keyring" per line (the
# keyring may be missing), from sources.list lines and deb822 stanzas.
configured_mirrors() {
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$file" ] || continue
    # deb [option=value ...] URI suite component ...
    sed -n 's/^deb[[:blank:]]\+//p' "$file" | awk '{
      keyring = ""
      if (match($0, /^\[[^]]*\]/)) {
        options = substr($0, 1, RLENGTH); $0 = substr($0, RLENGTH + 1)
        if (match(options, /signed-by=[^] ]*/)) keyring = substr(options, RSTART + 10, RLENGTH - 10)
      }
      suite = $2; uri = $1; $1 = $2 = ""
      print suite "|" $0 "|" uri "|" keyring }'
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    grep -v '^#' "$file" | awk 'BEGIN { RS = ""; FS = "\n" } {
      delete field; key = ""
      for (i = 1; i <= NF; i++) {
        if (match($i, /^[A-Za-z-]+:/)) { key = tolower(substr($i, 1, RLENGTH - 1)); $i = substr($i, RLENGTH + 1) }
        field[key] = field[key] " " $i
      }
      if (tolower(field["enabled"]) ~ /no/ || (" " field["types"] " ") !~ / deb /) next
      split(field["uris"], uris, " "); split(field["suites"], suites, " ")
      for (u = 1; u in uris; u++) for (s = 1; s in suites; s++)
        print suites[s] "|" field["components"] "|" uris[u] "|" field["signed-by"] }'
  done
}

# The mirrors to ask, best first: other vendors' repositories and Debian's
# security archive have no source packages of ours.
source_mirrors() {
  local codename
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-bookworm}")
  configured_mirrors | awk -F '|' -v codename="$codename" '
    ($1 == codename || $1 == "stable" || $1 == "oldstable") && (" " $2 " ") ~ / main / &&
    $3 ~ /debian/ && $3 !~ /security/ {
      split($4, words, " "); sub("/$", "", $3); print $3, (words[1] ~ /^\// ? words[1] : "") }' | awk '!seen[$1]++'
}

# apt_state FOLDER MIRROR SUITE [KEYRING]: an apt of our own, which knows one
# suite's packages, whichever release this system is. The system's configuration is read (a proxy may be
# in it) but its hooks and its lists are left alone; no root is needed.
apt_state() {
  local state=$1 mirror=$2 suite=$3 keyring=${4:-/usr/share/keyrings/debian-archive-keyring.gpg} signed=''
  [ ! -r "$keyring" ] || signed="[signed-by=$keyring] "
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/parts"
  printf '%s %s%s %s main\n' "$(lock_kind)" "$signed" "$mirror" "$suite" > "$state/sources.list"
  cat > "$state/apt.conf" << END
Dir::Etc::SourceList "$state/sources.list";
Dir::Etc::SourceParts "$state/parts";
Dir::State "$state";
Dir::State::Lists "$state/lists";
Dir::State::Status "/var/lib/dpkg/status";
Dir::Cache "$state/cache";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
}

lock_kind() { if [[ $lock_file = *.deb ]]; then printf deb; else printf deb-src; fi; }

showsrc() { apt-cache -c "$1/apt.conf" showsrc --only-source "$lock_package" 2> /dev/null; } # showsrc STATE

# source_version STATE: the version of $lock_package whose source has the locked
# file. Found by its sha256: Debian's own revisions of one upstream version do not matter.
source_version() {
  showsrc "$1" | awk -v sha256="$lock_sha256" '
    $1 == "Version:" { version = $2 } $1 == sha256 { found = version } END { print found }'
}

# fetch_from STATE: $lock_file into $source_path with the apt of STATE; on failure sets fetch_failure.
fetch_from() {
  fetch_failure="the mirror could not be read, apt's messages are above"
  apt-get -c "$1/apt.conf" -qq update >&2 < /dev/null || return 1
  if [ "$(lock_kind)" = deb ]; then fetch_package "$1"; else fetch_tarball "$1"; fi
}

fetch_tarball() { # fetch_tarball STATE
  local version others
  version=$(source_version "$1")
  if [ -z "$version" ]; then
    others=$(showsrc "$1" | awk '$1 == "Version:" { print $2 }' | paste -s -d ' ')
    fetch_failure="no source there has this sha256; it has: ${others:-no $lock_package at all}"
    return 1
  fi
  fetch_failure="the download failed, apt's messages are above"
  (cd "$cache/sources" && # where apt-get source leaves what it fetches
    apt-get -c "$1/apt.conf" -qq source --download-only --tar-only "$lock_package=$version" >&2 < /dev/null)
}

# fetch_package STATE: $lock_file, a binary package that is the same for every system (headers)
fetch_package() {
  local version=${lock_file#"$lock_package"_}
  version=${version%_*.deb}
  fetch_failure="$lock_package=$version could not be downloaded there, apt's messages are above"
  (cd "$cache/sources" && apt-get -c "$1/apt.conf" -qq download "$lock_package=$version" >&2 < /dev/null)
}

# fetch_source: $lock_file into $source_path, from the first mirror and suite
# that has it; else fails and sets fetch_failures.
fetch_source() {
  local mirror keyring suite state
  fetch_failures=("no apt-get on this machine")
  command -v apt-get > /dev/null || return 1
  fetch_failures=()
  mkdir -p "$cache/sources"
  while read -r mirror keyring; do
    for suite in ${lock_suites//,/ }; do
      state=$cache/apt/$suite-$(lock_kind)
      say "Looking for $lock_file in Debian $suite at $mirror"
      apt_state "$state" "$mirror" "$suite" "$keyring"
      if fetch_from "$state"; then return; fi
      fetch_failures+=("Debian $suite at $mirror: $fetch_failure.")
    done
  done < <(source_mirrors)
  return 1
}
