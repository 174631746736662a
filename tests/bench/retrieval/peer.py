"""One library, alive for all rounds: peers.py starts it, it builds its index (once), answers queries and tells the seconds.

usage: peer.py PEER CORPUS FOLDER SETTING    PEER: bm25s, tantivy, pisa or fts5; CORPUS: JSON lines of id, title, text

Standard output: a line {"build": seconds or null, "bytes", "version", "setting"} once the index is open. Standard input: one
JSON line per request, {"queries": [texts], "top", "repeats", "texts"}; answered with {"seconds", "cpu", "found": [[ids], ...]},
seconds for all repeats. All on one thread. With "texts" the whole way is measured, from the queries' texts to the passages'
(which are in memory here); without, searching alone: the queries' analysis is left out where the library lets it be done
before, and so is looking up the passages' names.
"""
import json
import os
import sys
import time

peer, corpus, folder, setting = sys.argv[1:5]
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the libraries print must not get between the lines
K1, B = 1.2, 0.75


def passages():
    with open(corpus, encoding="utf-8") as f:
        for line in f:
            passage = json.loads(line)
            yield passage["id"], f"{passage['title']} {passage['text']}".strip()


def names():
    return [name for name, _ in passages()]


def answer_wholly(competitor, texts, queries, top):
    found = competitor.found(competitor.search(competitor.prepare(queries), top))
    return found, [[texts[name] for name in row] for row in (found.values() if isinstance(found, dict) else found)]


class Bm25s:
    def __init__(self):
        import bm25s
        import Stemmer
        self.library, self.version = bm25s, f"bm25s {bm25s.__version__}"
        self.stemmer = Stemmer.Stemmer("english")

    def tokenize(self, texts):
        return self.library.tokenize(texts, stopwords="en", stemmer=self.stemmer, show_progress=False)

    def build(self):
        index = self.library.BM25(method="lucene", k1=K1, b=B, backend="numba")
        index.index(self.tokenize([text for _, text in passages()]), show_progress=False)
        index.save(folder)

    def open(self):
        self.index, self.names = self.library.BM25.load(folder), names()
        self.index.backend = "numba"
        self.index.activate_numba_scorer()

    def prepare(self, queries):
        vocabulary = self.index.vocab_dict
        tokens = self.library.tokenize(queries, stopwords="en", stemmer=self.stemmer, show_progress=False,
                                       return_ids=False)
        return [[t for t in query if t in vocabulary] or [""] for query in tokens]

    def search(self, queries, top):
        return self.index.retrieve(queries, k=min(top, len(self.names)), n_threads=1, show_progress=False)

    def found(self, results):
        return [[self.names[i] for i, score in zip(*row) if score > 0] for row in zip(*results)]


class Tantivy:
    def __init__(self):
        import importlib.metadata
        import tantivy
        self.library, self.version = tantivy, f"tantivy {importlib.metadata.version('tantivy')}"
        one = tantivy.Filter
        self.analyser = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(one.remove_long(40)).filter(
            one.lowercase()).filter(one.stopword("english")).filter(one.stemmer("english")).build()
        fields = tantivy.SchemaBuilder()
        fields.add_text_field("text", stored=False, tokenizer_name="english", index_option="freq")
        fields.add_integer_field("row", stored=False, fast=True)
        self.schema = fields.build()

    def index(self):
        index = self.library.Index(self.schema, path=folder)
        index.register_tokenizer("english", self.analyser)
        return index

    def build(self):
        writer = self.index().writer(heap_size=1_000_000_000, num_threads=1)
        for row, (_, text) in enumerate(passages()):
            writer.add_document(self.library.Document(text=text, row=row))
        writer.commit()
        writer.wait_merging_threads()

    def open(self):
        self.names, index = names(), self.index()
        index.reload()
        self.searcher = index.searcher()

    def prepare(self, queries):
        def term(text):
            return self.library.Occur.Should, self.library.Query.term_query(self.schema, "text", text, "freq")
        return [self.library.Query.boolean_query([term(t) for t in self.analyser.analyze(q)]) for q in queries]

    def search(self, queries, top):
        return [self.searcher.search(query, top, count=False) for query in queries]

    def found(self, results):
        places = [[place for _, place in result.hits] for result in results]
        return [[self.names[row] for row in self.searcher.fast_field_values("row", each)] for each in places]


