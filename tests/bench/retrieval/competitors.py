"""sciexam and its peers, each with its index of a corpus, asked in the same way: what peers.py compares."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = f"{os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')}/sciexam"
PISA = ["block_max_wand", "block_max_maxscore", "maxscore"]
# name: kind of peer.py, packages, settings to choose the fastest of
PEERS = {"bm25s": ("bm25s", ["bm25s", "numba", "PyStemmer"], [""]),
         "tantivy": ("tantivy", ["tantivy"], [""]),
         "PISA": ("pisa", ["pyterrier-pisa"], PISA),
         "SQLite FTS5": ("fts5", [], [""])}
SCIEXAM = {"sciexam, 130 words": 130, "sciexam, 1,000 words": 1000}


class Unavailable(Exception):
    """Why a competitor has no figures."""


def environment(peers):
    """The interpreter, and the reason for each peer that could not be installed."""
    with open(f"{HERE}/requirements.txt", "rb") as f:
        folder = f"{CACHE}/retrieval-venv-{hashlib.sha256(f.read() + sys.version.encode()).hexdigest()[:12]}"
    python, missing = f"{folder}/bin/python", {}
    if not os.path.exists(python):
        print(f"making {folder}: 1 GB, a minute", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    for name in peers:
        kind, packages, _ = PEERS[name]
        if packages and not os.path.exists(f"{folder}/{kind}"):
            made = subprocess.run([python, "-m", "pip", "install", "-q", "-c", f"{HERE}/requirements.txt", *packages],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if made.returncode:
                missing[name] = "cannot be installed: " + (made.stderr.strip().splitlines() or ["no message"])[-1][:160]
            else:
                open(f"{folder}/{kind}", "w").close()
    return python, missing


def last_words(path):
    with open(path, errors="replace") as f:
        lines = [line.strip() for line in f if line.strip()]
    return (lines or ["no message"])[-1][:160]


def size_of(path, matching=""):
    return sum(os.path.getsize(os.path.join(where, name))
               for where, _, files in os.walk(path) for name in files if matching in name)


class Peer:
    """A competitor in its own process, see peer.py."""

    def __init__(self, arguments, name, corpus, work, setting):
        self.log, self.setting = f"{work}/{name.replace(' ', '-')}.log", setting.replace("_", " ")
        kind = PEERS[name][0]
        folder = f"{work}/{kind}"
        if not os.path.exists(f"{folder}.json"):  # a build that was broken off
            shutil.rmtree(folder, ignore_errors=True)
        with open(self.log, "w") as stderr:
            self.process = subprocess.Popen([arguments.python, f"{HERE}/peer.py", kind, corpus, folder, setting],
                                            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        self.built = self.read()
        self.version = self.built["version"]

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise Unavailable(last_words(self.log))
        return json.loads(line)

    def answer(self, queries, top, repeats=1, texts=False):
        """Seconds, seconds of the CPU (both for all repeats), and the passages found for each query. `texts`: see peer.py."""
        request = {"queries": queries, "top": top, "repeats": repeats, "texts": texts}
        with contextlib.suppress(BrokenPipeError):  # read() tells the reason
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        reply = self.read()
        return reply["seconds"], reply["cpu"], reply["found"]

    def stop(self):
        with contextlib.suppress(BrokenPipeError):  # what a dead peer no longer reads
            self.process.stdin.close()
        self.process.wait()


class Sciexam:
    setting = ""

    def __init__(self, arguments, words, corpus, work):
        self.arguments, self.work, self.folder = arguments, work, f"{work}/sciexam-{words}"
        self.version = subprocess.run([arguments.program, "--version"], capture_output=True, text=True,
                                      check=True).stdout.splitlines()[0]
        if not os.path.exists(f"{self.folder}.json"):
            shutil.rmtree(self.folder, ignore_errors=True)
            seconds, cpu = self.run(["index", "--corpus", corpus, "--out", self.folder, "--words", str(words), "--threads",
                                     "1"])
            with open(f"{self.folder}.json", "w") as f:
                json.dump({"build": seconds, "build_cpu": cpu, "bytes": size_of(self.folder),
                           "texts": size_of(self.folder, "texts")}, f)
        with open(f"{self.folder}.json") as f:
            self.built = json.load(f)

    def run(self, options):
        log, start = f"{self.work}/sciexam.log", time.time()
        with open(log, "w") as stderr:
            process = subprocess.Popen([self.arguments.program, *options], stdout=subprocess.DEVNULL, stderr=stderr)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise Unavailable(last_words(log))
        return time.time() - start, usage.ru_utime + usage.ru_stime

    def retrieve(self, queries, top):
        with open(f"{self.work}/queries.jsonl", "w") as f:
            f.writelines(json.dumps({"query": query}) + "\n" for query in queries)
        return self.run(["retrieve", "--index", self.folder, "--in", f"{self.work}/queries.jsonl", "--out",
                         f"{self.work}/found.jsonl", "--top", str(top), "--threads", "1"])

    def search_alone(self, queries, top, repeats):
        """Seconds and seconds of the CPU for all repeats, by the same searcher without the program around it."""
        with open(f"{self.work}/queries.txt", "w") as f:
            f.writelines(query + "\n" for query in queries)
        bench = subprocess.run([self.arguments.search_bench, "texts", self.folder, f"{self.work}/queries.txt", str(top),
                                str(repeats)], capture_output=True, text=True)
        if bench.returncode:
            raise Unavailable((bench.stderr.strip().splitlines() or ["no message"])[-1][:160])
        elapsed, cpu = (float(re.search(pattern, bench.stdout).group(1)) / 1000 * len(queries) * repeats
                        for pattern in (r"([0-9.]+) ms elapsed", r"([0-9.]+) ms of CPU time"))
        return elapsed, cpu

    def answer(self, queries, top, repeats=1, texts=True):
        """As of a peer; without `texts` the passages found are not among it."""
        if not texts and self.arguments.search_bench:
            return *self.search_alone(queries, top, repeats), None
        seconds, cpu = self.retrieve(queries, top)
        with open(f"{self.work}/found.jsonl", encoding="utf-8") as f:
            found = [documents(json.loads(line)["passages"]) for line in f]
        if repeats > 1:
            again, cpu_again = self.retrieve(queries * (repeats + 1), top)
            seconds, cpu = again - seconds, cpu_again - cpu
        return seconds, cpu, found

    def stop(self):
        pass


def documents(passages):
    """A document is where its best window is; #2 and so on are its further windows."""
    return list(dict.fromkeys(re.sub(r"#\d+$", "", passage["id"]) for passage in passages))


