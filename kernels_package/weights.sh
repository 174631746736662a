# shellcheck shell=bash disable=SC2034,SC2154 # what is used or set here and not declared is stage.sh's
# What --weights names: a package, or checkpoints to pack.

first_value() { # first_value FILE KEY: of a string or number in JSON as sciexam writes it
  sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",{[]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | head -n 1
}

has_weights() {
  [ -f "$1/config.json" ] || return 1
  compgen -G "$1/model*.safetensors" > /dev/null || compgen -G "$1/pytorch_model*" > /dev/null
}

# checkpoint_of FOLDER: the checkpoint in a run's folder as --train leaves it, or in
# Hugging Face's form; nothing if it is no run.
checkpoint_of() {
  local result
  if [ -f "$1/result.json" ]; then
    result=$1/$(first_value "$1/result.json" result)
    has_weights "$result" ||
      refuse "$1/result.json names $result, but that has no config.json with weights." \
        "Train it again, or remove $1."
    printf '%s\n' "$result"
  elif has_weights "$1"; then
    printf '%s\n' "$1"
  elif [ -f "$1/log.jsonl" ] || [ -d "$1/resume" ]; then
    refuse "$1 is a run that has not ended." \
      "Finish it: the command that started it, with --resume. Or move it elsewhere."
  fi
}

# The template and the truncation that the models were trained with go into the package.
add_trained_options() {
  local key option value model first=''
  for key in template max_length; do
    option=--${key/_/-}
    [[ " ${pack_options[*]} " != *" $option "* ]] || continue
    first=''
    for model in "${models[@]}"; do
      [ -f "$model/training.json" ] || continue
      value=$(first_value "$model/training.json" "$key")
      [ -z "$first" ] || [ "$value" = "$first" ] ||
        refuse "the models were trained with different settings of $key: '$first', and '$value' in $model." \
          "Pack only models of one kind together."
      first=$value
    done
    [ -z "$first" ] || pack_options+=("$option" "$first")
  done
}

# Leaves tokenizer empty where the checkpoints have their own vocabularies: `pack` knows which of the files in a
# checkpoint's folder its model was trained with.
find_tokenizer() {
  local folder name first own=false
  if [ -n "$tokenizer" ]; then
    [ -f "$tokenizer" ] ||
      refuse "--tokenizer $tokenizer is not there." "Give the model's vocabulary, spm.model or tokenizer.json."
    return
  fi
  for name in spm.model tokenizer.json; do
    first=''
    for folder in "$weights" "${models[@]}"; do
      [ -f "$folder/$name" ] || continue
      [ "$folder" = "$weights" ] && [ "$folder" != "${models[0]}" ] || own=true
      first=${first:-$folder/$name}
      cmp -s "$first" "$folder/$name" ||
        refuse "$first and $folder/$name are different vocabularies." \
          "Say which one with --tokenizer, if the models were trained with the same."
    done
  done
  if $own; then return; fi
  for name in tokenizer.json spm.model; do
    [ -n "$tokenizer" ] || [ ! -f "$weights/$name" ] || tokenizer=$weights/$name
  done
  [ -n "$tokenizer" ] ||
    refuse "no spm.model or tokenizer.json lies in $weights or beside its checkpoints." \
      "Name the models' vocabulary with --tokenizer FILE."
}

# Sets package to a package's folder, or models, tokenizer and more pack_options.
find_weights() {
  local folder checkpoint
  package='' models=()
  [ -n "$weights" ] || refuse "--weights is missing: a package, or the --out folder of a training." "$usage"
  [ -d "$weights" ] || refuse "--weights $weights is not a folder." "Give a package, or the --out folder of a training."
  weights=${weights%/}
  if [ -f "$weights/manifest.json" ]; then
    grep -q '"sciexam-package"' "$weights/manifest.json" ||
      refuse "$weights/manifest.json is not that of a package." \
        "Give a folder that pack has made."
    if [ ${#pack_options[@]} -gt 0 ] || [ -n "$tokenizer" ]; then
      refuse "$weights is a package already: ${pack_options[0]:---tokenizer} cannot change it." \
        "Leave it out, or give the checkpoints' folder."
    fi
    if $title_given; then
      printf 'package: the title is for the dataset; the package in %s keeps its own.\n' "$weights" >&2
    fi
    package=$weights
    return
  fi
  if has_weights "$weights"; then
    models=("$weights")
  else
    while IFS= read -r folder; do
      # Not in a process substitution: a refusal must end this script.
      checkpoint=$(checkpoint_of "$folder") || exit $?
      [ -z "$checkpoint" ] || models+=("$checkpoint")
    done < <(find -L "$weights" -mindepth 1 -maxdepth 1 -type d | LC_ALL=C sort -V)
  fi
  [ ${#models[@]} -gt 0 ] ||
    refuse "$weights has no manifest.json, and no sub-folder with a checkpoint (config.json and weights)." \
      "Give a package, or the --out folder of a training."
  find_tokenizer
  add_trained_options
}

copy_package() { # copy_package PACKAGE FOLDER: the files that the manifest names, nothing else
  local name
  cp "$1/manifest.json" "$2/"
  while IFS= read -r name; do
    [[ $name != */* && $name != .* ]] ||
      fail "$1/manifest.json names the file '$name', which is not in its folder." \
        "Pack it again."
    [ -f "$1/$name" ] || fail "$1/$name is missing, but manifest.json names it." "Pack it again."
    cp --reflink=auto "$1/$name" "$2/" || fail "$1/$name could not be copied; the reason is above."
  done < <(grep -o '"file": *"[^"]*"' "$1/manifest.json" | cut -d '"' -f 4 | sort -u)
}
