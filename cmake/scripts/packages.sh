# shellcheck shell=bash disable=SC2154 # root and cache are build.sh's
# What Debian's own packages have. $root is the checkout.

packages_of() { # packages_of GROUP...: their names, one a line
  local group
  for group; do
    awk -v group="$group" '$1 == group { print $2 }' "$root/cmake/debian_packages.txt"
  done
}

missing_packages() { # missing_packages PACKAGE...: those that are not installed, one a line
  {
    # An unknown package is an error to dpkg-query, to us just one that is missing.
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2> /dev/null || true
    printf 'wanted %s\n' "$@"
  } | awk '$1 == "installed" { there[$2] = 1 } $1 == "wanted" && !there[$2] { print $2 }'
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
  local missing by_hand
  command -v dpkg-query > /dev/null || die "this is not a Debian system: dpkg-query is missing." \
    "build.sh is made for Debian 12. CONTRIBUTING.md says how to build elsewhere."
  # shellcheck disable=SC2046 # names without blanks
  mapfile -t missing < <(missing_packages $(packages_of "$@"))
  # Nothing missing: apt is not even asked, so this works offline.
  [ ${#missing[@]} -gt 0 ] || return 0
  by_hand="apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  find_root || die "these Debian packages are missing, and I may not install them: ${missing[*]}" \
    "Have somebody run, as root:" "  $by_hand"
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  # One unreachable third-party repository must not end the build.
  "${as_root[@]}" apt-get -q update >&2 || warn "apt-get update failed in part; trying to install all the same."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >&2 ||
    die "apt-get could not install: ${missing[*]}" "Its messages are above. By hand, as root:" "  $by_hand"
}
