#!/usr/bin/env python3
"""sciexam and the programs a user would take instead, in one run, on the same checkpoint, questions and threads.

usage: run.py SCIEXAM_RUN QUESTIONS.csv --checkpoint FOLDER [--shape base|large] [--questions N] [--json FILE] ...

transformers on PyTorch (eager, torch.compile), ONNX Runtime and OpenVINO (f32, int8) and sciexam (f32, int8, and bf16
where it is asked for). Their environment is made from requirements.txt once, in
${XDG_CACHE_HOME:-~/.cache}/sciexam/peers-venv-HASH.

The questions, sorted by length, are dealt to rounds of similar lengths; in a round each competitor answers the same slice,
one after the other, so the machine's noise hits all alike. A rate is real tokens (sciexam's own tokenizer, no padding)
per second from the first token to the last logit; the table has the median of the rounds. Each peer first tries its
settings (questions per batch, OpenVINO's hint) on four questions and keeps the fastest. Start-up: from the process's
start to its first answer to one question, compilation included. "error": the largest difference of a logit from a
float64 network's, both minus the mean of their five, because sciexam writes probabilities.
"""
import argparse
import contextlib
import csv
import hashlib
import json
import math
import os
import re
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# name: form of the model, kinds of peer.py to choose from, tokens per batch to choose from (0: one question)
PEERS = {
    "transformers eager": (None, ["eager"], [0, 1000]),
    "transformers compiled": (None, ["compile"], [0, 1000]),
    "ONNX Runtime f32": ("onnx", ["ort"], [0, 1000]),
    "ONNX Runtime int8 dynamic": ("ort-int8", ["ort"], [0, 1000]),
    "OpenVINO f32": ("onnx", ["openvino-latency", "openvino-throughput"], [0, 1000]),
    "OpenVINO int8 weights": ("ov-int8-weights", ["openvino-latency", "openvino-throughput"], [0]),
    "OpenVINO int8": ("ov-int8", ["openvino-latency", "openvino-throughput"], [0])}
OPEN_BOOK_PEERS = ["transformers eager", "ONNX Runtime f32", "OpenVINO f32"]
SEP = 2


class Unavailable(Exception):
    """Why a competitor has no figures."""


