#!/usr/bin/env python3
"""sciexam and transformers on PyTorch (CPU, eager, f32) on the same checkpoint and questions, one after the other.

usage: compare_transformers.py SCIEXAM_RUN CHECKPOINT SPM_MODEL QUESTIONS.csv [--questions N] [--threads T]

transformers gets one question per batch, its five options padded to the longest,
as the public notebooks do, sorted by length; both sides' time is from the first
token to the last logit, without loading. Prints tokens per second (real tokens,
no padding), the ratio, peak memory, and the largest difference between probabilities.
"""
import argparse
import csv
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time


def sciexam(arguments, folder, questions_csv):
    package = os.path.join(folder, "package")
    subprocess.run([arguments.program, "pack", "--models", arguments.checkpoint, "--tokenizer", arguments.spm,
                    "--out", package], check=True, stdout=subprocess.DEVNULL)
    before = time.time()
    run = subprocess.run(
        ["/usr/bin/time", "-v", arguments.program, "--package", package, "--test", questions_csv, "--device", "cpu", "--output",
         os.path.join(folder, "submission.csv"), "--probabilities", os.path.join(folder, "p.csv"), "--threads",
         str(arguments.threads)], check=True, capture_output=True, text=True)
    total = time.time() - before
    rate = float(re.findall(r"(\d+) tokens/s", run.stderr)[-1])
    peak = int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", run.stderr).group(1)) / 1e6
    with open(os.path.join(folder, "p.csv"), newline="") as f:
        p = {r["id"]: [float(r[c]) for c in "ABCDE"] for r in csv.DictReader(f) if r["model"] == "run_0"}
    return rate, peak, total, p


def transformers(arguments, questions_csv):
    import torch
    from transformers import DebertaV2ForMultipleChoice

    torch.set_num_threads(arguments.threads)
    with open(questions_csv, newline="", encoding="utf-8-sig") as f:
        rows = list(csv.DictReader(f))
    # Token ids from sciexam's own tokenizer: both sides read the same sequences.
    lines = "".join(json.dumps({"text": r["prompt"], "pair": r[c]}) + "\n" for r in rows for c in "ABCDE")
    out = subprocess.run([arguments.program, "tokenize", "--tokenizer", arguments.spm], input=lines,
                         capture_output=True, text=True, check=True).stdout.splitlines()
    ids = [json.loads(line)["ids"] for line in out]
    questions = sorted(((r["id"], ids[5 * i:5 * i + 5]) for i, r in enumerate(rows)),
                       key=lambda q: max(map(len, q[1])))
    model = DebertaV2ForMultipleChoice.from_pretrained(arguments.checkpoint, torch_dtype=torch.float32).eval()
    p, tokens, start = {}, sum(map(len, ids)), time.time()
    with torch.inference_mode():
        for name, options in questions:
            length = max(map(len, options))
            batch = torch.tensor([[o + [0] * (length - len(o)) for o in options]])
            logits = model(input_ids=batch, attention_mask=(batch != 0).long()).logits
            p[name] = logits[0].double().softmax(-1).tolist()
    return tokens / (time.time() - start), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, p


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "checkpoint", "spm", "csv"):
        parser.add_argument(name)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(arguments.checkpoint))) as folder:
        questions_csv = os.path.join(folder, "test.csv")
        with open(arguments.csv, newline="", encoding="utf-8-sig") as f, open(questions_csv, "w", newline="") as g:
            reader = csv.DictReader(f)
            writer = csv.DictWriter(g, ["id", "prompt", *"ABCDE"], extrasaction="ignore")
            writer.writeheader()
            for i, row in enumerate(reader):
                if i < arguments.questions:
                    writer.writerow(row)
        rate, peak, total, ours = sciexam(arguments, folder, questions_csv)
        print(f"sciexam       {rate:8.1f} tokens/s   peak {peak:.2f} GB   (whole run {total:.0f} s)", flush=True)
        their_rate, their_peak, theirs = transformers(arguments, questions_csv)
        print(f"transformers  {their_rate:8.1f} tokens/s   peak {their_peak:.2f} GB")
        difference = max(abs(a - b) for k in theirs for a, b in zip(ours[k], theirs[k]))
        print(f"ratio {rate / their_rate:.3f}   largest difference of a probability {difference:.1e}")


if __name__ == "__main__":
    sys.exit(main())
