# shellcheck shell=bash
# Messages, locks, and long commands with a log and a progress line.

say() { printf '%s\n' "$*" >&2; }
warn() { say "build.sh: warning: $*"; }

die() { # die LINE...: what is wrong, then what to do
  printf 'build.sh: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

duration() { # duration SECONDS: "18 min 40 s"
  if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

default_jobs() { # a compiler of LibTorch's files takes up to 1.5 GB
  local cores by_memory
  cores=$(nproc)
  by_memory=$(awk '/^MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$by_memory" -ge 1 ] || by_memory=1
  printf '%d' $((cores < by_memory ? cores : by_memory))
}

# hold_lock VARIABLE FILE WHAT: until release_lock $VARIABLE or the end of this
# process. The processes it starts hold it too: a compiler that survives a killed
# build.sh still writes into the locked folder.
hold_lock() {
  local descriptor
  mkdir -p "$(dirname "$2")"
  exec {descriptor}> "$2"
  printf -v "$1" '%s' "$descriptor"
  flock -n "$descriptor" && return
  say "Another build.sh is busy with $3; waiting for it."
  flock "$descriptor"
}

release_lock() { # release_lock DESCRIPTOR
  local descriptor=$1
  exec {descriptor}>&-
}

# The last "[done/all]" that ninja wrote into a log.
ninja_status() { tail -c 4000 "$1" 2> /dev/null | grep -o '^\[[0-9]*/[0-9]*\]' | tail -n 1; }

# Shows how far LOG is: every second in place on a terminal, else a line every 20 s.
watch_log() { # watch_log LOG
  local start=$SECONDS period=20 before='' after='\n'
  if [ -t 2 ]; then period=1 before='\r\033[K' after=''; fi
  while kill -0 $$ 2> /dev/null; do # a killed build.sh must not leave this behind
    # Waits inside bash: a sleep process would outlive this one, and hold the locks.
    read -r -t "$period" <> <(:) || true
    # shellcheck disable=SC2059 # the format is ours
    printf "$before    %s %s$after" "$(ninja_status "$1")" "$(duration $((SECONDS - start)))" >&2
  done
}

# run_logged LOG COMMAND...: the command's output goes to LOG, whose end is
# shown if the command fails.
run_logged() {
  local log=$1 status=0 watcher
  shift
  mkdir -p "$(dirname "$log")"
  : > "$log"
  watch_log "$log" &
  watcher=$!
  "$@" >> "$log" 2>&1 || status=$?
  kill -KILL "$watcher" 2> /dev/null || true
  wait "$watcher" 2> /dev/null || true
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  [ "$status" -eq 0 ] && return
  tail -n 60 "$log" >&2
  die "this failed (status $status): $*" "The end of its output is above, all of it in $log" \
    "Run the same command again when it is fixed: it continues from here."
}
