#!/usr/bin/env python3
"""sciexam's retrieval and the libraries a user would take instead, in one run, on the same passages and queries.

usage: peers.py SCIEXAM_RUN [--corpus quality speed] [--data FOLDER] [--cache FOLDER] [--passages N] ...

bm25s (numba), tantivy, PISA (pyterrier-pisa), SQLite FTS5 and sciexam, each with the English Snowball or Porter stemmer, the
stop words of Lucene's English analyser (PISA: Terrier's, its own choice), BM25 with k1 1.2 and b 0.75, title and text as one,
one thread. Their environment is made from requirements.txt once, in ${XDG_CACHE_HOME:-~/.cache}/sciexam/retrieval-venv-HASH.

quality: recall of the right passage in the first 1, 5 and 20 (passages.jsonl, queries.jsonl), nDCG@10 and average precision
         in the first 1,000 (vaswani_*.jsonl), of the data's folder; skipped where that is missing.
speed:   queries of 30 to 60 terms on a generated corpus, the first 20 passages each; building and bytes on disk. The queries
         are dealt to rounds; in a round each competitor answers the same slice again and again for a time, one competitor
         after the other, so that the machine's noise hits all alike; one that is slow answers some of them. A rate is searching alone (see peer.py). sciexam's is that
         of `retrieve --threads 1`: the time of a run with the slice once is subtracted from one with it many times over, so
         that loading is not in it; the queries' analysis, fetching the 20 texts and writing them are. CPU: queries per second
         of the process's own time, which other work on the machine changes less.
"""
import argparse
import contextlib
import hashlib
import json
import math
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
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

    def answer(self, queries, top, repeats=1):
        """Seconds, seconds of the CPU (both for all repeats), and the passages found for each query."""
        with contextlib.suppress(BrokenPipeError):  # read() tells the reason
            self.process.stdin.write(json.dumps({"queries": queries, "top": top, "repeats": repeats}) + "\n")
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

    def answer(self, queries, top, repeats=1):
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


def read_lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def recall(found, queries, k):
    return statistics.fmean(len(set(row[:k]) & set(query["passages"])) / len(query["passages"])
                            for row, query in zip(found, queries))


def ndcg(found, queries, k):
    gains = [1 / math.log2(rank + 2) for rank in range(k)]
    return statistics.fmean(sum(g for g, name in zip(gains, row) if name in query["passages"]) /
                            sum(gains[:len(query["passages"])]) for row, query in zip(found, queries))


def average_precision(found, queries):
    total = 0
    for row, query in zip(found, queries):
        right = [rank for rank, name in enumerate(row) if name in query["passages"]]
        total += sum((i + 1) / (rank + 1) for i, rank in enumerate(right)) / len(query["passages"])
    return total / len(queries)


def markdown(columns, rows):
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def quality(arguments):
    missing = [name for name in ("passages", "queries", "vaswani_passages", "vaswani_queries")
               if not os.path.exists(f"{arguments.data}/{name}.jsonl")]
    if missing:
        print(f"Quality was not measured: {arguments.data} has no {missing[0]}.jsonl.")
        return {}
    figures = {}
    print("Recall in the first 1 / 5 / 20, Vaswani in the first 1,000\n")
    queries = read_lines(f"{arguments.data}/queries.jsonl")
    sets = {name: [q for q in queries if q["set"] == name] for name in ("sciq", "xquad", "stem_1k")}
    sets["stem_1k with options"] = [{**q, "query": " ".join([q["query"], *q["options"]])} for q in sets["stem_1k"]]
    competitors = Competitors(arguments, f"{arguments.data}/passages.jsonl", f"{arguments.cache}/passages", [])
    for name, competitor in list(competitors.running.items()):
        for title, of_set in sets.items():
            answered = competitors.attempt(name, lambda: competitor.answer([q["query"] for q in of_set], 40))
            if answered:
                figures.setdefault(name, {})[title] = [recall(answered[2], of_set, k) for k in (1, 5, 20)]
    competitors.stop()
    queries = read_lines(f"{arguments.data}/vaswani_queries.jsonl")
    vaswani = Competitors(arguments, f"{arguments.data}/vaswani_passages.jsonl", f"{arguments.cache}/vaswani", [])
    for name, competitor in list(vaswani.running.items()):
        answered = vaswani.attempt(name, lambda: competitor.answer([q["query"] for q in queries], 1000))
        if answered:
            figures.setdefault(name, {})["vaswani"] = [ndcg(answered[2], queries, 10),
                                                       average_precision(answered[2], queries)]
    vaswani.stop()
    rows = [[name, *(" / ".join(f"{x:.3f}" for x in of[title]) if title in of else "-" for title in sets),
             *(f"{x:.4f}" for x in of.get("vaswani", []))] for name, of in figures.items()]
    print(markdown(["", *sets, "Vaswani nDCG@10", "Vaswani MAP"], rows))
    report(competitors)
    return figures


