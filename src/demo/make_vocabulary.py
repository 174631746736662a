#!/usr/bin/env python3
"""Make the demo's small SentencePiece vocabulary, base/spm.model.

usage: make_vocabulary.py OUT.model QUESTIONS.csv [QUESTIONS.csv ...]

QUESTIONS.csv are public sets of multiple-choice science questions (columns prompt, A..E); the vocabulary of 1,500
pieces is made from their text. The models themselves are trained by sciexam, from nothing but this vocabulary and
base/config.json, as weights_manifest/demo.json says. Needs sentencepiece from PyPI; nothing at run time does.
"""
import csv
import os
import sys
import tempfile

import sentencepiece

VOCABULARY = 1500


def main():
    out, *sets = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        text = os.path.join(folder, "text.txt")
        with open(text, "w", encoding="utf-8") as f:
            for path in sets:
                with open(path, newline="", encoding="utf-8-sig") as g:
                    for row in csv.DictReader(g):
                        f.write("\n".join(row[c].replace("\n", " ") for c in ["prompt", *"ABCDE"]) + "\n")
        sentencepiece.SentencePieceTrainer.train(
            input=text, model_prefix=os.path.join(folder, "spm"), vocab_size=VOCABULARY, model_type="unigram",
            pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]",
            unk_piece="[UNK]", normalization_rule_name="nmt_nfkc", num_threads=1, minloglevel=2)
        with open(os.path.join(folder, "spm.model"), "rb") as f, open(out, "wb") as g:
            g.write(f.read())


if __name__ == "__main__":
    main()