class Competitors:
    """All that can be had, by name, and why the others cannot."""

    def __init__(self, arguments, corpus, work, trial):
        self.running, self.reasons = {}, dict(arguments.missing)
        os.makedirs(work, exist_ok=True)
        for name in arguments.peers:
            if name not in self.reasons:
                self.attempt(name, lambda: self.start(name, best_peer(arguments, name, corpus, work, trial)))
        for name in arguments.sciexam:
            self.attempt(name, lambda: self.start(name, Sciexam(arguments, SCIEXAM[name], corpus, work)))

    def start(self, name, competitor):
        self.running[name] = competitor
        print(f"{name}: ready {competitor.setting}", file=sys.stderr)

    def attempt(self, name, work):
        try:
            return work()
        except Unavailable as reason:
            print(f"{name}: {reason}", file=sys.stderr)
            self.reasons[name] = str(reason)
            self.running.pop(name, None)

    def stop(self):
        for competitor in self.running.values():
            competitor.stop()


def best_peer(arguments, name, corpus, work, trial):
    """The peer in its fastest setting."""
    found = {}
    settings = PEERS[name][2]
    if len(settings) == 1 or not trial:
        return Peer(arguments, name, corpus, work, settings[0])
    for setting in settings:
        peer = Peer(arguments, name, corpus, work, setting)
        peer.answer(trial[:1], 20)
        found[setting] = min(peer.answer(trial, 20)[1] for _ in range(3))
        peer.stop()
    print(f"{name}: " + ", ".join(f"{s} {len(trial) / t:.1f} queries/s" for s, t in found.items()), file=sys.stderr)
    return Peer(arguments, name, corpus, work, min(found, key=found.get))
