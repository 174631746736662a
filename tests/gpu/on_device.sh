#!/usr/bin/env bash
# What only a GPU can say of training, in some eight minutes: the kernels' tests and golden gradients on it, a run of a
# random DeBERTa-v3-large twice, speed and memory at three lengths, and Hugging Face's Trainer beside it.
#
#   tests/gpu/on_device.sh [BUILD]         BUILD: a built tree (default build/release); the machine needs no compiler
#
#   SIZE=small        a tiny network in place of the large one, to try this script (also on the emulated driver)
#   STEPS=200         of the run that is trained twice
#   PYTHON=python3    one with torch, transformers and accelerate; without them the Trainer is left out
#   PARTS="tests run speed peer"
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/release}
size=${SIZE:-large} steps=${STEPS:-200} python=${PYTHON:-python3} parts=${PARTS:-tests run speed peer}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

part() { [[ " $parts " == *" $1 "* ]]; }
heading() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

# A base without weights: the vocabulary of the demo, in a table as long as DeBERTa-v3's.
make_base() {
  local hidden=1024 layers=24 heads=16 inner=4096 vocabulary=128100
  if [ "$size" = small ]; then hidden=64 layers=2 heads=1 inner=128 vocabulary=2004; fi
  mkdir "$work/base"
  cp src/demo/base/spm.model "$work/base/"
  cat > "$work/base/config.json" << EOF
{"model_type": "deberta-v2", "hidden_size": $hidden, "num_hidden_layers": $layers, "num_attention_heads": $heads,
 "intermediate_size": $inner, "vocab_size": $vocabulary, "pooler_hidden_size": $hidden, "hidden_act": "gelu",
 "pooler_hidden_act": "gelu", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "pooler_dropout": 0,
 "initializer_range": 0.02, "layer_norm_eps": 1e-07, "max_position_embeddings": 512, "max_relative_positions": -1,
 "norm_rel_ebd": "layer_norm", "pad_token_id": 0, "pos_att_type": "p2c|c2p", "position_biased_input": false,
 "position_buckets": 256, "relative_attention": true, "share_att_key": true, "type_vocab_size": 0}
EOF
}

# questions FILE COUNT WORDS: prompts of that many words, of one token each; the answer is told by the prompt's first.
questions() {
  awk -v count="$2" -v words="$3" 'BEGIN {
    srand(7); split("the of and in to", often, " "); split("A B C D E", letters, " ")
    print "id,prompt,A,B,C,D,E,answer"
    for (q = 0; q < count; ++q) {
      answer = int(rand() * 5) + 1
      line = q "," often[answer]
      for (w = 1; w < words; ++w) line = line " " often[int(rand() * 5) + 1]
      for (o = 1; o <= 5; ++o) line = line "," often[o] " the"
      print line "," letters[answer]
    }
  }' > "$1"
}

# manifest WORDS STEPS: of a run with questions of that length.
manifest() {
  mkdir -p "$work/data"
  questions "$work/data/questions_$1.csv" 64 "$1"
  cat > "$work/manifest_$1.json" << EOF
{"format": "sciexam-training", "version": 1, "title": "on a device",
 "base": {"name": "random", "initial_weights": "random",
          "files": [{"name": "config.json", "sha256": null}, {"name": "spm.model", "sha256": null}]},
 "data": [{"name": "questions_$1.csv", "sha256": null, "rows": null, "role": "train"}],
 "template": "closed_book",
 "settings": {"max_steps": $2, "batch_size": 2, "learning_rate": 5e-06, "warmup_ratio": 0.1, "save_steps": 100000},
 "runs": [{"name": "run_0"}]}
EOF
}

train() { # train WORDS OUT
  "$build/src/sciexam-run" --train --manifest "$work/manifest_$1.json" --base "$work/base" --data "$work/data" \
    --out "$work/$2" --device cuda:0 2>&1 | grep -E 'needs|gradients of one question|took|rror|f16' || return 1
  rm -rf "$work/$2/run_0/resume"
}
sha256() { sed -n 's/^ *"weights_sha256": "\([0-9a-f]*\)".*/\1/p' "$work/$1/lock.json"; }

make_base
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2> /dev/null || echo "no nvidia-smi"

if part tests; then
  heading "kernels, networks and golden gradients, on the device"
  export SCIEXAM_CUDA_LIBRARY=${SCIEXAM_CUDA_LIBRARY:-libcuda.so.1}
  "$build/tests/gpu/device_test" | tail -40
  "$build/tests/gpu/device_engine_test" 2>&1 | grep -vE 'left f16|tokens/s' | tail -20
fi

if part run; then
  heading "$steps steps of 2 questions, twice"
  manifest 43 "$steps"
  for out in first second; do train 43 "$out"; done
  [ "$(sha256 first)" = "$(sha256 second)" ] || { echo "DIFFERENT WEIGHTS"; exit 1; }
  printf 'both gave %s\n' "$(sha256 first)"
fi

if part speed; then
  for words in 43 251 507; do
    heading "tokens per second with $((words + 5)) tokens a sequence"
    manifest "$words" 20
    train "$words" "speed_$words"
    rm -rf "$work/speed_$words"
  done
fi

if part peer; then
  heading "the same with Hugging Face's Trainer in fp16"
  "$python" tests/gpu/trainer_peer.py "$work/base/config.json" --steps 20 --lengths 48 256 512 ||
    echo "left out: no torch, transformers and accelerate in $python, or no CUDA"
fi
heading "done"
