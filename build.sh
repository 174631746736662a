#!/bin/bash
# shellcheck disable=SC2317 # main calls the verbs by name
# The one way in: builds sciexam and what it needs, and runs it. See usage below.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?set HOME or XDG_CACHE_HOME, the folder for built libraries}/.cache}/sciexam
program=$root/sciexam-run
[[ $cache = /* ]] || cache=$PWD/$cache
# shellcheck source=cmake/scripts/common.sh
. "$root/cmake/scripts/common.sh"
# shellcheck source=cmake/scripts/packages.sh
. "$root/cmake/scripts/packages.sh"
# shellcheck source=cmake/scripts/sources.sh
. "$root/cmake/scripts/sources.sh"
# shellcheck source=cmake/scripts/dependencies.sh
. "$root/cmake/scripts/dependencies.sh"
# shellcheck source=cmake/scripts/release.sh
. "$root/cmake/scripts/release.sh"
# shellcheck source=cmake/scripts/python.sh
. "$root/cmake/scripts/python.sh"
# shellcheck source=cmake/scripts/skipped_tests.sh
. "$root/cmake/scripts/skipped_tests.sh"

usage() {
  cat << END
usage: ./build.sh VERB

  demo                  build ./sciexam-run, then let it answer its built-in small exam
  test [--long] [--preset PRESET]
                        build everything and run the tests (--long: the slow ones too);
                        presets: release (default), debug, asan, tsan, coverage
  bench [OPTION...]     build, then measure this machine: ./sciexam-run bench OPTION...
  package --weights DIR --owner NAME [--title T] [--out FOLDER] [OPTION...]
                        build, then make FOLDER (default dist/SLUG) ready for Kaggle's client: a dataset of the
                        program and its models, and the notebook that submits. DIR: the --out folder of a
                        training, any folder of checkpoints (--tokenizer FILE if no spm.model or tokenizer.json
                        lies beside them), or a package. NAME: your Kaggle user name. T: default "sciexam run". OPTION: of
                        sciexam-run pack: --precision, --calibration, --allow-disagreement, --template, --max-length,
                        --retrieval-weight, --threads, --package-version (default: now); --model-weights 1,1,2
  package-index --index FOLDER --owner NAME [--title T] [--licence CC-BY-SA-4.0]
                        build, then make an index (sciexam-run index) ready for Kaggle's client
  rehearse [--keep] [--short] [PATTERN]
                        build, then rehearse the whole way to Kaggle on this machine: the demo's training (--short: 30 steps
                        of it), package, Kaggle's client, both notebooks without network (only the cases with
                        PATTERN in their name), each submission scored
  release               build, then dist/sciexam-VERSION-linux-x86_64.tar.xz: the program, licences, checksums and what it
                        is made of (SPDX). The same commit, libraries and Debian packages give the same bytes
  golden [--write]      make the golden tests' results anew from Hugging Face's libraries and compare them with tests/golden/results
                        (--write: put them there)
  clean [--cache]       delete what was built here (--cache: the built libraries and their sources too)

  build                 build ./sciexam-run only
  coverage              the tests with line coverage of src/, which must be 85 % or more
  jobs                  what train --jobs prints: tried by a real Slurm of this machine (as root), held against Kubernetes' schemas
  fuzz [SECONDS]        run every fuzz target this long (default 300)
  check [--quick]       formatting, shellcheck, clang-tidy (--quick: without clang-tidy, seconds)

How long: the first build on a machine compiles five libraries, 10 minutes on two quiet cores (interrupted,
it continues where it stopped), and sciexam itself, a few minutes more. After that, only what has changed.

It installs missing Debian packages (as root or through sudo; otherwise it says which), and takes the libraries'
sources from Debian's mirror, checked against cmake/sources.lock. With both there, no network is needed.

Environment:
  SCIEXAM_SOURCES   a folder with the tarballs of cmake/sources.lock, asked before any mirror
  XDG_CACHE_HOME    the libraries are kept in \$XDG_CACHE_HOME/sciexam (default ~/.cache/sciexam)
  JOBS              compilers at once (default: as many as cores and memory allow, here $(default_jobs))
  SCIEXAM_GOLDEN    a folder with more results for the golden tests (default ../shared/golden, where it is there)
  SCIEXAM_DATA      question sets for rehearse (default ../shared/data; without them, the demo's exam)
END
}

# compile PRESET TARGET...: libraries, then the project, into build/PRESET. The program alone needs no Catch2, unless
# tests were built before.
compile() {
  local preset=$1 start=$SECONDS lock testing=ON
  shift
  if [ "$*" = sciexam-run ] && [ ! -e "$root/build/deps/catch2" ]; then testing=OFF; fi
  require_packages build
  export JOBS=${JOBS:-$(default_jobs)}
  use_ccache
  hold_lock lock "$root/build/.lock" "this checkout"
  if [ "$testing" = ON ]; then build_dependencies "$root/build/deps"; else build_dependencies "$root/build/deps" catch2; fi
  say "Building sciexam ($preset); log: build/logs/$preset.log"
  run_logged "$root/build/logs/$preset-configure.log" \
    cmake -S "$root" --preset "$preset" "-DSCIEXAM_DEPS=$root/build/deps" "-DBUILD_TESTING=$testing"
  run_logged "$root/build/logs/$preset.log" ninja -C "$root/build/$preset" -j "$JOBS" "$@"
  say "    took $(duration $((SECONDS - start)))"
  release_lock "$lock"
}

# build_program [TARGET...]: leaves the stripped program as ./sciexam-run.
build_program() {
  local built
  compile release sciexam-run "$@"
  built=$(find "$root/build/release" -name sciexam-run -type f -perm -u+x -print -quit)
  [ -n "$built" ] || die "build/release has no sciexam-run after the build." "./build.sh clean, then try again."
  # Renamed into place: a running ./sciexam-run keeps its old file.
  strip -o "$program.new" "$built"
  mv "$program.new" "$program"
}

run_tests() { # run_tests PRESET [CTEST OPTION...]
  local folder=$root/build/$1 golden=${SCIEXAM_GOLDEN:-$root/../shared/golden} ending status=0
  shift
  ending=$folder/ctest_ending.txt
  : > "$ending"
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j 2 "$@" | hold_ending "$ending" || status=$?
  if [ -f "$folder/Testing/Temporary/LastTest.log" ]; then
    printf '\n'
    skipped_tests "$folder/Testing/Temporary/LastTest.log"
    [ -d "$golden" ] || golden="no others: $golden is not there"
    printf 'Golden tests read the results of tests/golden; and %s.\n\n' "$golden"
  fi
  # ctest's own summary is the last thing printed.
  cat "$ending"
  return "$status"
}

verb_demo() {
  build_program
  say "Now ./sciexam-run --demo: two tiny models answer a small exam from a small encyclopedia, all inside the program."
  say
  "$program" --demo "$@"
}

verb_test() {
  local preset=release
  local ctest_options=(-LE long)
  while [ $# -gt 0 ]; do
    case $1 in
      --long) ctest_options=() ;;
      --preset) preset=${2:?--preset wants a name: release, debug, asan, tsan or coverage} && shift ;;
      *) die "test does not know '$1'." "./build.sh lists the options." ;;
    esac
    shift
  done
  require_packages build test
  if [ "$preset" = release ]; then build_program all; else compile "$preset" all; fi
  run_tests "$preset" "${ctest_options[@]}"
}

verb_bench() {
  build_program
  "$program" bench "$@"
}

verb_package() {
  "$root/kernels_package/stage.sh" --check "$@"
  build_program
  "$root/kernels_package/stage.sh" "$@"
}

verb_package_index() {
  build_program
  "$root/kernels_package/stage_index.sh" "$@"
}

verb_release() {
  [ $# -eq 0 ] || die "release does not know '$1'." "./build.sh release"
  require_packages build
  git -C "$root" diff --quiet HEAD 2> /dev/null ||
    die "this is not a clean checkout: nobody could make the same release from its commit." "Commit the changes first."
  build_program
  make_release "$root/dist"
}

verb_jobs() {
  local python
  require_packages build jobs
  build_program
  python=$(python_environment "$cache" "$root/tests/jobs/requirements.txt") || exit 1
  "$root/tests/jobs/kubernetes.sh" "$program" "$python"
  "$root/tests/jobs/slurm.sh" "$program"
}

verb_rehearse() {
  require_packages build rehearse
  build_program emulated_cuda
  "$root/tests/end_to_end/kaggle_rehearsal" "$@"
}

verb_golden() {
  local here=$root/tests/golden fresh=$root/build/golden action=compare python
  case ${1:-} in
    '') ;;
    --write) action='write' ;;
    *) die "golden does not know '$1'." "./build.sh golden [--write]" ;;
  esac
  require_packages golden
  python=$(python_environment "$cache" "$here/requirements_first.txt" "$here/requirements.txt") || exit 1
  say "Making the reference results in build/golden (half a minute)"
  rm -rf "$fresh"
  mkdir -p "$root/build"
  "$python/bin/python" -B "$here/make_results.py" "$fresh"
  "$python/bin/python" -B "$here/results.py" "$action" "$fresh" "$here/results"
}

verb_clean() {
  case ${1:-} in
    '') ;;
    --cache)
      say "Deleting $cache"
      rm -rf "$cache"
      ;;
    *) die "clean does not know '$1'." "./build.sh clean [--cache]" ;;
  esac
  rm -rf "$root/build" "$root/dist" "$program"
}

verb_build() { build_program; }

verb_coverage() {
  require_packages build test coverage
  compile coverage all
  find "$root/build/coverage" -name '*.gcda' -delete # counts of earlier runs
  run_tests coverage -LE long
  gcovr --root "$root" --filter "$root/src/" --object-directory "$root/build/coverage" -j 2 \
    --exclude-unreachable-branches --print-summary --fail-under-line 85 "$root/build/coverage"
}

verb_fuzz() {
  local seconds=${1:-300} target name
  [[ $seconds =~ ^[0-9]+$ ]] || die "fuzz wants a number of seconds, not '$seconds'."
  require_packages build fuzz
  compile fuzz all
  for target in "$root"/build/fuzz/tests/fuzz/fuzz_*; do
    [[ -f $target && -x $target ]] || continue
    name=$(basename "$target")
    say "$name for $(duration "$seconds"); log: build/logs/$name.log"
    # What it finds goes into the first folder; the second is the checked-in corpus.
    mkdir -p "$root/build/fuzz/corpus/$name" "$root/build/fuzz/found"
    run_logged "$root/build/logs/$name.log" "$target" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=4096 \
      -artifact_prefix="$root/build/fuzz/found/$name-" -print_final_stats=1 \
      "$root/build/fuzz/corpus/$name" "$root/tests/fuzz/corpus/${name#fuzz_}"
    grep '^Done' "$root/build/logs/$name.log" >&2
  done
}

# Formatting and shell scripts: seconds.
quick_checks() {
  if command -v clang-format-14 > /dev/null; then
    find "$root/src" "$root/tests" \( -name '*.[ch]pp' -o -name '*.cu' -o -name '*.cuh' \) -print0 |
      xargs -0 clang-format-14 --dry-run -Werror
  else
    warn "clang-format-14 is not available on this system: the formatting was not checked."
  fi
  shellcheck -x "$root"/build.sh "$root"/.ci/run "$root"/cmake/*/*.sh "$root"/kernels_package/*.sh \
    "$root"/tests/{docker,end_to_end,golden,gpu,jobs,kaggle,structure}/*.sh "$root"/tests/end_to_end/kaggle_rehearsal
}

verb_check() {
  require_packages build check
  quick_checks
  if [ "${1:-}" != --quick ]; then
    command -v clang-tidy-14 > /dev/null || die "clang-tidy-14 is not available on this system." "./build.sh check --quick does the rest."
    compile release sciexam-run
    # One entry per file in compile_commands.json, for clang-tidy; nothing is compiled there.
    run_logged "$root/build/logs/check-configure.log" cmake -S "$root" -B "$root/build/check" -G Ninja \
      -DCMAKE_BUILD_TYPE=Release "-DSCIEXAM_DEPS=$root/build/deps"
    sed -i 's/ -fno-canonical-system-headers//' "$root/build/check/compile_commands.json" # GCC's alone
    find "$root/src" -name '*.cpp' -print0 |
      xargs -0 -n 1 -P "$JOBS" clang-tidy-14 --quiet -p "$root/build/check" --warnings-as-errors='*'
  fi
  say "check: no findings"
}

main() {
  local verb=${1:-help}
  [ $# -eq 0 ] || shift
  trap 'say "Interrupted. The same command continues from here."; exit 130' INT TERM
  case $verb in
    demo | test | bench | package | release | jobs | rehearse | golden | clean | build | coverage | fuzz | check) "verb_$verb" "$@" ;;
    package-index) verb_package_index "$@" ;;
    all) verb_build ;;
    help | -h | --help) usage ;;
    *)
      usage >&2
      die "there is no verb '$verb'."
      ;;
  esac
}

# One line: bash reads on here after an hour, in a file that may have been edited.
main "$@"; exit
