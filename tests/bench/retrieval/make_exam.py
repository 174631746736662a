#!/usr/bin/env python3
"""Questions on a generated corpus: an exam to measure retrieval by.

usage: generate_corpus 300000 | make_exam.py QUESTIONS > exam.csv

A question is made of a passage's words and as many of other passages': a prompt of 15 to 30 words and five options of 3 to 6,
as long as the competition's are without stop words (30 to 60 together).
"""
import csv
import json
import random
import sys


def main():
    questions = int(sys.argv[1])
    chance = random.Random("exam")
    passages = [json.loads(line)["text"].lower().replace(".", "").split() for line in sys.stdin]
    writer = csv.writer(sys.stdout)
    writer.writerow(["id", "prompt", "A", "B", "C", "D", "E"])
    for number in range(questions):
        own = chance.choice(passages)

        def words(least, most):
            return " ".join(chance.choice(own if chance.random() < 0.5 else chance.choice(passages))
                            for _ in range(chance.randint(least, most)))
        writer.writerow([number, words(15, 30) + "?", *(words(3, 6) for _ in range(5))])


if __name__ == "__main__":
    sys.exit(main())