class Language:
    """Zipf-like terms, a passage's from its own topic or from all, and real passages' lengths, as the program's own search_bench
    has them."""
    VOCABULARY, OFFSET, EXPONENT = 1_000_000, 60, 0.25
    ARTICLE, TOPIC = 6, 40  # passages, and an article's own terms
    # Twentieths of the passages of real text that have at most so many words, stop words left out.
    LENGTHS = [3, 18, 27, 35, 41, 47, 53, 59, 64, 69, 75, 82, 88, 95, 102, 111, 123, 137, 156, 189, 300]

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.first = self.OFFSET ** -self.EXPONENT
        self.last = (self.VOCABULARY + self.OFFSET) ** -self.EXPONENT

    def word(self):
        uniform = self.random.random()
        return self.name(int((self.first - uniform * (self.first - self.last)) ** (-1 / self.EXPONENT) - self.OFFSET))

    @staticmethod
    def name(rank):
        """Syllables, and an end that no stemmer takes away."""
        word = "k"
        while True:
            word = "bdfghjlmnprstvwz"[rank % 16] + "aeiou"[rank // 16 % 5] + word
            rank = rank // 80 - 1
            if rank < 0:
                return word

    def words(self, count, topic, one_in):
        return [self.random.choice(topic) if self.random.random() * one_in < 1 else self.word() for _ in range(count)]

    def passage(self, topic):
        place = self.random.random() * 20
        low, high = self.LENGTHS[int(place):int(place) + 2]
        words = self.words(round(low + (high - low) * (place % 1)), topic, 3)
        sentences = [words[i:i + 20] for i in range(0, len(words), 20)]
        return " ".join(" ".join(sentence).capitalize() + "." for sentence in sentences)

    @classmethod
    def topic(cls, article):
        language = cls(f"topic {article}")
        return [language.word() for _ in range(cls.TOPIC)]


def generated_corpus(arguments):
    file = f"{arguments.cache}/generated-{arguments.passages}.jsonl"
    if not os.path.exists(file):
        print(f"making {file}", file=sys.stderr)
        language = Language("passages")
        with open(f"{file}.part", "w") as f:
            for i in range(arguments.passages):
                if i % Language.ARTICLE == 0:
                    topic = Language.topic(i // Language.ARTICLE)
                f.write(json.dumps({"id": f"p{i}", "title": "", "text": language.passage(topic)}) + "\n")
        os.rename(f"{file}.part", file)
    return file


def generated_queries(arguments, count):
    """A quarter of a query's 30 to 60 terms are some article's own."""
    language = Language("queries")
    articles = arguments.passages // Language.ARTICLE
    return [" ".join(language.words(language.random.randint(30, 60), Language.topic(language.random.randrange(articles)), 4))
            for _ in range(count)]


def texts_share(competitor):
    """Milliseconds that sciexam takes of a query for what its peers do not do: a query of one rare term is nothing else."""
    rare = random.Random("rare")
    queries = [Language.name(rare.randrange(20_000, 60_000)) for _ in range(200)]
    seconds, cpu, _ = competitor.answer(queries, 20, 5)
    return seconds, cpu  # of 1,000 queries


def speed(arguments):
    corpus = generated_corpus(arguments)
    queries = generated_queries(arguments, arguments.queries + 10)
    trial, queries = queries[:10], queries[10:]
    competitors = Competitors(arguments, corpus, f"{arguments.cache}/generated-{arguments.passages}", trial)
    figures, first = {}, {}
    for name, competitor in list(competitors.running.items()):
        def warm_up():
            competitor.answer(trial[:1], 20)
            some = trial if isinstance(competitor, Sciexam) else trial[:2]
            each = max(1e-4, competitor.answer(some, 20, 2)[0] / 2 / len(some))
            repeats = math.ceil(arguments.seconds * arguments.rounds / each / arguments.queries)
            # The slow answer only the first queries of a round's, for ten times as long.
            figures[name] = {"wall": [], "cpu": [], "repeats": max(2 if isinstance(competitor, Sciexam) else 1, repeats),
                             "most": max(2, math.ceil(10 * arguments.seconds / each))}
        competitors.attempt(name, warm_up)
    for i in range(arguments.rounds):
        part = queries[i::arguments.rounds]
        turn = i % max(1, len(competitors.running))
        names = list(competitors.running)
        for name in names[turn:] + names[:turn]:
            of = figures[name]
            own = part[:of["most"]]
            answered = competitors.attempt(name, lambda: competitors.running[name].answer(own, 20, of["repeats"]))
            if answered:
                of["wall"].append(len(own) * of["repeats"] / answered[0])
                of["cpu"].append(len(own) * of["repeats"] / answered[1])
                first.setdefault(name, {}).update(zip(own, answered[2]))
        print(f"round {i + 1} of {arguments.rounds}", file=sys.stderr)
    base = list(SCIEXAM)[-1]
    shares = competitors.attempt(base, lambda: texts_share(competitors.running[base])) if base in figures else None
    competitors.stop()
    rows = []
    for name, competitor in competitors.running.items():
        of, built = figures[name], competitor.built
        of |= built
        # Round by round, so that what slowed a round down slowed both.
        ratio = [statistics.median(a / b for a, b in zip(figures[base][kind], of[kind])) if base in figures else math.nan
                 for kind in ("wall", "cpu")]
        # Analysers agree here: what differs are equal scores and rounded lengths.
        pairs = [(set(found), set(first[base][query])) for query, found in first[name].items()] if base in first else []
        of["same"] = statistics.fmean(len(a & b) / max(1, len(b)) for a, b in pairs) if pairs else math.nan
        rows.append([name + (f" ({competitor.setting})" if competitor.setting else ""), f"{statistics.median(of['wall']):.1f}",
                     f"{min(of['wall']):.1f} to {max(of['wall']):.1f}", f"{statistics.median(of['cpu']):.1f}",
                     f"{ratio[0]:.2f}", f"{ratio[1]:.2f}", f"{built['build']:.0f} s", f"{built['build_cpu']:.0f} s",
                     f"{built['bytes'] / 1e6:,.0f} MB" +
                     (f", {built['texts'] / 1e6:,.0f} of them texts" if "texts" in built else ""), f"{of['same']:.3f}"])
    print(f"{arguments.passages:,} generated passages, {arguments.queries} queries of 30 to 60 terms, the first 20 passages, one "
          f"thread, {arguments.rounds} rounds\n")
    print(markdown(["", "queries/s", "rounds", "queries/s of CPU time", "sciexam is faster, times", "by CPU time", "building",
                    "its CPU time", "on disk", f"passages shared with {base}"], rows))
    if shares:
        print(f"\nFetching and writing the 20 texts, which only sciexam's figures contain, takes {shares[0]:.2f} ms a query, "
              f"{shares[1]:.2f} of CPU time.")
    report(competitors)
    return figures


def report(competitors):
    for name, reason in competitors.reasons.items():
        print(f"\n{name} is left out: {reason}.")
    with open("/proc/cpuinfo") as f:
        cpu = re.search(r"model name\s*: (.*)", f.read()).group(1)
    versions = dict.fromkeys(c.version for c in competitors.running.values())
    print(f"\n{cpu}, {os.cpu_count()} CPUs; " + ", ".join([*versions, f"Python {sys.version.split()[0]}"]) + ".\n")


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--corpus", nargs="*", choices=["quality", "speed"], default=["quality", "speed"])
    data = os.environ.get("SCIEXAM_DATA") or f"{ROOT}/../shared/data"
    parser.add_argument("--data", default=f"{data}/retrieval", help="[${SCIEXAM_DATA:-../shared/data}/retrieval]")
    parser.add_argument("--cache", default=f"{CACHE}/retrieval",
                        help="folder for the generated corpus and the indexes, 6 GB for a million passages; kept for the next run")
    parser.add_argument("--passages", type=int, default=1_000_000, help="of the generated corpus")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="that a competitor repeats a round's queries for")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--sciexam", nargs="*", choices=SCIEXAM, default=list(SCIEXAM))
    parser.add_argument("--json", help="the figures as JSON too")
    return parser.parse_args()


def main():
    arguments = parsed()
    arguments.program, arguments.data = os.path.abspath(arguments.program), os.path.normpath(arguments.data)
    os.makedirs(arguments.cache, exist_ok=True)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    arguments.python, arguments.missing = environment(arguments.peers)
    figures = {kind: work(arguments) for kind, work in (("quality", quality), ("speed", speed)) if kind in arguments.corpus}
    if arguments.json:
        with open(arguments.json, "w") as f:
            json.dump(figures, f, indent=1)


if __name__ == "__main__":
    sys.exit(main())
