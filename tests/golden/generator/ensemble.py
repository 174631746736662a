"""Three tiny models with the small vocabulary, what they answer, and the four ensembles' submissions."""
import csv
import os

import torch
from safetensors.torch import save_file

from .models import new_model, state, write_config, write_json
from .numbers import HIDDEN_BITS, rounded
from .vocabulary import QUOTED_NAMES, read_questions

LETTERS = "ABCDE"
SETTINGS = dict(hidden_size=24, pooler_hidden_size=24, num_attention_heads=3, position_buckets=32, max_position_embeddings=128)
SEEDS = dict(model_0=900, model_1=918, model_2=922)  # with these the order of all options is clear
LEAST_GAP = 1e-4  # between scores whose order decides: far more than f32 rounds


def softmax(logits):
    return torch.softmax(logits, dim=-1)


def votes(logits):
    """3, 2, 1 on each model's first three. Ties go to the option that first received a vote, models in order, then its rank."""
    rankings = []
    for question in logits.transpose(0, 1):
        points, first = [0] * len(LETTERS), [len(LETTERS) * len(question)] * len(LETTERS)
        for model, scores in enumerate(question):
            for rank, option in enumerate(torch.argsort(scores, descending=True, stable=True)[:3].tolist()):
                points[option] += 3 - rank
                first[option] = min(first[option], model * len(LETTERS) + rank)
        rankings.append(sorted(range(len(LETTERS)), key=lambda i: (-points[i], first[i]))[:3])
    return rankings


def ranked(scores):
    return torch.argsort(scores, dim=-1, descending=True, stable=True)[:, :3].tolist()


def least_gap(scores):
    top = torch.sort(scores, dim=-1, descending=True).values[..., :4]
    return (top[..., :-1] - top[..., 1:]).min().item()


def map_at_3(rankings, answers):
    return sum(1 / (1 + ranking.index(answer)) if answer in ranking else 0 for ranking, answer in zip(rankings, answers)) / len(answers)


def logits_of(model, tokenizer, row):
    encodings = [tokenizer.encode(row["prompt"], row[letter]) for letter in LETTERS]
    length = max(len(encoding.ids) for encoding in encodings)
    padded = [[part + [0] * (length - len(part)) for part in parts] for parts in (
        [e.ids for e in encodings], [e.attention_mask for e in encodings], [e.type_ids for e in encodings])]
    ids, mask, types = (torch.tensor([part]) for part in padded)
    return model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits[0]


def write_exam(file, rows):
    """Quoted, with CRLF: another form than that of the project's other exams."""
    with open(file, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(["id", *QUOTED_NAMES, "answer"])
        writer.writerows([number, *(row[name] for name in QUOTED_NAMES), row["answer"]] for number, row in enumerate(rows))


def write_submission(file, rankings):
    with open(file, "w", newline="", encoding="utf-8") as out:
        out.write("id,prediction\n")
        out.writelines(f"{number},{' '.join(LETTERS[i] for i in ranking)}\n" for number, ranking in enumerate(rankings))


def make_ensemble(folder, tokenizer):
    os.makedirs(folder)
    rows, logits = read_questions(), []
    write_exam(os.path.join(folder, "exam.csv"), rows)
    for name, seed in SEEDS.items():
        model = new_model(dict(vocab_size=tokenizer.get_vocab_size() + 3, **SETTINGS), seed)
        write_config(model, os.path.join(folder, name), "float16")
        save_file(state(model, torch.float16), os.path.join(folder, name, "model.safetensors"), {"format": "pt"})
        with torch.no_grad():
            logits.append(torch.stack([logits_of(model.double(), tokenizer, row) for row in rows]))
    logits = torch.stack(logits)  # [models, questions, options]
    probabilities = softmax(logits)
    scores = dict(mean_logits=logits.mean(0), mean_softmax=probabilities.mean(0),
                  mean_plus_max=probabilities.mean(0) + probabilities.max(0).values)
    gaps = {name: least_gap(each) for name, each in dict(scores, models=logits).items()}
    if min(gaps.values()) < LEAST_GAP:
        raise SystemExit(f"the order of some options hangs on rounding ({gaps}): change SEEDS")
    rankings = {name: ranked(each) for name, each in scores.items()}
    rankings["vote"] = votes(logits)
    answers = [LETTERS.index(row["answer"]) for row in rows]
    for name, each in rankings.items():
        write_submission(os.path.join(folder, f"submission_{name}.csv"), each)
    report = {name: map_at_3(ranked(each), answers) for name, each in zip(SEEDS, logits)}
    write_json(os.path.join(folder, "report.json"), {**report, **{name: map_at_3(each, answers) for name, each in rankings.items()}})
    save_file(dict(logits=rounded(logits, HIDDEN_BITS).float(), softmax=rounded(probabilities, HIDDEN_BITS).float()),
              os.path.join(folder, "logits.safetensors"))
