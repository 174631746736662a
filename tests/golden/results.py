#!/usr/bin/env python3
"""Compare freshly made reference results with those that are checked in, or put them in their place.

usage: results.py compare FRESH RESULTS
       results.py write FRESH RESULTS

RESULTS holds FRESH's files, those of more than 8 KB as NAME.zst. Equal are files with the same bytes. Where bytes differ, because
another processor sums in another order: numbers of float64 within 1e-8 and of float32 within 2e-6 of their tensor's largest, those
of JSON within 1e-6, the scores of SentencePiece's pieces within 1e-4, and the tensors of a pytorch_model.bin exactly; all else must
be the same. In train.safetensors one weight in a thousand may differ by ten steps of the learning rate: Adam divides a gradient by
its own size, also where that is rounding alone. `write` leaves files alone whose bytes, or a .bin's tensors, are the same. Needs
the program zstd.
"""
import json
import os
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load as load_safetensors
from sentencepiece import sentencepiece_model_pb2

PLAIN_BYTES = 8 << 10
TOLERANCES = {torch.float64: 1e-8, torch.float32: 2e-6}
ADAM_SHARE, ADAM_APART = 1e-3, 1e-2


def zstd(options, data):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


def read(file):
    with open(file, "rb") as stream:
        return stream.read()


def files_below(folder):
    return {os.path.relpath(os.path.join(parent, name), folder) for parent, _, names in os.walk(folder) for name in names}


def stored_files(folder):
    """Name of a result -> name of the file that holds it."""
    return {name.removesuffix(".zst"): name for name in files_below(folder)}


def stored(folder, name):
    data = read(os.path.join(folder, name))
    return zstd(["-d"], data) if name.endswith(".zst") else data


def tensors_differ(name, ours, theirs):
    """What differs, in words; nothing if it is rounding."""
    if ours.keys() != theirs.keys():
        return "other tensors"
    apart = elements = 0
    for key, tensor in ours.items():
        other = theirs[key]
        if tensor.shape != other.shape or tensor.dtype != other.dtype:
            return f"{key} has another shape or type"
        if torch.equal(tensor, other):
            elements += tensor.numel()
            continue
        tolerance = TOLERANCES.get(tensor.dtype)
        if tolerance is None:
            return f"{key} differs"
        difference = (tensor.double() - other.double()).abs()
        beyond = difference > tolerance * (other.abs().max() + 1e-3)
        elements, apart = elements + tensor.numel(), apart + int(beyond.sum())
        if beyond.any() and not (name.endswith("train.safetensors") and difference.max() < ADAM_APART):
            return f"{key} differs by up to {difference.max().item():.2g}"
    return f"{apart} of {elements} weights differ" if apart > ADAM_SHARE * elements else ""


def load_bin(data):
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(data)
        file.flush()
        return torch.load(file.name, weights_only=True)


def json_differs(ours, theirs):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() != theirs.keys() or any(json_differs(value, theirs[key]) for key, value in ours.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) != len(theirs) or any(map(json_differs, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, float):
        return abs(ours - theirs) > 1e-6 * (1 + abs(theirs))
    return ours != theirs


def pieces_differ(ours, theirs):
    models = [sentencepiece_model_pb2.ModelProto.FromString(data) for data in (ours, theirs)]
    pieces = [[(piece.piece, piece.type) for piece in model.pieces] for model in models]
    scores = [[piece.score for piece in model.pieces] for model in models]
    return pieces[0] != pieces[1] or max(abs(a - b) for a, b in zip(*scores)) > 1e-4


def differs(name, ours, theirs):
    """What differs between two files' bytes beyond rounding, in words; else nothing."""
    if name.endswith(".safetensors"):
        return tensors_differ(name, load_safetensors(ours), load_safetensors(theirs))
    if name.endswith(".bin"):
        return tensors_differ(name, load_bin(ours), load_bin(theirs))
    if name.endswith(".json"):
        return "its values" if json_differs(json.loads(ours), json.loads(theirs)) else ""
    if name.endswith(".model"):
        return "its pieces" if pieces_differ(ours, theirs) else ""
    return "its bytes"


def compare(fresh, results):
    """Whether all is equal; says what is not."""
    held, made = stored_files(results), files_below(fresh)
    problems = [f"{name} is made, but not checked in" for name in sorted(made - held.keys())]
    problems += [f"{name} is checked in, but not made" for name in sorted(held.keys() - made)]
    same = 0
    for name in sorted(made & held.keys()):
        ours, theirs = read(os.path.join(fresh, name)), stored(results, held[name])
        same += ours == theirs
        difference = "" if ours == theirs else differs(name, ours, theirs)
        if difference:
            problems.append(f"{name}: {difference}")
    for problem in problems:
        print(problem)
    close = len(made & held.keys()) - same - sum(": " in problem for problem in problems)
    print(f"{len(made)} results: {same} have the checked-in bytes, {close} equal them within rounding, {len(problems)} do not")
    return not problems


def write(fresh, results):
    held, made = stored_files(results), files_below(fresh)
    for name in sorted(made | held.keys()):
        data = read(os.path.join(fresh, name)) if name in made else None
        if name in held:
            old = stored(results, held[name])
            if data == old or data is not None and name.endswith(".bin") and not differs(name, data, old):
                continue
            os.remove(os.path.join(results, held[name]))
        if data is None:
            print("removed", name)
            continue
        target = os.path.join(results, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target + ("" if len(data) <= PLAIN_BYTES else ".zst"), "wb") as out:
            out.write(data if len(data) <= PLAIN_BYTES else zstd(["-19"], data))
        print("wrote", name)
    return True


if __name__ == "__main__":
    actions = dict(compare=compare, write=write)
    if len(sys.argv) != 4 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    sys.exit(0 if actions[sys.argv[1]](*sys.argv[2:]) else 1)
