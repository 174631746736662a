# shellcheck shell=bash
# The Python environment of the rehearsal, made once for each content of requirements.txt.

# rehearsal_python CACHE: the folder of the environment, on standard output.
rehearsal_python() {
  local here requirements folder log
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  requirements=$here/requirements.txt
  folder=$1/python-$(sha256sum "$requirements" | cut -c 1-16)
  log=$1/logs/python.log
  mkdir -p "$1/logs" "$1/locks"
  (
    flock 9
    [ ! -f "$folder/complete" ] || exit 0
    printf 'Making the Python environment %s (once; needs network)\n' "$folder" >&2
    rm -rf "$folder"
    # Debian's own Python: the rehearsed machine sees nothing but /usr and this folder.
    if ! /usr/bin/python3 -m venv "$folder" > "$log" 2>&1 ||
      ! "$folder/bin/pip" install --disable-pip-version-check --no-input -r "$requirements" >> "$log" 2>&1; then
      tail -n 20 "$log" >&2
      printf 'rehearsal: the Python environment could not be made; the end of %s is above.\n' "$log" >&2
      printf '  It needs the Debian package python3-venv and a Python package index that pip reaches.\n' >&2
      exit 1
    fi
    touch "$folder/complete"
  ) 9> "$1/locks/python" || return 1
  printf '%s\n' "$folder"
}
