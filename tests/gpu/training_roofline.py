#!/usr/bin/env python3
"""Predict how fast deberta-v3-large trains on a T4, on paper: nothing here is measured on a device.

usage: training_roofline.py DEVICE_TEST        the test program, build/release/tests/gpu/device_test

As roofline.py, whose units and clocks these are: what the emulated driver counts of each kernel (for sm_75), the busiest
unit of each, one kernel after the other. All layers are trained, dropout is on. The step's own work (AdamW, the norm of
the gradients, clearing) is memory's: 30 bytes of each of 304 million weights, 4 for the norm, and the word embeddings'
rows that are there. Kernels take 4 us to start.
"""
import sys

from roofline import HEADS, HIDDEN, INNER, LAYERS, MEMORY, Kernel, counts, cycles, rate

WEIGHTS = 304e6  # of all layers and the head
BATCH = 3840     # tokens of a pass: 2 questions of 5 x 384
LAUNCHES = LAYERS * 60
FORWARD, INPUT, WEIGHT = 0, 1, 2
KERNELS = {FORWARD: "forward_128x128", INPUT: "input_gradient_128x128", WEIGHT: "weight_gradient_128x128"}


def tile(program, kind, depth, **settings):
    return cycles(counts(program, "one tile of a product of training*", SCIEXAM_DEPTH=str(depth), SCIEXAM_KIND=str(kind),
                         **settings)[KERNELS[kind]])


def product(program, name, kind, n, k, extra=0, **settings):
    """[tokens, k] to [tokens, n]; `extra`: bytes of memory a result beyond reading once and writing once."""
    memory = 2 * k + (2 + extra) * n + 2 * n * k / BATCH
    return Kernel(name, tile(program, kind, k, **settings), n / 128 / 128, memory)


def weight(program, name, out, inputs):
    # The tokens' part of a tile's cycles does not depend on how many there are but for the sums at its end.
    units = {unit: value / BATCH for unit, value in tile(program, WEIGHT, 512).items()}
    tiles = out / 128 * inputs / 128 * BATCH / 512
    return Kernel(name, units, tiles, 2 * (out + inputs) + 4 * out * inputs / BATCH)


def layers(program, tokens):
    rows = counts(program, "one head's training attention*", SCIEXAM_TOKENS=str(tokens))
    per_token = lambda name: cycles(rows[name], False)
    strips = min(512, 2 * tokens - 1)
    strip = tile(program, FORWARD, 64), tile(program, INPUT, 512), tile(program, WEIGHT, 512)
    work = []
    for name, n, k in (("query, key, value", 3 * HIDDEN, HIDDEN), ("attention output", HIDDEN, HIDDEN),
                       ("intermediate", INNER, HIDDEN), ("output", HIDDEN, INNER)):
        gelu = {"SCIEXAM_GELU": "1"} if name == "intermediate" else {}
        drop = {"SCIEXAM_DROPOUT": "1"} if "output" in name else {}
        work.append(product(program, f"{name}: forward", FORWARD, n, k, 6 if drop else 2 if gelu else 0, **gelu, **drop))
        slope = {"SCIEXAM_GELU": "1"} if name == "output" else {}
        work.append(product(program, f"{name}: inputs' gradients", INPUT, k, n, 2, **slope))
        work.append(weight(program, f"{name}: weights' gradients", n, k))
    # c2p and p2c: made twice, and their gradients for queries or keys and for tables.
    share = HEADS * 2 / 128 / 128
    work += [Kernel("strips", strip[0], 2 * strips * share, 2 * HEADS * 2 * 2 * strips),
             Kernel("strips: gradients", {u: v * strips / 512 for u, v in strip[1].items()}, 64 * share, 2 * HEADS * 2 * strips),
             Kernel("strips: tables' gradients", {u: v / 512 for u, v in strip[2].items()}, strips * 64 * share,
                    2 * HEADS * 2 * strips)]
    for name, memory in (("attention_forward_64", 8), ("attention_dots", 4), ("attention_queries_64", 12),
                         ("attention_keys_64", 16)):
        work.append(Kernel(name, per_token(name), HEADS / tokens, memory * HIDDEN + 2 * HEADS * strips * 2))
    for name, times, memory in (("layer_norm_wide", 2, 10), ("layer_norm_gradient", 2, 12), ("column_sums", 11, 2),
                                ("dropout_mask", 4, 1 / 8)):
        work.append(Kernel(name, per_token(name), times / tokens, times * memory * HIDDEN))
    masks = {unit: value * HEADS * tokens / HIDDEN for unit, value in per_token("dropout_mask").items()}
    work.append(Kernel("attention's masks", masks, 2 / tokens, 2 * HEADS * tokens / 8))
    return work


def main():
    step = WEIGHTS * 34 / MEMORY
    lengths = (48, 256, 384, 512)
    work = {tokens: layers(sys.argv[1], tokens) for tokens in lengths}
    print("Training deberta-v3-large on a T4: predicted, not measured\n")
    print("| kernel (384 tokens) | MFLOP per token | busiest | us per token at 1100 MHz |\n|---|---|---|---|")
    for kernel in work[384]:
        low, unit = kernel.seconds(1100e6)
        print(f"| {kernel.name} | {kernel.flop / 1e6:.1f} | {unit} | {low * 1e6:.2f} |")
    print(f"\nA step's own work: {step * 1e3:.0f} ms.\n")
    print("| tokens | MFLOP per token | tokens/s at 1590 MHz | at 1100 MHz | at 24 TFLOP/s | ms a step of 10 sequences |\n"
          "|---|---|---|---|---|---|")
    for tokens in lengths:
        rates = [rate(work[tokens], *limits) for limits in ((1590e6,), (1100e6,), (1100e6, 24e12))]
        seconds = 10 * tokens / rates[2] + LAUNCHES * 4e-6 + step
        print(f"| {tokens} | {sum(kernel.flop for kernel in work[tokens]) / 1e6:.0f} | " +
              " | ".join(f"{one:,.0f}" for one in rates) + f" | {seconds * 1e3:.0f} |")


if __name__ == "__main__":
    main()