class Pisa:
    def __init__(self):
        import pandas
        import pyterrier_pisa
        self.library, self.pandas = pyterrier_pisa, pandas
        self.version = f"pyterrier-pisa {pyterrier_pisa.__version__}"

    def build(self):
        index = self.library.PisaIndex(folder, text_field="text", stemmer="porter2", threads=1)
        index.index({"docno": name, "text": text} for name, text in passages())
        self.open()  # writes the blocks' maxima and the compressed lists

    def open(self):
        self.searchers = {}

    def prepare(self, queries):
        return self.pandas.DataFrame({"qid": range(len(queries)), "query": queries})

    def search(self, queries, top):
        if top not in self.searchers:
            self.searchers[top] = self.library.PisaIndex(folder, threads=1).bm25(
                k1=K1, b=B, num_results=top, threads=1, query_algorithm=setting)
            self.searchers[top](queries[:1])
        return self.searchers[top](queries)

    def found(self, results):
        found = {}
        for row, name in zip(results["qid"], results["docno"]):
            found.setdefault(row, []).append(name)
        return found


class Fts5:
    def __init__(self):
        import re
        import sqlite3
        self.library, self.version = sqlite3, f"SQLite {sqlite3.sqlite_version}"
        self.word = re.compile(r"[^\W_]+")
        self.file = f"{folder}/index.db"

    def build(self):
        database = self.library.connect(self.file)
        database.execute("CREATE VIRTUAL TABLE passages USING fts5(text, content='', tokenize='porter unicode61')")
        database.executemany("INSERT INTO passages(rowid, text) VALUES (?, ?)",
                             ((row, text) for row, (_, text) in enumerate(passages())))
        database.execute("INSERT INTO passages(passages) VALUES ('optimize')")
        database.commit()
        database.execute("VACUUM")
        database.close()

    def open(self):
        self.names, self.database = names(), self.library.connect(self.file)
        self.database.execute("PRAGMA mmap_size = 100000000000")

    def prepare(self, queries):  # it knows no stop words: those of Lucene's English analyser are left out here
        stops = set("a an and are as at be but by for if in into is it no not of on or such that the their then there these "
                    "they this to was will with".split())
        words = [[w for w in self.word.findall(query.lower()) if w not in stops] for query in queries]
        return [" OR ".join(f'"{word}"' for word in dict.fromkeys(each)) or '""' for each in words]

    def search(self, queries, top):
        sql = "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?"
        return [self.database.execute(sql, (query, top)).fetchall() for query in queries]

    def found(self, results):
        return [[self.names[row] for row, in rows] for rows in results]


def size_of(path):
    return sum(os.path.getsize(os.path.join(where, name)) for where, _, files in os.walk(path) for name in files)


def say(what):
    answers.write(json.dumps(what) + "\n")
    answers.flush()


def main():
    competitor = {"bm25s": Bm25s, "tantivy": Tantivy, "pisa": Pisa, "fts5": Fts5}[peer]()
    if not os.path.exists(f"{folder}.json"):
        os.makedirs(folder)
        start, start_cpu = time.time(), time.process_time()
        competitor.build()
        if peer == "pisa":
            competitor.search(competitor.prepare(["any"]), 20)
        built = {"build": time.time() - start, "build_cpu": time.process_time() - start_cpu, "bytes": size_of(folder)}
        with open(f"{folder}.json", "w") as f:
            json.dump(built, f)
    with open(f"{folder}.json") as f:
        built = json.load(f)
    competitor.open()
    say({**built, "version": competitor.version})
    texts = dict(passages())
    for line in sys.stdin:
        request = json.loads(line)
        queries, top = request["queries"], request["top"]
        prepared, found = competitor.prepare(queries), None
        start, start_cpu = time.time(), time.process_time()
        for _ in range(request["repeats"]):
            found = (answer_wholly(competitor, texts, queries, top) if request["texts"] else
                     competitor.search(prepared, top))
        seconds, cpu = time.time() - start, time.process_time() - start_cpu
        found = found[0] if request["texts"] else competitor.found(found)
        if isinstance(found, dict):
            found = [found.get(i, []) for i in range(len(queries))]
        say({"seconds": seconds, "cpu": cpu, "found": [list(map(str, row)) for row in found]})


main()
