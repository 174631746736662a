#!/usr/bin/env python3
"""Make the three tiny models of the demo: a vocabulary and three checkpoints.

usage: make_demo.py OUT QUESTIONS.csv [QUESTIONS.csv ...] [--held-out LABELLED.csv]

QUESTIONS.csv are public sets of multiple-choice science questions (columns
prompt, A..E, answer). A SentencePiece vocabulary of 1,500 pieces is made from
their text; then three DeBERTa-v3-shaped models of 0.14 million parameters are
trained from random weights with seeds 0, 1 and 2. The settings below are all
there are. `sciexam-run pack` turns OUT into the package in package/:

    sciexam-run pack --models OUT/run_0 OUT/run_1 OUT/run_2 \
        --tokenizer OUT/spm.model --out package --title "sciexam demo"

Needs torch, transformers and sentencepiece from PyPI; nothing at run time does.
"""
import argparse
import csv
import os

import sentencepiece
import torch
from transformers import DebertaV2Config, DebertaV2ForMultipleChoice, get_linear_schedule_with_warmup

VOCABULARY = 1500
EPOCHS, BATCH, LEARNING_RATE, WARMUP_RATIO, WEIGHT_DECAY, CLIP = 3, 16, 2e-3, 0.1, 0.01, 1.0
TRAINING_QUESTIONS = 1000  # the first ones: minutes on two cores
CONFIG = dict(
    vocab_size=VOCABULARY + 4, hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
    hidden_act="gelu", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, max_position_embeddings=512,
    relative_attention=True, max_relative_positions=-1, position_buckets=32, norm_rel_ebd="layer_norm",
    share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, type_vocab_size=0,
    layer_norm_eps=1e-7, pooler_hidden_size=48, pooler_hidden_act="gelu", pooler_dropout=0, pad_token_id=0)


def read(paths):
    rows = []
    for path in paths:
        with open(path, newline="", encoding="utf-8-sig") as f:
            rows += [r for r in csv.DictReader(f) if r["answer"] in "ABCDE"]
    return rows


def make_vocabulary(rows, out):
    text = os.path.join(out, "text.txt")
    with open(text, "w") as f:
        for r in rows:
            f.write("\n".join(r[c].replace("\n", " ") for c in ["prompt", *"ABCDE"]) + "\n")
    sentencepiece.SentencePieceTrainer.train(
        input=text, model_prefix=os.path.join(out, "spm"), vocab_size=VOCABULARY, model_type="unigram",
        pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]",
        unk_piece="[UNK]", normalization_rule_name="nmt_nfkc", num_threads=1, minloglevel=2)
    return sentencepiece.SentencePieceProcessor(model_file=os.path.join(out, "spm.model"))


def encode(sp, rows):
    return [([[1, *sp.encode(r["prompt"]), 2, *sp.encode(r[c]), 2] for c in "ABCDE"], "ABCDE".index(r["answer"]))
            for r in rows]


def batch_of(questions):
    sequences = [ids for options, _ in questions for ids in options]
    length = max(map(len, sequences))
    ids = torch.tensor([s + [0] * (length - len(s)) for s in sequences]).view(len(questions), 5, length)
    return ids, (ids != 0).long(), torch.tensor([answer for _, answer in questions])


def map_at_3(model, questions):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for i in range(0, len(questions), 40):
            ids, mask, answers = batch_of(questions[i:i + 40])
            order = model(input_ids=ids, attention_mask=mask).logits.argsort(-1, descending=True)
            ranks = (order == answers[:, None]).nonzero()[:, 1]
            total += sum(1 / (r + 1) for r in ranks.tolist() if r < 3)
    return total / len(questions)


def train(seed, questions, held_out, out):
    torch.manual_seed(seed)
    model = DebertaV2ForMultipleChoice(DebertaV2Config(**CONFIG))
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * (len(questions) // BATCH)
    schedule = get_linear_schedule_with_warmup(optimizer, int(WARMUP_RATIO * steps), steps)
    for epoch in range(EPOCHS):
        model.train()
        order = torch.randperm(len(questions)).tolist()
        # Batches of like length: chunks of 50 batches, sorted within.
        chunk = 50 * BATCH
        order = [i for c in range(0, len(order), chunk)
                 for i in sorted(order[c:c + chunk], key=lambda i: max(map(len, questions[i][0])))]
        total = 0.0
        for b in torch.randperm(len(order) // BATCH).tolist():
            ids, mask, answers = batch_of([questions[i] for i in order[b * BATCH:(b + 1) * BATCH]])
            loss = model(input_ids=ids, attention_mask=mask, labels=answers).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            total += loss.item()
        held = f"  held-out MAP@3 {map_at_3(model, held_out):.4f}" if held_out else ""
        print(f"seed {seed} epoch {epoch}: loss {total / (len(order) // BATCH):.4f}{held}", flush=True)
    model.half().save_pretrained(os.path.join(out, f"run_{seed}"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("questions", nargs="+")
    parser.add_argument("--held-out")
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    torch.set_num_threads(2)
    rows = read(arguments.questions)
    sp = make_vocabulary(rows, arguments.out)
    held_out = encode(sp, read([arguments.held_out])) if arguments.held_out else []
    for seed in range(3):
        train(seed, encode(sp, rows[:TRAINING_QUESTIONS]), held_out, arguments.out)


if __name__ == "__main__":
    main()
