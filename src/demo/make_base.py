#!/usr/bin/env python3
"""Make the demo's initial weights, base/model.safetensors, in the shape that base/config.json says.

usage: make_base.py

Random weights, with one exception: the first layer's queries and keys are the pieces' own embeddings, so that equal pieces
of text attend to each other from the start. That is what reading begins with here, finding an option's words again in the
context; from random queries and keys 400 steps had not found it. Everything else, such as which words count and what
follows for the answer, is learnt. Needs numpy and safetensors from PyPI; nothing at run time does.
"""
import json
import os

import numpy
from safetensors.numpy import save_file

ATTENTION = 1.3  # queries and keys over embeddings: an equal piece gets some thousand times the weight of another
TYPES = 0.4  # embeddings of context and option over those of pieces: a piece of one is still like the same of the other


def main():
    base = os.path.join(os.path.dirname(os.path.abspath(__file__)), "base")
    with open(os.path.join(base, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    hidden, inner, deviation = config["hidden_size"], config["intermediate_size"], config["initializer_range"]
    generator = numpy.random.Generator(numpy.random.PCG64(0))
    weights = {}

    def add_random(name, *shape):
        weights[name] = generator.standard_normal(shape) * deviation

    def add_norm(name):
        weights[name + ".weight"], weights[name + ".bias"] = numpy.ones(hidden), numpy.zeros(hidden)

    def add_dense(name, outputs, inputs):
        add_random(name + ".weight", outputs, inputs)
        weights[name + ".bias"] = numpy.zeros(outputs)

    add_random("deberta.embeddings.word_embeddings.weight", config["vocab_size"], hidden)
    add_random("deberta.embeddings.token_type_embeddings.weight", config["type_vocab_size"], hidden)
    weights["deberta.embeddings.token_type_embeddings.weight"] *= TYPES
    add_norm("deberta.embeddings.LayerNorm")
    for number in range(config["num_hidden_layers"]):
        layer = f"deberta.encoder.layer.{number}."
        for name in ("query", "key", "value"):
            add_dense(f"{layer}attention.self.{name}_proj", hidden, hidden)
            if number == 0 and name != "value":
                weights[f"{layer}attention.self.{name}_proj.weight"] = ATTENTION * numpy.eye(hidden)
        add_dense(layer + "attention.output.dense", hidden, hidden)
        add_norm(layer + "attention.output.LayerNorm")
        add_dense(layer + "intermediate.dense", inner, hidden)
        add_dense(layer + "output.dense", hidden, inner)
        add_norm(layer + "output.LayerNorm")
    add_random("deberta.encoder.rel_embeddings.weight", 2 * config["position_buckets"], hidden)
    add_norm("deberta.encoder.LayerNorm")
    add_dense("pooler.dense", hidden, hidden)
    add_dense("classifier", 1, hidden)
    save_file({name: values.astype(numpy.float16) for name, values in weights.items()},
              os.path.join(base, "model.safetensors"))


main()
