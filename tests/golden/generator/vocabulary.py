"""A small vocabulary with the settings of DeBERTa-v3's, and ids of the fast tokenizer that transformers makes of it."""
import csv
import json
import os
import shutil
import tempfile

import sentencepiece
from tokenizers import Regex, Tokenizer, normalizers
from transformers import DebertaV2TokenizerFast

from .texts import PAIRS, SENTENCES, TRICKY

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
PIECES = 900  # 256 of them are bytes
QUOTED_NAMES = ("prompt", *"ABCDE")


def read_questions():
    """Every question of the project's own small exams."""
    rows = []
    for name in ("tests/small_exam.csv", "src/demo/exam.csv"):
        with open(os.path.join(ROOT, name), newline="", encoding="utf-8") as file:
            rows += list(csv.DictReader(file))
    return rows


def read_articles():
    with open(os.path.join(ROOT, "src/demo/encyclopedia.jsonl"), encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def make_vocabulary(file):
    """spm.model; SentencePiece's bytes are pieces, as in DeBERTa-v3's, and the fast tokenizer uses none of them."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.getcwd()
        os.chdir(folder)  # the model records the names of files: plain ones give the same bytes everywhere
        with open("text.txt", "w", encoding="utf-8") as text:
            text.writelines(line + "\n" for line in read_articles() + SENTENCES)
            text.writelines(row[name].replace("\n", " ") + "\n" for row in read_questions() for name in QUOTED_NAMES)
        sentencepiece.SentencePieceTrainer.train(
            input="text.txt", model_prefix="spm", model_type="unigram", vocab_size=PIECES, character_coverage=0.999997,
            byte_fallback=True, max_sentencepiece_length=32, split_by_unicode_script=True, split_by_whitespace=True,
            split_by_number=True, split_digits=False, pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]",
            bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]", normalization_rule_name="nmt_nfkc", num_threads=1,
            minloglevel=2)
        os.chdir(before)
        shutil.copyfile(os.path.join(folder, "spm.model"), file)


def write_lines(file, rows):
    with open(file, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)


def encoded(tokenizer, text, pair, special):
    """A row of a *.jsonl file."""
    encoding = tokenizer.encode(text, pair, add_special_tokens=special)
    return dict(text=text, pair=pair, add_special_tokens=special, ids=encoding.ids, type_ids=encoding.type_ids)


def open_book(row, context):
    """The template of the public open-book notebooks, whose special tokens are written into the text."""
    return [["[CLS] " + context, " #### " + row["prompt"] + " [SEP] " + row[option] + " [SEP]", False] for option in "ABCDE"]


def truncated(tokenizer, corpora):
    rows = []
    for corpus, lengths in (("plain", (6, 16, 24, 32)), ("cdeotte", (8, 40, 96, 160))):
        for number, (text, pair, special) in enumerate(corpora[corpus]):
            for strategy in ("longest_first", "only_first"):
                length = lengths[number % len(lengths)]
                row = dict(corpus=corpus, row=number, strategy=strategy.title().replace("_", ""), max_length=length,
                           add_special_tokens=special)
                tokenizer.enable_truncation(length, strategy=strategy)
                try:
                    encoding = tokenizer.encode(text, pair, add_special_tokens=special)
                    row.update(ids=encoding.ids, type_ids=encoding.type_ids)
                except Exception as error:  # tokenizers has no type of its own for it
                    row.update(error=str(error))
                tokenizer.no_truncation()
                rows.append(row)
    return rows


def without_character_map(tokenizer):
    """The same vocabulary behind the normalizer that transformers 5 writes into tokenizer.json: NFC."""
    changed = Tokenizer.from_str(tokenizer.to_str())
    changed.normalizer = normalizers.Sequence([
        normalizers.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), normalizers.NFC(), normalizers.Strip(left=False, right=True)])
    return changed


def make_ids(folder, tokenizer, contexts):
    """tricky.jsonl, pairs and contexts, for one tokenizer."""
    pairs = [(row["prompt"], row[option]) for row in read_questions() for option in "ABCDE"]
    tricky = [encoded(tokenizer, text, None, True) for text in TRICKY]
    tricky += [encoded(tokenizer, text, None, False) for text in TRICKY[::5]]
    tricky += [encoded(tokenizer, text, pair, special) for text, pair in PAIRS for special in (True, False)]
    plain = [encoded(tokenizer, text, pair, True) for text, pair in pairs[::2]]
    return tricky, plain, [encoded(tokenizer, *row) for row in contexts]


def make_tokenizers(folder):
    """tokenizer/ with spm.model, tokenizer.json and ids; tokenizer_v5/ as transformers 5 has it. Returns the first."""
    first, fifth = os.path.join(folder, "tokenizer"), os.path.join(folder, "tokenizer_v5")
    os.makedirs(first)
    os.makedirs(fifth)
    make_vocabulary(os.path.join(first, "spm.model"))
    tokenizer = DebertaV2TokenizerFast(os.path.join(first, "spm.model")).backend_tokenizer
    tokenizer.save(os.path.join(first, "tokenizer.json"), pretty=False)
    articles = read_articles()
    contexts = [pair for i, row in enumerate(read_questions()[::4]) for pair in open_book(row, articles[7 * i])[:2]]

    tricky, plain, _ = make_ids(first, tokenizer, [])
    write_lines(os.path.join(first, "fast_tricky.jsonl"), tricky)
    write_lines(os.path.join(first, "fast_train_pairs.jsonl"), plain)
    with open(os.path.join(first, "corpus_context_cdeotte.json"), "w", encoding="utf-8") as file:
        json.dump(contexts, file, ensure_ascii=False)
    corpora = dict(plain=[(row["text"], row["pair"], True) for row in plain], cdeotte=contexts)
    write_lines(os.path.join(first, "fast_truncation.jsonl"), truncated(tokenizer, corpora))

    changed = without_character_map(tokenizer)
    changed.save(os.path.join(fifth, "tokenizer.json"), pretty=False)
    for name, rows in zip(("tricky", "train_pairs", "context_cdeotte"), make_ids(fifth, changed, contexts)):
        write_lines(os.path.join(fifth, name + ".jsonl"), rows)
    return tokenizer
