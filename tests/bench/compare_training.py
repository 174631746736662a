#!/usr/bin/env python3
"""sciexam-run train and transformers.Trainer (PyTorch, CPU, f32) on the same checkpoint, questions and settings.

usage: compare_training.py SCIEXAM_RUN CHECKPOINT SPM_MODEL QUESTIONS.csv [--steps N] [--batch QUESTIONS] [--threads T]
                           [--train-last-layers N] [--rounds N] [--work FOLDER]

Both train all N steps on the same N x QUESTIONS questions, closed book, with the dropout of the checkpoint's
configuration, AdamW at 5e-6, gradients clipped at 1.0, no accumulation. Trainer pads a batch to its longest
sequence, as the public notebooks do. Tokens (real ones, no padding) per second are those of the steps after the
first two; peak memory is each process's own. The sides take turns; the table has the medians of all rounds.
Needs torch, transformers, accelerate and safetensors; no network.
"""
import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

LETTERS = "ABCDE"
SETTINGS = dict(learning_rate=5e-6, max_grad_norm=1.0, seed=42)
WARM_UP_STEPS = 2


def write_manifest(arguments, folder, questions_csv):
    """The one place that knows the form of sciexam's training manifests (weights_manifest/schema.json)."""
    with open(os.path.join(arguments.checkpoint, "config.json"), encoding="utf-8") as f:
        layers = json.load(f)["num_hidden_layers"]
    settings = dict(learning_rate=SETTINGS["learning_rate"], max_grad_norm=SETTINGS["max_grad_norm"],
                    seed=SETTINGS["seed"], warmup_ratio=0, batch_size=arguments.batch, weight_decay=0, save_steps=0)
    if arguments.train_last_layers:
        settings.update(freeze_embeddings=True, freeze_relative_embeddings=True,
                        freeze_layers=layers - arguments.train_last_layers)
    files = ("config.json", "model.safetensors", "spm.model")
    manifest = dict(
        format="sciexam-training", version=1, title="bench", template="closed_book",
        base=dict(name="bench", initial_weights="checkpoint", files=[dict(name=name, sha256=None) for name in files]),
        data=[dict(name=os.path.basename(questions_csv), sha256=None, rows=None, role="train")],
        settings=settings, runs=[dict(name="run_0")])
    path = os.path.join(folder, "manifest.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=2)
    if not os.path.exists(os.path.join(arguments.checkpoint, "spm.model")):
        shutil.copy(arguments.spm, os.path.join(arguments.checkpoint, "spm.model"))
    return path


def measured_run(command, log):
    """Runs a command to its end: its peak memory in GB (ru_maxrss)."""
    with open(log, "w", encoding="utf-8") as f:
        process = subprocess.Popen(command, stdout=f, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        with open(log, encoding="utf-8") as f:
            sys.exit(f"this failed (status {process.returncode}): {' '.join(command)}\n{f.read()[-4000:]}")
    return usage.ru_maxrss * 1024 / 1e9


def rate_of(steps, expected):
    """Tokens per second of the steps (tokens, seconds) after the first two."""
    if len(steps) != expected:
        sys.exit(f"{len(steps)} steps were made instead of {expected}: the questions do not suffice, or a log is cut")
    return sum(t for t, _ in steps[WARM_UP_STEPS:]) / sum(s for _, s in steps[WARM_UP_STEPS:])


def sciexam(arguments, folder, questions_csv):
    out = os.path.join(folder, "out")
    shutil.rmtree(out, ignore_errors=True) # else it would resume from there
    peak = measured_run(
        [arguments.program, "train", "--manifest", write_manifest(arguments, folder, questions_csv), "--base",
         arguments.checkpoint, "--data", os.path.dirname(questions_csv), "--out", out, "--run", "0", "--max-steps",
         str(arguments.steps), "--threads", str(arguments.threads)], os.path.join(folder, "sciexam.log"))
    with open(os.path.join(out, "run_0", "log.jsonl"), encoding="utf-8") as f:
        events = [json.loads(line) for line in f]
    shutil.rmtree(out)
    steps = [(e["tokens"], e["seconds"]) for e in events if e.get("event") == "step"]
    return rate_of(steps, arguments.steps), peak


def transformers(arguments, folder, questions_csv):
    result = os.path.join(folder, "steps.json")
    peak = measured_run(
        [sys.executable, os.path.abspath(__file__), arguments.program, arguments.checkpoint, arguments.spm,
         questions_csv, "--trainer-steps-to", result, "--steps", str(arguments.steps), "--batch", str(arguments.batch),
         "--threads", str(arguments.threads), "--train-last-layers", str(arguments.train_last_layers)],
        os.path.join(folder, "transformers.log"))
    with open(result, encoding="utf-8") as f:
        return rate_of(json.load(f), arguments.steps), peak


def encoded_questions(arguments):
    """Token ids from sciexam's own tokenizer, so that both sides read the same sequences."""
    with open(arguments.csv, newline="", encoding="utf-8-sig") as f:
        rows = list(csv.DictReader(f))
    lines = "".join(json.dumps({"text": r["prompt"], "pair": r[c]}) + "\n" for r in rows for c in LETTERS)
    out = subprocess.run([arguments.program, "tokenize", "--tokenizer", arguments.spm], input=lines,
                         capture_output=True, text=True, check=True).stdout.splitlines()
    ids = [json.loads(line)["ids"] for line in out]
    return [{"input_ids": ids[5 * i:5 * i + 5], "label": LETTERS.index(r["answer"])} for i, r in enumerate(rows)]


def freeze_all_but_last(model, layers):
    """What --train-last-layers means: neither embeddings (of words or of relative positions) nor early layers learn."""
    encoder = model.deberta.encoder
    early = encoder.layer[:len(encoder.layer) - layers]
    for module in (model.deberta.embeddings, encoder.rel_embeddings, encoder.LayerNorm, *early):
        module.requires_grad_(False)


def train_with_trainer(arguments):
    """The other side, in a process of its own: writes [[tokens, seconds], ...], one pair per step."""
    import torch
    from transformers import DebertaV2ForMultipleChoice, Trainer, TrainerCallback, TrainingArguments

    torch.set_num_threads(arguments.threads)
    tokens, seconds = [], []

    def collate(questions): # the public notebooks' DataCollatorForMultipleChoice
        options = [o for q in questions for o in q["input_ids"]]
        tokens.append(sum(map(len, options)))
        length = max(map(len, options))
        ids = torch.tensor([o + [0] * (length - len(o)) for o in options]).view(len(questions), 5, length)
        return {"input_ids": ids, "attention_mask": (ids != 0).long(),
                "labels": torch.tensor([q["label"] for q in questions])}

    class Clock(TrainerCallback):
        def on_step_begin(self, *_, **__):
            self.start = time.perf_counter()

        def on_step_end(self, *_, **__):
            seconds.append(time.perf_counter() - self.start)

    model = DebertaV2ForMultipleChoice.from_pretrained(arguments.checkpoint, torch_dtype=torch.float32)
    if arguments.train_last_layers:
        freeze_all_but_last(model, arguments.train_last_layers)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(arguments.trainer_steps_to)) as out:
        Trainer(
            model=model, train_dataset=encoded_questions(arguments), data_collator=collate, callbacks=[Clock()],
            args=TrainingArguments(
                output_dir=out, per_device_train_batch_size=arguments.batch, gradient_accumulation_steps=1,
                max_steps=arguments.steps, optim="adamw_torch", weight_decay=0, use_cpu=True, report_to="none",
                save_strategy="no", logging_strategy="no", disable_tqdm=True, remove_unused_columns=False,
                **SETTINGS)).train()
    # A batch is made ahead of its step, in the steps' order.
    with open(arguments.trainer_steps_to, "w", encoding="utf-8") as f:
        json.dump(list(zip(tokens, seconds)), f)


def write_questions(source, target, count):
    with open(source, newline="", encoding="utf-8-sig") as f, open(target, "w", newline="", encoding="utf-8") as g:
        rows = [r for r in csv.DictReader(f) if r["answer"] in tuple(LETTERS) and all(r[c] for c in LETTERS)][:count]
        if len(rows) < count:
            sys.exit(f"{source} has only {len(rows)} complete questions; {count} are needed. Give fewer --steps")
        writer = csv.DictWriter(g, ["id", "prompt", *LETTERS, "answer"], extrasaction="ignore")
        writer.writeheader()
        for i, row in enumerate(rows):
            writer.writerow({**row, "id": i})


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "checkpoint", "spm", "csv"):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--train-last-layers", type=int, default=0, help="0: all")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--work", help="folder for what is written [beside the checkpoint]")
    parser.add_argument("--trainer-steps-to", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.steps <= WARM_UP_STEPS:
        parser.error(f"--steps must be more than {WARM_UP_STEPS}: the first ones are not measured")
    return arguments


def main():
    arguments = parse()
    if arguments.trainer_steps_to:
        return train_with_trainer(arguments)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    sides, results = {"sciexam": sciexam, "transformers": transformers}, {}
    with tempfile.TemporaryDirectory(dir=arguments.work or os.path.dirname(arguments.checkpoint)) as folder:
        os.mkdir(os.path.join(folder, "data"))
        questions_csv = os.path.join(folder, "data", "questions.csv")
        write_questions(arguments.csv, questions_csv, arguments.steps * arguments.batch)
        for r in range(arguments.rounds):
            for name, side in sides.items():
                rate, peak = side(arguments, folder, questions_csv)
                results.setdefault(name, []).append((rate, peak))
                print(f"round {r + 1}: {name:12} {rate:8.1f} tokens/s, peak {peak:.2f} GB", file=sys.stderr, flush=True)
    medians = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in results.items()}
    print(f"{'':14}{'tokens/s':>10}{'peak GB':>10}   median of {arguments.rounds}, {arguments.threads} threads, "
          f"{arguments.steps} steps of {arguments.batch} questions")
    for name, (rate, peak) in medians.items():
        print(f"{name:14}{rate:10.1f}{peak:10.2f}")
    ours, theirs = medians["sciexam"], medians["transformers"]
    print(f"{'ratio':14}{ours[0] / theirs[0]:10.3f}{ours[1] / theirs[1]:10.3f}")


if __name__ == "__main__":
    sys.exit(main())
