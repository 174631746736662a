# shellcheck shell=bash
# Environments of pinned Python packages, kept in the cache folder.

# python_environment CACHE REQUIREMENTS...: the folder of an environment, on standard output. It is made once for each content
# of the files. They are installed in turn, all but the last without what their packages ask for.
python_environment() {
  local cache=$1 folder log requirements
  shift
  folder=$cache/python-$(cat "$@" | sha256sum | cut -c 1-16)
  log=$cache/logs/python.log
  mkdir -p "$cache/logs" "$cache/locks"
  (
    flock 9
    [ ! -f "$folder/complete" ] || exit 0
    printf 'Making the Python environment %s (once; needs network)\n' "$folder" >&2
    rm -rf "$folder"
    # Debian's own Python: the rehearsed machine sees nothing but /usr and this folder.
    /usr/bin/python3 -m venv "$folder" > "$log" 2>&1 || fail_python "$log"
    while [ $# -gt 0 ]; do
      requirements=(-r "$1")
      [ $# -eq 1 ] || requirements+=(--no-deps)
      "$folder/bin/pip" install --disable-pip-version-check --no-input "${requirements[@]}" >> "$log" 2>&1 || fail_python "$log"
      shift
    done
    touch "$folder/complete"
  ) 9> "$cache/locks/python" || return 1
  printf '%s\n' "$folder"
}

fail_python() { # fail_python LOG
  tail -n 20 "$1" >&2
  printf 'The Python environment could not be made; the end of %s is above.\n' "$1" >&2
  printf '  It needs the Debian package python3-venv and a Python package index that pip reaches.\n' >&2
  exit 1
}
