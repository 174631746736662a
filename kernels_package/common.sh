# shellcheck shell=bash disable=SC2154 # verb and the values of placeholders are set by whoever reads this file
# Messages and templates of the scripts that make datasets.

report() { # report STATUS LINE...: what is wrong, then what to do
  local status=$1
  printf '%s: %s\n' "$verb" "$2" >&2
  shift 2
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit "$status"
}
refuse() { report 2 "$@"; }
fail() { report 1 "$@"; }

fill() { # fill TEMPLATE RESULT
  local text
  text=$(cat "$1")
  text=${text//@OWNER@/$owner}
  text=${text//@SLUG@/$slug}
  text=${text//@TITLE@/$title}
  text=${text//@NOTEBOOK_TITLE@/$notebook_title}
  text=${text//@NOTEBOOK_SLUG@/$notebook_slug}
  text=${text//@LICENCE@/${licence-}}
  printf '%s\n' "$text" > "$2"
}
