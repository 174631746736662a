# shellcheck shell=bash disable=SC2154 # root and cache are build.sh's
# The static libraries of cmake/*/build.sh, built once into the cache folder.

declare -A expected_time=( # on two cores
  [cli11]='10 s' [valijson]='1 s' [catch2]='1 min' [sentencepiece]='1 min' [onednn]='2 to 4 min' [libtorch]='7 to 12 min')

# Exports CLANG and CLANGXX, which compile LibTorch and the GPU's kernels: clang, or the newest clang-N.
find_clang() {
  local candidate version
  for candidate in "${CLANGXX:-clang++}" $(compgen -c clang++- | grep -x 'clang++-[0-9]*' | sort -t - -k 2 -n -r); do
    version=$("$candidate" -dumpversion 2> /dev/null) || continue
    if [ "${version%%.*}" -ge 14 ]; then
      export CLANGXX=$candidate CLANG=${candidate/clang++/clang}
      return
    fi
  done
  die "clang 14 or later is needed, but neither clang++ nor any clang++-N is that new." \
    "Install your system's clang, or set CLANGXX to the one to use."
}

# Compilations go through ccache where it is installed, also those with precompiled headers.
use_ccache() {
  command -v ccache > /dev/null || return 0
  export CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER-ccache} CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
  export CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR-1} CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS-pch_defines,time_macros,include_file_mtime,include_file_ctime}
}

compiler_versions() { printf 'g++ %s clang %s' "$(g++ -dumpfullversion)" "$("$CLANGXX" -dumpversion)"; }

# dependency_key NAME COMPILERS: changes with the locked source, the recipe and the compilers
dependency_key() {
  {
    awk -v name="$1" '$1 == name { print $1, $2, $6 }' "$root/cmake/sources.lock"
    printf '%s' "$2"
    cd "$root/cmake/$1" && find . -type f -not -name '*.md' -not -path '*/__pycache__/*' -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
  } | sha256sum | cut -c 1-12
}

# Enough room for what is not built yet: LibTorch's compilation takes 3 GB for a while.
check_room() {
  local free
  free=$(df -Pk "$cache" | awk 'NR == 2 { print int($4 / 1000000) }')
  [ "$free" -ge 4 ] || warn "only $free GB free in $cache; the libraries need about 4 GB while they are built." \
    "XDG_CACHE_HOME chooses another place."
}

# build_dependency NAME COMPILERS: sets built_prefix to the finished library's folder. The
# work folder lives until the library is finished: an interrupted build continues.
build_dependency() {
  local name=$1 key work lock start=$SECONDS
  key=$name-$(dependency_key "$name" "$2")
  built_prefix=$cache/$key
  [ ! -e "$built_prefix/.finished" ] || return 0
  hold_lock lock "$cache/locks/$key" "$name"
  if [ ! -e "$built_prefix/.finished" ]; then # else the other build.sh has built it
    check_room
    locate_source "$name"
    work=$cache/building/$key
    say "Building $name $lock_version, once (about ${expected_time[$name]:-some minutes} on 2 cores); log: $cache/logs/$key.log"
    # ccache knows files by their place in the work folder, whose name changes with the recipe.
    CCACHE_BASEDIR=$work run_logged "$cache/logs/$key.log" "$root/cmake/$name/build.sh" "$source_path" "$built_prefix" "$work"
    touch "$built_prefix/.finished"
    rm -rf "$work"
    say "    $name took $(duration $((SECONDS - start)))"
  fi
  release_lock "$lock"
}

# build_dependencies VIEW [EXCEPT]: all of them (but one), and VIEW with a link to each, which is
# what CMake is given. If a link changes, what was compiled against the old
# library is deleted: ninja would see older files and keep it.
build_dependencies() {
  local view=$1 except=${2-} name compilers
  mkdir -p "$cache" "$view"
  find_clang
  compilers=$(compiler_versions)
  for name in $(lock_names); do
    [ "$name" != "$except" ] || continue
    build_dependency "$name" "$compilers"
    [ "$(readlink "$view/$name")" != "$built_prefix" ] || continue
    if [ -L "$view/$name" ]; then
      say "$name has changed: building sciexam from scratch."
      find "$root/build" -mindepth 1 -maxdepth 1 -type d -not -path "$view" -exec rm -rf {} +
    fi
    ln -sfn "$built_prefix" "$view/$name"
  done
}
