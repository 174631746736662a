# shellcheck shell=bash disable=SC2154 # root, kaggle, work, driver, steps and new_machine are kaggle_rehearsal's and cases.sh's
# The rehearsal's cases about training: the notebook as it is, in sessions that are too short.

notebook_manifest=deberta-v3-large-closed-book.json # what the notebook names; here it is a smaller one

# train_in_one_go INPUTS OUT OPTION...: what the sessions must come to, and how many seconds it takes in OUT.seconds.
train_in_one_go() {
  local start=$SECONDS
  [ ! -f "$2.seconds" ] || return 0
  "$SCIEXAM_PROGRAM" train --manifest "$1/$notebook_manifest" --base "$1" --data "$1" --out "$2" --threads 4 \
    "${@:3}" > "$2.txt" 2>&1 || wrong "no training in one go: $(tail -n 1 "$2.txt")"
  printf '%d' $((SECONDS - start)) > "$2.seconds"
}

train_session() { # train_session RESULT LAYOUT LIMIT INPUTS [EARLIER]: one session; RESULT.txt is what it printed
  local mounts=("$work/dataset=$(layout_folder "$2" datasets sciexam-run)"
    "$4=$(layout_folder "$2" datasets training-inputs)")
  [ -z "${5:-}" ] || mounts+=("$5/working=$(layout_folder "$2" notebooks sciexam-train)")
  mkdir "$1"
  cp "$root/notebooks/sciexam-train.ipynb" "$1/run.ipynb"
  machine_environment="${gpus:-} SCIEXAM_TIME_LIMIT=$3s" machine "$1" noexec noexec "${mounts[@]}" > "$1.txt" 2>&1
}

has_progress() { # has_progress TRAINING: a run is done or has a state
  compgen -G "$1/run_*/result.json" > /dev/null || compgen -G "$1/run_*/resume/*.json" > /dev/null
}

# train_in_sessions NAME LAYOUT INPUTS ONE_GO: each session has the output of the one before as an input, until all
# runs are done; the weights must be those of ONE_GO. Sets result to the last session, session to their number.
train_in_sessions() {
  local limit earlier='' continued=false
  session=0
  limit=$(($(cat "$4.seconds") * 2 / 3 + 8)) # a session's start takes some of it
  while :; do
    session=$((session + 1))
    [ "$session" -le 20 ] || wrong "twenty sessions were not enough"
    result=$work/$1_$session
    printf '\nsession %d, %d seconds\n' "$session" "$limit"
    train_session "$result" "$2" "$limit" "$3" "$earlier" || wrong "session $session failed: $(tail -n 1 "$result.txt")"
    cat "$result.txt"
    ! grep -q 'continues after step' "$result.txt" || continued=true
    if ! grep -q 'THE TIME IS UP' "$result.txt"; then
      if $continued; then break; fi
      earlier='' limit=$((limit * 2 / 3)) # never stopped within a run: again, shorter
    elif has_progress "$result/working/training"; then
      earlier=$result limit=$((limit * 3 / 2))
    else
      limit=$((limit * 3 / 2)) # too short for a first step
    fi
  done
  [ "$(weights_hashes "$result/working/training/lock.json")" = "$(weights_hashes "$4/lock.json")" ] ||
    wrong "the weights are not those of a training in one go"
  shows_report "$result" training/report.html
}

train_stopped_and_resumed() { # train_stopped_and_resumed LAYOUT
  local session result inputs=$work/inputs
  helper short_manifest "$inputs/demo.json" "$steps" "$inputs/$notebook_manifest"
  train_in_one_go "$inputs" "$work/one_go" --device cpu
  train_in_sessions "train_$1" "$1" "$inputs" "$work/one_go"
  printf '%d sessions, the same weights as in one go\n' "$session"
}

# Two sessions that trained a run each: a third has both.
train_collected() {
  local inputs=$work/inputs first=$work/collected_0 second=$work/collected_1 result=$work/collected
  helper short_manifest "$inputs/demo.json" "$steps" "$inputs/$notebook_manifest"
  train_in_one_go "$inputs" "$work/one_go" --device cpu
  local run
  for run in 0 1; do
    mkdir -p "$work/collected_$run/working/training"
    cp -r "$work/one_go/run_$run" "$work/collected_$run/working/training/"
  done
  mkdir "$result"
  cp "$root/notebooks/sciexam-train.ipynb" "$result/run.ipynb"
  machine "$result" noexec noexec "$work/dataset=datasets/rehearsal/sciexam-run" "$inputs=datasets/rehearsal/inputs" \
    "$first/working=notebooks/rehearsal/first" "$second/working=notebooks/rehearsal/second" || wrong "the notebook failed"
  [ "$(weights_hashes "$result/working/training/lock.json")" = "$(weights_hashes "$work/one_go/lock.json")" ] ||
    wrong "the runs are not those that were trained"
  printf 'both runs of two sessions, and nothing trained again\n'
}

train_without() { # train_without FILE MESSAGE: the notebook must fail and say what to attach
  local inputs=$work/inputs_without_$1 result=$work/train_without_$1
  helper short_manifest "$work/inputs/demo.json" "$steps" "$work/inputs/$notebook_manifest"
  mkdir "$inputs"
  cp "$work/inputs"/* "$inputs/"
  rm "$inputs/$1"
  if train_session "$result" new 600 "$inputs"; then wrong "the notebook did not fail"; fi
  cat "$result.txt"
  grep -qF "$2" "$result.txt" || wrong "it does not say: $2"
  [ ! -e "$result/working/training" ] || wrong "something was written"
  printf 'it fails, and says: %s\n' "$2"
}

# Three runs on two emulated GPUs, stopped, continued, packed, and submitted.
train_on_two_gpus() {
  local session result inputs=$work/gpu_inputs one_go=$work/gpu_one_go upload=$work/gpu_upload
  local gpus='SCIEXAM_EMULATED_DEVICES=2 SCIEXAM_DEVICE_TIMEOUT=60'
  [ -f "$driver/libcuda.so.1" ] || wrong "$driver has no libcuda.so.1: ninja -C build/release emulated_cuda makes it"
  mkdir "$inputs"
  cp "$root"/src/demo/base/* "$inputs/"
  cp "$root/src/demo/exam.csv" "$inputs/exam.csv"
  helper gpu_manifest "$root/weights_manifest/demo.json" exam.csv "$inputs/$notebook_manifest"
  LD_LIBRARY_PATH=$driver SCIEXAM_EMULATED_DEVICES=1 train_in_one_go "$inputs" "$one_go" --device cuda
  machine_driver=$driver train_in_sessions gpus new "$inputs" "$one_go"
  local gpu
  for gpu in 'GPU 0 (Emulated' 'GPU 1 (Emulated'; do
    grep -qhF "$gpu" "$work"/gpus_*.txt || wrong "nothing was trained on $gpu"
  done
  "$root/kernels_package/stage.sh" --weights "$result/working/training" --owner rehearsal --out "$upload" ||
    wrong "the runs could not be packed"
  "$SCIEXAM_PROGRAM" --package "$upload" --test "$work/competition/test.csv" --output "$work/gpu_expected.csv"
  submit_with "$work/gpu_submit" new noexec noexec "$upload" || wrong "the submission's notebook failed"
  cmp "$work/gpu_expected.csv" "$work/gpu_submit/working/submission.csv" || wrong "submission.csv is another one"
  printf '%d sessions, three runs on two GPUs, packed; %s\n' "$session" "$(map_at_3 "$work/gpu_expected.csv")"
}
