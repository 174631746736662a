#!/usr/bin/env python3
"""Which of the device's roundings to f16 moves a small network's logits, and by how much.

usage: rounding.py FOLDER [SEQUENCES [TOKENS]]

FOLDER holds config.json and model.fp16.safetensors or model.safetensors of a DeBERTa-v3. Everything is computed in
double, with the roundings of src/gpu/kernels that are named; SEQUENCES (default 200) of TOKENS (default 24) random
tokens. Values and probabilities are all that is rounded where the device keeps two f16 per activation. Needs
torch and safetensors.
"""
import json
import math
import os
import sys

import torch
from safetensors.torch import load_file

DENSE = {"hidden", "context", "inner", "relative", "pooler's input"}  # what dense layers multiply
RESIDUAL = {"sum", "residual"}  # what a norm gets, and what it gives to be added
ATTENTION = {"query", "key", "value", "table", "strip", "probability"}
POOLED = {"pooled"}
NARROW = {"value", "probability"}  # what NetworkShape::parts() == 2 leaves


def bucket(distance, buckets, most):
    half = buckets // 2
    far = torch.ceil(torch.log(distance.abs().clamp(min=half) / half) / math.log((most - 1) / half) * (half - 1)) + half
    return torch.where(distance.abs() <= half, distance, distance.sign() * far).long()


class Network:
    def __init__(self, folder, rounded):
        file = next(f for f in ("model.fp16.safetensors", "model.safetensors") if os.path.exists(os.path.join(folder, f)))
        self.config, self.rounded = json.load(open(os.path.join(folder, "config.json"))), rounded
        self.weights = {k: v.double() for k, v in load_file(os.path.join(folder, file)).items()}
        c = self.config
        self.heads, self.buckets = c["num_attention_heads"], c["position_buckets"]
        self.scale = 1 / math.sqrt(3 * c["hidden_size"] // self.heads)
        relative = self.norm(self["deberta.encoder.rel_embeddings.weight"], "deberta.encoder.LayerNorm")
        self.tables = [[self.split("table", self.dense("relative", relative, self.layer(i) + f"attention.self.{name}"))
                        for name in ("key_proj", "query_proj")] for i in range(c["num_hidden_layers"])]

    def __getitem__(self, name):
        return self.weights[name]

    @staticmethod
    def layer(i):
        return f"deberta.encoder.layer.{i}."

    def round(self, name, x):
        return x.half().double() if name in self.rounded else x

    def dense(self, what, x, name):
        return self.round(what, x) @ self[name + ".weight"].T + self[name + ".bias"]

    def norm(self, x, name):
        x = x - x.mean(-1, keepdim=True)
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.config["layer_norm_eps"]) * self[
            name + ".weight"] + self[name + ".bias"]

    def split(self, what, x):
        return self.round(what, x).view(len(x), self.heads, -1).transpose(0, 1)

    def attend(self, i, hidden, rows):
        query, key, value = (self.split(name, self.dense("hidden", hidden, f"{self.layer(i)}attention.self.{name}_proj"))
                             for name in ("query", "key", "value"))
        scale = self.scale / math.log(2)  # of the exponents of two
        c2p, p2c = (self.round("strip", x @ table.transpose(1, 2) * scale)
                    for x, table in zip((query, key), self.tables[i]))
        rows = rows.expand(self.heads, *rows.shape)
        scores = query @ key.transpose(1, 2) * scale + c2p.gather(2, rows) + p2c.gather(
            2, rows.transpose(1, 2)).transpose(1, 2)
        weights = torch.exp2(scores - scores.max(-1, keepdim=True).values)
        context = self.round("probability", weights) @ value / weights.sum(-1, keepdim=True)
        return context.transpose(0, 1).reshape(hidden.shape)

    def logit(self, ids):
        c, places = self.config, torch.arange(len(ids))
        most = c["max_relative_positions"] if c["max_relative_positions"] > 0 else c["max_position_embeddings"]
        rows = (bucket(places[:, None] - places, self.buckets, most) + self.buckets).clamp(0, 2 * self.buckets - 1)
        hidden = self.norm(self.round("sum", self["deberta.embeddings.word_embeddings.weight"][ids]),
                           "deberta.embeddings.LayerNorm")
        for i in range(c["num_hidden_layers"]):
            def add(branch, norm):
                return self.norm(self.round("sum", branch + self.round("residual", hidden)), self.layer(i) + norm)
            attended = self.dense("context", self.attend(i, hidden, rows), self.layer(i) + "attention.output.dense")
            hidden = add(attended, "attention.output.LayerNorm")
            inner = torch.nn.functional.gelu(self.dense("hidden", hidden, self.layer(i) + "intermediate.dense"))
            hidden = add(self.dense("inner", inner, self.layer(i) + "output.dense"), "output.LayerNorm")
        pooled = self.round("pooled", self.dense("pooler's input", hidden[0], "pooler.dense"))
        return (torch.nn.functional.gelu(pooled) @ self["classifier.weight"].T + self["classifier.bias"]).item()


def main():
    folder, sequences, tokens = sys.argv[1], *(int(x) for x in (sys.argv[2:] + ["200", "24"][len(sys.argv) - 2:]))
    torch.manual_seed(1)
    exact = Network(folder, set())
    ids = torch.randint(4, exact.config["vocab_size"], (sequences, tokens))
    logits = torch.tensor([exact.logit(one) for one in ids])
    print(f"{sequences} logits of deviation {logits.std():.2f}, moved by what is rounded:\n")
    print("| rounded to f16 | rms | maximum |\n|---|---|---|")
    everything = DENSE | RESIDUAL | ATTENTION | POOLED
    for name, rounded in {"everything": everything, "all but sums and residuals": everything - RESIDUAL,
                          "only the dense layers' inputs": DENSE, "only attention": ATTENTION,
                          "only sums and residuals": RESIDUAL, "only values and probabilities": NARROW}.items():
        network = Network(folder, rounded)
        apart = (torch.tensor([network.logit(one) for one in ids]) - logits).abs()
        print(f"| {name} | {apart.square().mean().sqrt():.1e} | {apart.max():.1e} |", flush=True)


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    with torch.no_grad():
        main()
