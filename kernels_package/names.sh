# shellcheck shell=bash disable=SC2034,SC2154 # owner, title and refuse are stage.sh's, and what is set here is for it
# Names as Kaggle wants them. https://github.com/Kaggle/kaggle-cli, docs on metadata and
# the checks of dataset_create_new and kernels_push.

slug_of() { # slug_of TITLE: in an address, lower-case letters, digits and single dashes
  printf '%s' "$1" | LC_ALL=C tr '[:upper:]' '[:lower:]' | LC_ALL=C tr -cs 'a-z0-9' '-' | sed 's/^-*//; s/-*$//'
}

# Sets slug, notebook_title and notebook_slug.
check_names() {
  [ -n "$owner" ] || refuse "--owner is missing: give your Kaggle user name." \
    "It is the part of your profile's address after kaggle.com/." "$usage"
  [[ $owner =~ ^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$ ]] ||
    refuse "--owner '$owner' is not a Kaggle user name: letters, digits and dashes, at most 50." \
      "It is the part of your profile's address after kaggle.com/."
  [[ $title =~ ^[A-Za-z0-9\ .,:+()_-]*$ ]] ||
    refuse "--title '$title' has characters that it may not have." "Use letters, digits, blanks and . , : + ( ) _ -"
  if [ ${#title} -lt 6 ] || [ ${#title} -gt 50 ]; then
    refuse "--title '$title' has ${#title} characters." "Kaggle wants 6 to 50."
  fi
  slug=$(slug_of "$title")
  [ ${#slug} -ge 6 ] ||
    refuse "--title '$title' becomes the address '$slug', of ${#slug} characters." \
      "Kaggle wants 6 to 50; use more letters or digits."
  # Kaggle takes 50 characters of a notebook's title too, and its address must be that of the title.
  notebook_title="$(printf '%s' "${title:0:43}" | sed 's/ *$//') submit"
  notebook_slug=$(slug_of "$notebook_title")
}
