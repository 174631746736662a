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
         after the other, so that the machine's noise hits all alike; one that is slow answers some of them. Two rates: the
         whole way from a query's text to the passages' texts (a peer's are in memory; sciexam's is that of
         `retrieve --threads 1`, which also writes them: the time of a run with the slice once is subtracted from one with it
         many times over, so that loading is not in it), and searching alone (see peer.py; sciexam's by --search-bench).
         CPU: queries per second of the process's own time, which other work on the machine changes less.
"""
import argparse
import json
import math
import os
import random
import re
import statistics
import sys

from competitors import CACHE, HERE, PEERS, SCIEXAM, Competitors, Sciexam, environment
from generated import Language, generated_corpus, generated_queries

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


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


class Rates:
    """One competitor's rates for one kind of work, a round each."""

    def __init__(self):
        self.wall, self.cpu, self.repeats, self.most = [], [], 1, 2

    def add(self, queries, seconds, cpu):
        self.wall.append(len(queries) * self.repeats / seconds)
        self.cpu.append(len(queries) * self.repeats / cpu)

    def row(self, base):
        # Round by round, so that what slowed a round down slowed both.
        ratios = [statistics.median(a / b for a, b in zip(of_base, own)) if of_base else math.nan
                  for of_base, own in ((base.wall, self.wall), (base.cpu, self.cpu))]
        return [f"{statistics.median(self.wall):.1f}", f"{min(self.wall):.1f} to {max(self.wall):.1f}",
                f"{statistics.median(self.cpu):.1f}", *(f"{ratio:.2f}" for ratio in ratios)]


KINDS = {"from text to texts": True, "searching alone": False}


def warm_up(arguments, competitor, trial, texts):
    rates = Rates()
    competitor.answer(trial[:1], 20, 1, texts)
    own = isinstance(competitor, Sciexam)
    some = trial if own else trial[:2]
    each = max(1e-4, competitor.answer(some, 20, 2, texts)[0] / 2 / len(some))
    repeats = math.ceil(arguments.seconds * arguments.rounds / each / arguments.queries)
    # The slow answer only the first queries of a round's, for ten times as long.
    rates.repeats, rates.most = max(2 if own else 1, repeats), max(2, math.ceil(10 * arguments.seconds / each))
    return rates


def speed(arguments):
    corpus = generated_corpus(arguments)
    queries = generated_queries(arguments, arguments.queries + 10)
    trial, queries = queries[:10], queries[10:]
    competitors = Competitors(arguments, corpus, f"{arguments.cache}/generated-{arguments.passages}", trial)
    rates, first = {}, {}
    for name, competitor in list(competitors.running.items()):
        for kind, texts in KINDS.items():
            measured = texts or not isinstance(competitor, Sciexam) or arguments.search_bench
            warm = competitors.attempt(name, lambda: warm_up(arguments, competitor, trial, texts)) if measured else None
            if warm:
                rates[name, kind] = warm
    for i in range(arguments.rounds):
        part = queries[i::arguments.rounds]
        for kind, texts in KINDS.items():
            names = [name for name in competitors.running if (name, kind) in rates]
            turn = i % max(1, len(names))
            for name in names[turn:] + names[:turn]:
                of = rates[name, kind]
                own = part[:of.most]
                answered = competitors.attempt(name, lambda: competitors.running[name].answer(own, 20, of.repeats, texts))
                if answered:
                    of.add(own, *answered[:2])
                if answered and texts:
                    first.setdefault(name, {}).update(zip(own, answered[2]))
        print(f"round {i + 1} of {arguments.rounds}", file=sys.stderr)
    competitors.stop()
    print(f"{arguments.passages:,} generated passages, {arguments.queries} queries of 30 to 60 terms, the first 20 passages, one "
          f"thread, {arguments.rounds} rounds")
    base = list(SCIEXAM)[-1]
    for kind in KINDS:
        rows = [[name, *of.row(rates.get((base, kind), Rates()))] for (name, which), of in rates.items()
                if which == kind and of.wall]
        print(f"\n{kind}:\n\n" + markdown(["", "queries/s", "rounds", "queries/s of CPU time", "sciexam is faster, times",
                                          "by CPU time"], rows))
    print()
    print(markdown(["", "building", "its CPU time", "on disk", f"passages shared with {base}"],
                   [built_row(name, competitor, first, base) for name, competitor in competitors.running.items()]))
    report(competitors)
    return {f"{name}, {kind}": {"wall": of.wall, "cpu": of.cpu} for (name, kind), of in rates.items()}


def built_row(name, competitor, first, base):
    # Analysers agree here: what differs are equal scores and rounded lengths.
    pairs = [(set(found), set(first[base][query])) for query, found in first.get(name, {}).items()
             if query in first.get(base, {})]
    same = statistics.fmean(len(a & b) / max(1, len(b)) for a, b in pairs) if pairs else math.nan
    built = competitor.built
    return [name + (f" ({competitor.setting})" if competitor.setting else ""), f"{built['build']:.0f} s",
            f"{built['build_cpu']:.0f} s", f"{built['bytes'] / 1e6:,.0f} MB" +
            (f", {built['texts'] / 1e6:,.0f} of them texts" if "texts" in built else ""), f"{same:.3f}"]


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
    parser.add_argument("--search-bench", help="the program search_bench, for sciexam's rate of searching alone "
                                               "(ninja search_bench); without it there is none")
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
