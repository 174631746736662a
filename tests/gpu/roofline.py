#!/usr/bin/env python3
"""Predict what deberta-v3-large reaches on a T4, on paper: nothing here is measured on a device.

usage: roofline.py DEVICE_TEST        the test program, build/release/tests/gpu/device_test

The emulated driver counts what each kernel does (for sm_75). A kernel takes as long as the busiest of: tensor cores
(m16n8k8 is 2 cycles of a multiprocessor), issue (4 instructions per cycle, PTX's number of them), exponentials (16 lanes
per cycle), loads and stores (one shared-memory pass and 64 bytes of the cache per cycle), the second-level cache (20
bytes per cycle and multiprocessor) and memory (320 GB/s). Kernels follow each other; batches of 4096 tokens fill the
device. Three columns: every unit at the top clock of 1590 MHz; at 1100 MHz, where the card's 70 W should hold it; and
with matrix products at no more than 24 TFLOP/s, other units at 1100 MHz.
"""
import json
import os
import subprocess
import sys
import tempfile

HIDDEN, INNER, LAYERS, HEADS, BATCH = 1024, 4096, 24, 16, 4096
MULTIPROCESSORS, MEMORY = 40, 320e9
TENSORRT = 512 / 13.5e-3  # tokens/s: one sequence of 512 on a T4, as published


def counts(program, test, **settings):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([program, test], check=True, stdout=subprocess.DEVNULL, env=dict(
            os.environ, SCIEXAM_EMULATED_COUNTS=file.name, SCIEXAM_EMULATED_CAPABILITY="7.5", **settings))
        return json.load(open(file.name))


def cycles(count, all_from_l2=True):
    """Cycles of one multiprocessor, by unit."""
    kinds, sectors = count["instructions"], sum(count["global"][k] for k in ("load_sectors", "store_sectors"))
    return dict(tensor=2 * kinds["mma"], issue=sum(kinds.values()) / 4, exponentials=2 * kinds["sfu"],
                loads=count["shared"]["wavefronts"] + sectors / 2, l2=sectors * 32 / 20 if all_from_l2 else 0)


class Kernel:
    """Work of all layers for one token: cycles by unit, floating-point operations, bytes of memory."""

    def __init__(self, name, units, scale, memory):
        self.name, self.memory = name, memory * LAYERS
        self.units = {unit: value * scale * LAYERS for unit, value in units.items()}
        self.flop = self.units["tensor"] * 1024

    def seconds(self, clock, flops=None):
        units = {unit: value / (clock * MULTIPROCESSORS) for unit, value in self.units.items()}
        if flops:
            units["tensor"] = max(units["tensor"], self.flop / flops)
        units["memory"] = self.memory / MEMORY
        return max((value, unit) for unit, value in units.items())


def product(program, name, n, k, share=1.0, **settings):
    """All tiles of one product; `share` of the layers computes it for every token."""
    count = counts(program, "one tile of a product*", SCIEXAM_DEPTH=str(k), **settings)["gemm_128x128"]
    memory = 2 * (k + n * (2 if settings.get("SCIEXAM_RESIDUAL") else 1)) + 2 * n * k / BATCH
    return Kernel(name, cycles(count), share * n / 128 / 128, share * memory)


def kernels(program, tokens):
    later = 1 - 1 / LAYERS  # the last layer computes these for first tokens alone
    one = counts(program, "one head's attention*", SCIEXAM_TOKENS=str(tokens))
    return [
        product(program, "query, key, value", 3 * HIDDEN, HIDDEN, 1 - 1 / 3 / LAYERS),
        product(program, "attention output", HIDDEN, HIDDEN, later, SCIEXAM_RESIDUAL="1"),
        product(program, "intermediate, GELU", INNER, HIDDEN, later, SCIEXAM_GELU="1"),
        product(program, "output", HIDDEN, INNER, later, SCIEXAM_RESIDUAL="1"),
        # its rows come from the first-level cache again and again: what the second level gives is counted as memory
        Kernel("attention", cycles(one["attention_64"], False), later * HEADS / tokens, later * 2 * 4 * HIDDEN),
        Kernel("two norms", cycles(one["layer_norm"], False), later * 2 / tokens, later * 2 * 2 * 2 * HIDDEN),
    ]


def rate(work, *limits):
    return 1 / sum(kernel.seconds(*limits)[0] for kernel in work)


def main():
    lengths = (64, 128, 256, 512)
    work = {tokens: kernels(sys.argv[1], tokens) for tokens in lengths}
    print("deberta-v3-large on a T4: predicted, not measured\n")
    print("| kernel (512 tokens) | MFLOP per token | busiest | us per token at 1590 MHz | at 1100 MHz |\n|---|---|---|---|---|")
    for kernel in work[512]:
        (high, unit), (low, _) = kernel.seconds(1590e6), kernel.seconds(1100e6)
        print(f"| {kernel.name} | {kernel.flop / 1e6:.1f} | {unit} | {high * 1e6:.2f} | {low * 1e6:.2f} |")
    print("\n| tokens | MFLOP per token | tokens/s at 1590 MHz | at 1100 MHz | at 24 TFLOP/s |\n|---|---|---|---|---|")
    for tokens in lengths:
        rates = [rate(work[tokens], *limits) for limits in ((1590e6,), (1100e6,), (1100e6, 24e12))]
        print(f"| {tokens} | {sum(kernel.flop for kernel in work[tokens]) / 1e6:.0f} | " +
              " | ".join(f"{one:,.0f}" for one in rates) + " |")
    enough = next(tera for tera in range(200, 650) if rate(work[512], 1100e6, tera * 1e11) >= TENSORRT) / 10
    print(f"\nTensorRT's {TENSORRT:,.0f} tokens/s at 512 tokens are reached where products keep {enough} TFLOP/s.")


if __name__ == "__main__":
    main()
