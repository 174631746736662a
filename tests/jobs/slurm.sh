#!/usr/bin/env bash
# A training by a real Slurm of this machine: three runs in two folds, one task killed, tasks whose time is up, and the
# same lock as without Slurm. As root; starts munge, a controller and a node of its own, and stops them.
#
#   [KEEP=1] tests/jobs/slurm.sh PROGRAM     KEEP: leave the folder with all logs
set -euo pipefail
program=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /tmp/sciexam_slurm.XXXXXX)
daemons=()

clean_up() {
  local status=$?
  [ "$status" = 0 ] || tail -n 20 "$work"/*.log "$work"/out/slurm-*.log >&2 || true
  for daemon in "${daemons[@]}"; do kill "$daemon" 2> /dev/null || true; done
  pkill -F "$work/munged.pid" 2> /dev/null || true
  wait
  [ -n "${KEEP-}" ] || rm -rf "$work"
}
trap clean_up EXIT
say() { printf 'slurm: %s\n' "$*"; }
fail() { printf 'slurm: %s\n' "$*" >&2 && exit 1; }

# What the daemons need: a key, a configuration, folders of their own.
start_slurm() {
  local host
  host=$(hostname -s)
  dd if=/dev/urandom of="$work/munge.key" bs=64 count=16 status=none
  chmod 400 "$work/munge.key"
  chmod 755 "$work"
  munged --force --socket="$work/munge.socket" --key-file="$work/munge.key" --pid-file="$work/munged.pid" \
    --log-file="$work/munged.log" --seed-file="$work/munge.seed"
  mkdir "$work/state" "$work/spool"
  cat > "$work/slurm.conf" << END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=1,sched_min_interval=200000,bf_interval=2
ReturnToService=2
KillWait=10
SlurmdTimeout=300
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
END
  export SLURM_CONF=$work/slurm.conf
  slurmctld -D -i &> "$work/slurmctld.out.log" &
  daemons+=($!)
  slurmd -D &> "$work/slurmd.out.log" &
  daemons+=($!)
  for _ in $(seq 60); do
    sinfo -h -o %T 2> /dev/null | grep -q idle && return
    sleep 1
  done
  fail "the node did not become idle"
}

# The demo's base learns the demo's exam; the third run is longer than a task's minute.
write_manifest() {
  cat > "$work/manifest.json" << 'END'
{"format": "sciexam-training", "version": 1, "title": "three runs",
 "base": {"name": "demo", "initial_weights": "checkpoint", "files": [{"name": "config.json", "sha256": null},
          {"name": "model.safetensors", "sha256": null}, {"name": "spm.model", "sha256": null}]},
 "data": [{"name": "exam.csv", "sha256": null, "rows": null, "role": "train"}],
 "template": "closed_book", "settings": {"max_steps": 60, "batch_size": 16, "save_steps": 20, "eval_steps": 30},
 "runs": [{"name": "run_0"}, {"name": "run_1", "settings": {"seed": 1}},
          {"name": "run_2", "settings": {"seed": 2, "max_steps": 400, "eval_steps": 200}}]}
END
  mkdir "$work/data"
  cp "$root/src/demo/exam.csv" "$work/data/"
}

train() { # train OUT OPTION...
  local out=$work/$1
  shift
  "$program" train --manifest "$work/manifest.json" --base "$root/src/demo/base" --data "$work/data" --out "$out" \
    --folds 2 --threads 1 --device cpu --isa avx2 "$@"
}

weights() { sed -n 's/.*"weights_sha256": "\(.*\)".*/\1/p' "$1"; }

without_times() { grep -v '"seconds":' "$1"; }

kill_one_task() {
  for _ in $(seq 300); do
    pkill -KILL -f -- "--out $work/out .*--task 1\$" && return
    sleep 0.2
  done
  fail "task 1 was never seen"
}

wait_for_jobs() {
  for _ in $(seq 900); do
    [ -n "$(squeue -h)" ] || return 0
    sleep 1
  done
  squeue >&2
  fail "the jobs did not end"
}

write_manifest
start_slurm
say "$(slurmctld -V) is up"
train out --jobs slurm --pack "$work/package" > "$work/train.sbatch"
# A minute is the shortest time that Slurm gives.
sed -i 's/^#SBATCH --signal=.*/#SBATCH --signal=B:USR1@30/; 2i #SBATCH --time=1' "$work/train.sbatch"
bash "$work/train.sbatch"
kill_one_task
say "task 1 was killed"
wait_for_jobs
grep -l 'The training was killed' "$work"/out/slurm-*_1.log > /dev/null || fail "the killed task did not go on"
grep -l 'The time is up' "$work"/out/slurm-*.log > /dev/null || fail "no task's time was up"
[ -f "$work/package/manifest.json" ] || fail "the collecting job left no package"
say "collected: $(find "$work/out" -name result.json | wc -l) runs; requeued: $(grep -h 'goes on in another job' "$work"/out/slurm-*.log | sort | uniq -c | tr -s ' \n' ' ')"

say "the same without Slurm"
train alone &> "$work/alone.log"
[ "$(weights "$work/out/lock.json")" = "$(weights "$work/alone/lock.json")" ] || fail "the weights differ"
[ "$(weights "$work/alone/lock.json" | wc -l)" = 6 ] || fail "there are not six weights"
diff <(without_times "$work/out/lock.json") <(without_times "$work/alone/lock.json") > "$work/lock.diff.log" || fail "the locks differ: $(cat "$work/lock.diff.log")"
say "passed: the same lock as on one machine, six weights"
