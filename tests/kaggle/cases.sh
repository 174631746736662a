# shellcheck shell=bash disable=SC2154 # root, kaggle, work, data, exam, short, open_book_corpus, python and new_machine are kaggle_rehearsal's
# The cases of the rehearsal. Each runs in a subshell, prints what it sees, in the last
# line the result, and ends with a status other than 0 if something is not as it should be.

steps=30 # of a training that is stopped in between

wrong() {
  printf '%s\n' "$*"
  exit 1
}

helper() { "$python/bin/python" "$kaggle/helpers.py" "$@"; }

# layout_folder LAYOUT KIND SLUG: where an input appears under /kaggle/input.
layout_folder() {
  case $1,$2 in
    old,*) printf '%s' "$3" ;;
    new,competitions) printf 'competitions/%s' "$3" ;;
    new,*) printf '%s/rehearsal/%s' "$2" "$3" ;;
  esac
}

prepare() {
  local length=()
  set -e
  mkdir "$work/inputs" "$work/competition"
  # What somebody who trains on Kaggle attaches: manifest, base and questions.
  cp "$root"/src/demo/base/* "$work/inputs/"
  if [ "$exam" = "$root/src/demo/exam.csv" ]; then
    cp "$exam" "$work/inputs/exam.csv"
    cp "$exam" "$work/inputs/valid_exam.csv"
    helper manifest "$root/weights_manifest/demo.json" exam.csv "$work/inputs/demo.json"
  else
    cp "$root/weights_manifest/demo.json" "$data/train_context.csv" "$work/inputs/"
    "$python/bin/python" "$root/src/demo/make_exercises.py" "$data/retrieval/passages.jsonl" \
      "$work/inputs/reading_exercises.csv"
  fi
  # The full training takes one thread, as src/demo/lock.json says.
  if $short; then length=(--max-steps "$steps" --threads 2); else length=(--threads 1); fi
  train_demo "$work/training" "${length[@]}"
  # As if trained without contexts: with an index, and without one, they are other cases (submit_open_book).
  "$root/kernels_package/stage.sh" --weights "$work/training" --owner rehearsal --out "$work/upload" \
    --template closed_book
  # The other cases go on with what the client uploads, and where it refuses to, with all that lies there.
  if ! "${new_machine[@]}" "$python/bin/python" "$kaggle/client_check.py" "$work/upload" "$work/dataset" \
    > "$work/client.txt" 2>&1; then
    touch "$work/client_failed"
    mkdir -p "$work/dataset"
    find "$work/upload" -maxdepth 1 -type f -exec cp {} "$work/dataset" \;
  fi
  helper unlabelled "$exam" "$work/competition/test.csv"
  # What the same program says outside: the notebook must leave the same bytes.
  "$SCIEXAM_PROGRAM" --package "$work/dataset" --test "$work/competition/test.csv" --output "$work/expected.csv"
}

train_demo() { # train_demo OUT OPTION...
  "$SCIEXAM_PROGRAM" --train --manifest "$work/inputs/demo.json" --base "$work/inputs" --data "$work/inputs" \
    --out "$1" "${@:2}"
}

weights_hashes() { # weights_hashes FILE...: of lock.json or result.json, one per line
  sed -n 's/^ *"weights_sha256": "\([0-9a-f]*\)".*/\1/p' "$@"
}

# The demo's training, in full: are these the weights inside the program?
same_as_demo() {
  local trained shipped
  trained=$(weights_hashes "$work/training/lock.json")
  shipped=$(weights_hashes "$root/src/demo/lock.json")
  [ -n "$trained" ] || wrong "the training left no hashes"
  # The manifest holds the kernels to AVX2: every CPU gives these.
  [ "$trained" = "$shipped" ] || wrong "the training gave other weights than src/demo/lock.json has"
  printf 'both runs, the same weights as in src/demo/lock.json\n'
}

client_takes_it() {
  cat "$work/client.txt"
  [ ! -f "$work/client_failed" ] || exit 1
  printf '%d kinds of broken metadata are refused\n' "$(grep -c ^refused "$work/client.txt")"
}

# machine RESULT INPUT_MOUNT WORK_MOUNT SOURCE=TARGET...: runs RESULT/run.ipynb, shows what its cells printed.
machine() {
  local result=$1 status=0
  "${new_machine[@]}" "$kaggle/machine.sh" "$result/run.ipynb" "$result" "$python" "${@:2}" || status=$?
  [ ! -f "$result/notebook.ipynb" ] || helper text "$result/notebook.ipynb"
  return "$status"
}

# submit_with RESULT LAYOUT INPUT_MOUNT WORK_MOUNT DATASET [SOURCE=TARGET...]
submit_with() {
  local result=$1 layout=$2
  mkdir -p "$result"
  cp "$work/upload/notebook/sciexam-submit.ipynb" "$result/run.ipynb"
  machine "$result" "$3" "$4" "$5=$(layout_folder "$layout" datasets sciexam-run)" \
    "$work/competition=$(layout_folder "$layout" competitions kaggle-llm-science-exam)" "${@:6}"
}

map_at_3() { # map_at_3 SUBMISSION
  "$SCIEXAM_PROGRAM" evaluate --test "$exam" --submission "$1" | sed 's/.*MAP@3/MAP@3/'
}