def environment():
    with open(f"{HERE}/requirements.txt", "rb") as f:
        name = hashlib.sha256(f.read() + sys.version.encode()).hexdigest()[:12]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = f"{cache}/sciexam/peers-venv-{name}"
    if not os.path.exists(f"{folder}/done"):
        print(f"making {folder}: 6 GB, some minutes", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([f"{folder}/bin/python", "-m", "pip", "install", "-q", "-r", f"{HERE}/requirements.txt"],
                       check=True)
        open(f"{folder}/done", "w").close()
    return f"{folder}/bin/python"


def output_of(command, text=""):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def last_words(path):
    with open(path, errors="replace") as f:
        lines = [line.strip() for line in f if line.strip()]
    return (lines or ["no message"])[-1][:160]


class Peer:
    """A competitor in its own process, see peer.py."""

    def __init__(self, arguments, kind, model, budget, log):
        self.log, self.budget, self.start = log, budget, time.time()
        self.setting = (kind.partition("-")[2] + " " if "-" in kind else "") + (f"{budget} a batch" if budget else
                                                                              "1 question a batch")
        self.patience, self.peak = arguments.patience, 0
        with open(log, "w") as stderr:
            self.process = subprocess.Popen(
                [arguments.python, f"{HERE}/peer.py", kind, model, str(arguments.threads)], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        self.read()

    def read(self):
        timer = threading.Timer(self.patience, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line:
            self.stop()
            raise Unavailable(last_words(self.log) if self.process.returncode != -9 else
                              f"killed: no answer in {self.patience} s, or no memory")
        return json.loads(line)

    def answer(self, questions):
        """Seconds and the logits of each question."""
        try:
            request = {"questions": [q["ids"] for q in questions], "budget": self.budget}
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # read() tells the reason
        reply = self.read()
        self.peak = reply["peak"]
        return reply["seconds"], reply["logits"]

    def stop(self):
        with contextlib.suppress(BrokenPipeError):  # what a dead peer no longer reads
            self.process.stdin.close()
        self.process.wait()


def mark_of(folder):
    """Another one for another checkpoint, or one that was made anew."""
    files = sorted((entry.name, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in os.scandir(folder))
    return hashlib.sha256(f"{os.path.abspath(folder)} {files}".encode()).hexdigest()[:8]


class Sciexam:
    """sciexam-run, which is a run of the program a slice; its rate is without loading."""
    setting = "as it is"

    def __init__(self, arguments, precision):
        packed = "int8" if precision == "int8" else "f16"
        self.arguments, self.peak, self.start = arguments, 0, None
        self.precision = "auto" if precision == "int8" else precision
        self.package = f"{arguments.work}/package-{packed}-{arguments.max_length}-{mark_of(arguments.checkpoint)}"
        command = [arguments.program, "pack", "--models", arguments.checkpoint, "--tokenizer", arguments.tokenizer,
                   "--out", self.package, "--precision", packed, "--max-length", str(arguments.max_length)]
        if precision == "int8":  # random weights leave all options nearly alike: their order may change
            command += ["--calibration", calibration_csv(arguments), "--allow-disagreement"]
        if not os.path.exists(f"{self.package}/manifest.json"):  # of an earlier run: int8 takes minutes
            pack = subprocess.run(command, capture_output=True, text=True)
            if pack.returncode:
                raise Unavailable(pack.stderr.strip().splitlines()[-1][:160])
        self.start = time.time()

    def answer(self, questions):
        work = self.arguments.work
        with open(f"{work}/slice.csv", "w", newline="") as f:
            writer = csv.DictWriter(f, ["id", "prompt", *"ABCDE"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows({**q, "id": i} for i, q in enumerate(questions))
        with open(f"{work}/sciexam.err", "w") as stderr:
            process = subprocess.Popen(
                [self.arguments.program, "--package", self.package, "--test", f"{work}/slice.csv", "--output",
                 f"{work}/submission.csv", "--probabilities", f"{work}/p.csv", "--log-json", f"{work}/log.json",
                 "--device", "cpu", "--threads", str(self.arguments.threads), "--precision", self.precision],
                stdout=subprocess.DEVNULL, stderr=stderr)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise Unavailable(last_words(f"{work}/sciexam.err"))
        self.peak = max(self.peak, usage.ru_maxrss / 1e6)
        with open(f"{work}/log.json") as f:
            end = [event for event in map(json.loads, f) if event["event"] == "progress"][-1]
        if end["total"] != tokens_of(questions):
            raise SystemExit(f"sciexam read {end['total']} tokens where its peers read {tokens_of(questions)}: "
                             f"{work}/slice.csv")
        with open(f"{work}/p.csv", newline="") as f:
            logits = [[math.log(float(row[c])) for c in "ABCDE"]
                      for row in csv.DictReader(f) if row["model"] == "run_0"]
        return end["done"] / end["rate"], logits

    def stop(self):
        pass


def calibration_csv(arguments):
    """Only the first 32 questions."""
    file = f"{arguments.work}/calibration.csv"
    with open(arguments.csv, newline="", encoding="utf-8-sig") as f, open(file, "w", newline="") as out:
        rows = csv.reader(f)
        csv.writer(out).writerows(row for row, _ in zip(rows, range(33)))
    return file


def tokens_of(questions):
    return sum(len(option) for q in questions for option in q["ids"])


def read_questions(arguments):
    """Rows of the CSV with their token ids, sorted by length. Open book: the prompt is followed by the context, or
    without such a column by the next prompts, and the pair is cut to max_length."""
    with open(arguments.csv, newline="", encoding="utf-8-sig") as f:
        rows = list(csv.DictReader(f))
    prompts = [row["prompt"] for row in rows]
    for i, row in enumerate(rows[:arguments.questions]) if arguments.open_book else ():
        row["prompt"] += " " + (row.get("context") or " ".join((prompts * 2)[i + 1:i + 60]))
    rows = [{"id": str(i), **row} for i, row in enumerate(rows[:arguments.questions])]
    lines = "".join(json.dumps({"text": row["prompt"], "pair": row[c]}) + "\n" for row in rows for c in "ABCDE")
    out = output_of([arguments.program, "tokenize", "--tokenizer", arguments.tokenizer], lines).splitlines()
    for i, row in enumerate(rows):
        row["ids"] = [cut(json.loads(line)["ids"], arguments.max_length) for line in out[5 * i:5 * i + 5]]
    return sorted(rows, key=lambda q: max(map(len, q["ids"])))


def cut(ids, max_length):
    """The first text loses its end; the lengths asked for here never shorten an option."""
    excess = len(ids) - max_length if max_length else 0
    sep = ids.index(SEP)
    return ids[:sep - excess] + ids[sep:] if excess > 0 else ids


def export(arguments, form, questions):
    if form != "onnx":  # which all others are made from
        export(arguments, "onnx", questions)
    calibration = f"{arguments.work}/calibration.json"
    with open(calibration, "w") as f:
        json.dump([q["ids"] for q in questions[::max(1, len(questions) // 8)]], f)
    run = [arguments.python, f"{HERE}/export.py"]
    with open(f"{arguments.work}/{form}.log", "w") as stderr:
        made = subprocess.run(run + [form, arguments.checkpoint, f"{arguments.work}/{form}", calibration,
                                     f"{arguments.work}/onnx/model.onnx"],
                              stdout=subprocess.PIPE, stderr=stderr, text=True)
    if made.returncode:
        raise Unavailable(last_words(f"{arguments.work}/{form}.log"))
    return made.stdout.strip()


def best_peer(arguments, name, questions):
    """The peer in its fastest setting, started anew so that its start-up time and memory are its own."""
    form, kinds, budgets = PEERS[name]
    model = export(arguments, form, questions) if form else arguments.checkpoint
    log = f"{arguments.work}/{name.replace(' ', '-')}.log"
    trial = questions[len(questions) // 2:][:4]
    found = []
    for kind in kinds:
        for budget in budgets:
            peer = Peer(arguments, kind, model, budget, log)
            peer.answer(trial[:1])
            found.append((peer.answer(trial)[0], kind, budget))
            peer.stop()
    return Peer(arguments, *min(found)[1:2], model, min(found)[2], log)


def centred(logits):
    return [x - statistics.fmean(logits) for x in logits]


def measure(arguments, questions, rows):
    """Fills rows, which lie by name, with figures or the reason why there are none."""
    competitors = {}

    def attempt(name, work):
        try:
            return work()
        except Unavailable as reason:
            print(f"{name}: {reason}", file=sys.stderr)
            rows[name] = {"unavailable": str(reason)}
            competitors.pop(name, None)

    def start(name, make):
        competitors[name] = competitor = make()
        competitor.answer(questions[:1])
        rows[name] = {"start_up": time.time() - competitor.start, "setting": competitor.setting, "rates": []}
        print(f"{name}: ready, {competitor.setting}", file=sys.stderr)

    for name in arguments.peers:
        attempt(name, lambda: start(name, lambda: best_peer(arguments, name, questions)))
    for precision in arguments.precisions:
        name = f"sciexam {precision}"
        attempt(name, lambda: start(name, lambda: Sciexam(arguments, precision)))

    logits = {name: {} for name in competitors}
    for i in range(arguments.rounds):
        part = questions[i::arguments.rounds]
        turn = i % max(1, len(competitors))
        for name in list(competitors)[turn:] + list(competitors)[:turn]:
            answered = attempt(name, lambda: competitors[name].answer(part))
            if answered:
                rows[name]["rates"].append(tokens_of(part) / answered[0])
                rows[name]["peak"] = competitors[name].peak
                logits[name] |= zip((q["id"] for q in part), answered[1])
        print(f"round {i + 1} of {arguments.rounds}", file=sys.stderr)
    for competitor in competitors.values():
        competitor.stop()
    checked = questions[::max(1, len(questions) // arguments.float64)][:arguments.float64]
    exact = Peer(arguments, "float64", arguments.checkpoint, 0, f"{arguments.work}/float64.log")
    truth = exact.answer(checked)[1]
    exact.stop()
    for name in competitors:
        rows[name]["error"] = max(abs(a - b) for q, t in zip(checked, truth)
                                  for a, b in zip(centred(logits[name][q["id"]]), centred(t)))


def table(arguments, questions, rows, versions):
    lengths = [len(option) for q in questions for option in q["ids"]]
    lines = [f"{arguments.shape}, {len(questions)} questions, {sum(lengths)} tokens ({min(lengths)} to {max(lengths)} "
             f"a sequence), {arguments.rounds} rounds, {arguments.threads} threads",
             f"{'':26}{'tokens/s':>9} {'min..max':>15} {'ratio':>6} {'peak GB':>8} {'start s':>8} {'error':>8}  "
             "setting"]
    for name, row in rows.items():
        if "unavailable" in row:
            lines.append(f"{name:26}{'-':>9}  {row['unavailable']}")
            continue
        row["median"] = statistics.median(row["rates"])
        eager = rows.get("transformers eager", {}).get("rates")
        # Round by round, so that what slowed a round down slowed both.
        row["ratio"] = statistics.median(a / b for a, b in zip(row["rates"], eager)) if eager else math.nan
        extent = f"{min(row['rates']):.0f}..{max(row['rates']):.0f}"
        lines.append(f"{name:26}{row['median']:9.1f} {extent:>15} {row['ratio']:6.2f} {row['peak']:8.2f} "
                     f"{row['start_up']:8.1f} {row['error']:8.1e}  {row['setting']}")
    return "\n".join(lines + versions)


def versions_of(arguments):
    names = ["torch", "transformers", "onnx", "onnxruntime", "openvino", "nncf"]
    code = "import sys, importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    peers = output_of([arguments.python, "-c", code, *names])
    ours = output_of([arguments.program, "--version"]).splitlines()
    with open("/proc/cpuinfo") as f:
        cpu = re.search(r"model name\s*: (.*)", f.read()).group(1)
    return [f"{ours[0]}; {peers.strip()}; Python {sys.version.split()[0]}", f"{cpu}; {ours[2]}"]


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("csv")
    parser.add_argument("--checkpoint", required=True, help="folder; made with random weights where there is none")
    parser.add_argument("--shape", choices=["base", "large"], default="large", help="what is made")
    parser.add_argument("--tokenizer", help="SentencePiece model [spm.model of the checkpoint]")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--open-book", action="store_true", help="fill sequences to 512 tokens with contexts")
    parser.add_argument("--peers", nargs="*", choices=PEERS, help="[all; with --open-book eager and f32]")
    parser.add_argument("--precisions", nargs="*", choices=["f32", "bf16", "int8"], default=["f32", "int8"],
                        help="sciexam's [f32 and int8]; bf16 needs a CPU with it")
    parser.add_argument("--work", required=True, help="folder for models and logs, 5 GB (large); kept for the next run")
    parser.add_argument("--float64", type=int, help="questions that are held against float64 [4; with --open-book 1]")
    parser.add_argument("--patience", type=int, default=1800, help="seconds until a peer that is silent is given up")
    parser.add_argument("--json", help="the table as JSON too")
    return parser.parse_args()


def main():
    arguments = parsed()
    arguments.max_length = 512 if arguments.open_book else 0
    arguments.float64 = arguments.float64 or (1 if arguments.open_book else 4)
    if arguments.peers is None:
        arguments.peers = OPEN_BOOK_PEERS if arguments.open_book else list(PEERS)
    arguments.tokenizer = arguments.tokenizer or f"{arguments.checkpoint}/spm.model"
    arguments.program = os.path.abspath(arguments.program)
    os.makedirs(arguments.work, exist_ok=True)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    os.environ |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(arguments.threads),
                   "TORCHINDUCTOR_CACHE_DIR": os.path.abspath(f"{arguments.work}/inductor")}
    arguments.python = environment()
    if not os.path.exists(f"{arguments.checkpoint}/config.json"):
        subprocess.run([arguments.python, f"{HERE}/../make_large_model.py", arguments.checkpoint,
                        "--shape", arguments.shape], check=True)
    questions, rows = read_questions(arguments), {}
    measure(arguments, questions, rows)
    versions = versions_of(arguments)
    print(table(arguments, questions, rows, versions))
    if arguments.json:
        with open(arguments.json, "w") as f:
            json.dump({"shape": arguments.shape, "questions": len(questions), "tokens": tokens_of(questions),
                       "threads": arguments.threads, "open_book": arguments.open_book, "rows": rows,
                       "versions": versions}, f, indent=1)


if __name__ == "__main__":
    sys.exit(main())
