#!/usr/bin/env python3
"""Make reading exercises, which the demo's models learn to read from, out of passages.

usage: make_exercises.py passages.jsonl reading_exercises.csv [NUMBER]

A passage is JSON with "title" and "text". An exercise asks what some sentences of one say: the right option is one of
these sentences, in which a third of the words have come from elsewhere, as when it is said in other words; the wrong ones
are sentences of other passages, in which up to 40 % of the words have come from this one, as of plausible wrong answers.
The same passages give the same bytes.
"""
import csv
import json
import random
import re
import sys

SENTENCES, WORDS = range(3, 6), range(6, 41)  # of a context; of a sentence that becomes an option


def main(passages, out, number=4000):
    draw = random.Random(0).random  # the one method whose numbers are promised to stay the same

    def one_of(things):
        return things[int(draw() * len(things))]

    articles = []
    with open(passages, encoding="utf-8") as lines:
        for line in lines:
            passage = json.loads(line)
            sentences = [s.split() for s in re.split(r"(?<=[.!?])\s+", passage["text"])]
            sentences = [s for s in sentences if len(s) in WORDS]
            if len(sentences) >= SENTENCES.start:
                articles.append((passage["title"], sentences))

    def mixed(sentence, share, others):
        return " ".join(one_of(others) if draw() < share else word for word in sentence)

    with open(out, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["prompt", *"ABCDE", "answer", "context"])
        for _ in range(int(number)):
            title, sentences = one_of(articles)
            begin = int(draw() * (len(sentences) - SENTENCES.start + 1))
            context = sentences[begin : begin + one_of(SENTENCES)]
            words = [word for sentence in context for word in sentence]
            options = [mixed(one_of(one_of(articles)[1]), 0.4 * draw(), words) for _ in "ABCDE"]
            answer = one_of(range(5))
            options[answer] = mixed(one_of(context), 1 / 3, one_of(one_of(articles)[1]))
            rows.writerow([f"What is said of {title}?" if title else "What does the text say?", *options, "ABCDE"[answer], " ".join(map(" ".join, context))])


main(*sys.argv[1:])
