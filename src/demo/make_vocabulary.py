#!/usr/bin/env python3
"""Make the demo's vocabulary, base/spm.model, from public questions of the exam's kind.

usage: make_vocabulary.py extra_6000.csv [PIECES]

2,000 pieces are common words and parts of others: enough to find an option's words again in a text, and few enough for models
this small. With [PAD], [CLS], [SEP] and [UNK] inside, config.json's vocab_size leaves four more places free.
Needs sentencepiece from PyPI; nothing at run time does.
"""
import csv
import os
import shutil
import sys
import tempfile

import sentencepiece


def main(questions, pieces=2000):
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "base", "spm.model")
    questions = os.path.abspath(questions)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # the model records the names of files: plain ones give the same bytes everywhere
        with open(questions, newline="", encoding="utf-8-sig") as file, open("questions.txt", "w", encoding="utf-8") as text:
            for row in csv.DictReader(file):
                text.writelines(row[column].replace("\n", " ") + "\n" for column in ("prompt", *"ABCDE"))
        sentencepiece.SentencePieceTrainer.train(
            input="questions.txt", model_prefix="spm", vocab_size=int(pieces), model_type="unigram", pad_id=0, bos_id=1,
            eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]",
            normalization_rule_name="nmt_nfkc", num_threads=1, minloglevel=2)
        shutil.copyfile("spm.model", out)


main(*sys.argv[1:])