# shows_report RESULT FILE: the page is shown in the notebook, whole.
shows_report() {
  [ -s "$1/working/$2" ] || wrong "there is no $2"
  [ "$(helper text "$1/notebook.ipynb" | sed -n 's/^\[a page of \([0-9]*\) .*/\1/p')" -ge "$(wc -m < "$1/working/$2")" ] ||
    wrong "the notebook does not show $2"
}

# as_outside RESULT: the submission is the one that the program leaves outside.
as_outside() {
  [ -f "$1/working/submission.csv" ] || wrong "there is no submission.csv"
  cmp "$work/expected.csv" "$1/working/submission.csv" || wrong "submission.csv is not what the program leaves outside"
  [ -z "$(find "$1/working" -mindepth 1 ! -name submission.csv ! -name report.html)" ] ||
    wrong "the working folder has more than it should: $(ls -A "$1/working")"
  shows_report "$1" report.html
  map_at_3 "$1/working/submission.csv"
}

submit() { # submit LAYOUT INPUT_MOUNT WORK_MOUNT
  local result=$work/submit_$1_$2_$3
  submit_with "$result" "$1" "$2" "$3" "$work/dataset" || wrong "the notebook failed"
  as_outside "$result"
}

# A package that has a higher version than the one beside the program.
submit_beside_other_package() {
  local result=$work/submit_beside other=$work/other_package
  "$SCIEXAM_PROGRAM" pack --models "$work"/training/run_0/last --package-version 9999 --title other --out "$other"
  submit_with "$result" old noexec exec "$work/dataset" "$other=z-package" || wrong "the notebook failed"
  helper text "$result/notebook.ipynb" | grep -q "beside the program's original.*not used: /kaggle/input/z-package" ||
    wrong "it does not say which package it takes and why"
  as_outside "$result"
}

# Two datasets: an open-book package, and an index of what the exam is about.
submit_open_book() { # submit_open_book LAYOUT
  local result=$work/open_book_$1 upload=$work/open_book_upload index=$work/index
  if [ ! -d "$upload" ]; then
    "$root/kernels_package/stage.sh" --weights "$work/training" --owner rehearsal --out "$upload" --template open_book \
      --max-length 224
    "$SCIEXAM_PROGRAM" index --corpus "${open_book_corpus:?}" --out "$index"
    "$root/kernels_package/stage_index.sh" --index "$index" --owner rehearsal
    "$SCIEXAM_PROGRAM" --package "$upload" --index "$index" --test "$work/competition/test.csv" \
      --output "$work/open_book_expected.csv"
  fi > "$work/open_book.txt" 2>&1 || wrong "no dataset: $(tail -n 3 "$work/open_book.txt")"
  submit_with "$result" "$1" noexec exec "$upload" "$index=$(layout_folder "$1" datasets sciexam-passage-index)" \
    > "$result.txt" || wrong "the notebook failed: $(tail -n 1 "$result.txt")"
  grep -q 'passage index: .* passages of ' "$result.txt" || wrong "the index was not found"
  grep -q 'context: .* have one from the index' "$result.txt" || wrong "no question got a context"
  cmp "$work/open_book_expected.csv" "$result/working/submission.csv" ||
    wrong "submission.csv is not what the program leaves outside"
  printf '%s; %s\n' "$(grep -o 'context: .*' "$result.txt" | head -n 1)" "$(map_at_3 "$result/working/submission.csv")"
}

submit_damaged() { # submit_damaged FILE EXPECTED
  local result=$work/submit_damaged_$1 dataset=$work/damaged_$1
  cp -r "$work/dataset" "$dataset"
  printf '\377\377\377\377' | dd "of=$dataset/$1" bs=1 seek=2000 conv=notrunc status=none
  submit_with "$result" new noexec exec "$dataset" > "$result.txt" ||
    wrong "the notebook failed: $(tail -n 1 "$result.txt")"
  cat "$result.txt"
  case $2 in
    'status 3') grep -q '^degraded: ' "$result.txt" || wrong "it does not say that it is degraded" ;;
    *) grep -q "^THE RUN FAILED. /kaggle/working/submission.csv is a complete" "$result.txt" ||
      wrong "it does not say that the run failed" ;;
  esac
  [ "$(wc -l < "$result/working/submission.csv")" -eq "$(wc -l < "$work/expected.csv")" ] ||
    wrong "the submission is incomplete"
  printf 'reported, %s; %s\n' "$2" "$(map_at_3 "$result/working/submission.csv")"
}

submit_without() { # submit_without SLUG MESSAGE: the notebook must fail and say why, and an earlier submission must go
  local result=$work/submit_without_$1
  mkdir -p "$result/working" "$work/nothing"
  cp "$work/expected.csv" "$result/working/submission.csv"
  cp "$work/upload/notebook/sciexam-submit.ipynb" "$result/run.ipynb"
  local inputs=("$work/dataset=sciexam-run" "$work/competition=kaggle-llm-science-exam" "$work/nothing=other")
  local kept=() pair
  for pair in "${inputs[@]}"; do
    [ "${pair#*=}" = "$1" ] || kept+=("$pair")
  done
  if machine "$result" noexec exec "${kept[@]}" > "$result.txt" 2>&1; then
    cat "$result.txt"
    wrong "the notebook did not fail"
  fi
  cat "$result.txt"
  grep -qF "$2" "$result.txt" || wrong "it does not say: $2"
  [ ! -e "$result/working/submission.csv" ] || wrong "an earlier submission is still there"
  printf 'it fails, and says: %s\n' "$2"
}

