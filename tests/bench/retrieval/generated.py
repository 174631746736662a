"""A corpus and queries that look like real ones to a search, of any size: what peers.py measures speed on."""
import json
import os
import random
import sys


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
