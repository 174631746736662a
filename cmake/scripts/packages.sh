# shellcheck shell=bash disable=SC2154 # root and cache are build.sh's
# What comes from Debian's own packages. $root is the checkout.

# packages_of GROUP...: what the groups list, one per line: NAME, or NAME|OTHER (the first that this system has), with a
# "?" at its end where a system may lack it.
packages_of() {
  local group
  for group; do
    awk -v group="$group" '$1 == group { print $2 }' "$root/cmake/debian_packages.txt"
  done
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]; }

known() { apt-cache show --no-all-versions "$1" > /dev/null 2>&1; }

# missing_packages LISTED...: what is to be installed, one per line; nothing for a listed package that is there in one of
# its forms, or that is optional and not available.
missing_packages() {
  local listed name found names
  for listed; do
    IFS='|' read -r -a names <<< "${listed%\?}"
    found=''
    for name in "${names[@]}"; do if installed "$name"; then continue 2; fi; done
    for name in "${names[@]}"; do
      if known "$name"; then found=$name && break; fi
    done
    [[ -z $found && $listed = *\? ]] || printf '%s\n' "${found:-${names[0]}}"
  done
}

# Sets as_root to the words before a command that needs root; fails if there is no way.
find_root() {
  as_root=()
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo > /dev/null || return 1
  if [ -t 0 ]; then
    as_root=(sudo)
    say "sudo may ask for your password."
  else
    as_root=(sudo -n) # nobody is there to type a password
  fi
  "${as_root[@]}" true 2> /dev/null
}

require_packages() { # require_packages GROUP...
  local missing by_hand listed
  command -v dpkg-query > /dev/null || die "this is not a Debian system: dpkg-query is missing." \
    "build.sh is made for Debian 12 and 13. CONTRIBUTING.md says how to build elsewhere."
  mapfile -t listed < <(packages_of "$@")
  mapfile -t missing < <(missing_packages "${listed[@]}")
  # Nothing missing: apt is not even asked, so this works offline.
  [ ${#missing[@]} -gt 0 ] || return 0
  by_hand="apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  find_root || die "these Debian packages are missing, and I may not install them: ${missing[*]}" \
    "Have somebody run, as root:" "  $by_hand"
  # One unreachable third-party repository must not end the build.
  "${as_root[@]}" apt-get -q update >&2 || warn "apt-get update failed in part; trying to install all the same."
  mapfile -t missing < <(missing_packages "${listed[@]}") # only now is it known which of the alternatives exist
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >&2 ||
    die "apt-get could not install: ${missing[*]}" "Its messages are above. By hand, as root:" "  $by_hand"
}
