#!/usr/bin/env python3
"""Reads packages as docs/package_format.md says, without sciexam: that page is enough to write a reader.

usage: independent_reader.py PACKAGE...      needs Python's standard library and the program zstd
"""
import hashlib
import json
import struct
import subprocess
import sys
from pathlib import Path

WIDTH = {"F32": 4, "F16": 2, "I8": 1}
TYPES = {"f16": {"F16"}, "f32": {"F32"}, "int8": {"I8", "F16", "F32"}}


def require(condition, message):
    if not condition:
        sys.exit(f"independent_reader.py: {message}")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def identity_of(manifest):
    rest = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode())


def read_small_file(folder, record):
    data = (folder / record["file"]).read_bytes()
    require(len(data) == record["size"] and sha256(data) == record["sha256"], f"{record['file']} is damaged")
    return data


def check_seek_table(data, weights):
    """The skippable frame that zstd's seekable format ends a file with."""
    frames, place = weights["frames"], weights["seek_table"]
    table = data[place["offset"]:]
    require(len(table) == place["size"] == 8 + 8 * len(frames) + 9, "the seek table has another size")
    require(sha256(table) == place["sha256"], "the seek table is damaged")
    require(struct.unpack_from("<II", table) == (0x184D2A5E, len(table) - 8), "not a skippable frame")
    for i, frame in enumerate(frames):
        require(struct.unpack_from("<II", table, 8 + 8 * i) == (frame["size"], frame["raw_size"]), f"its entry {i}")
    require(struct.unpack("<IBI", table[-9:]) == (len(frames), 0, 0x8F92EAB1), "the seek table's footer")


def read_frames(data, weights):
    """The plain bytes of each frame."""
    plain, end, raw_end = [], 0, 0
    for frame in weights["frames"]:
        require(frame["offset"] == end and frame["raw_offset"] == raw_end, "frames do not lie side by side")
        end, raw_end = end + frame["size"], raw_end + frame["raw_size"]
        packed = data[frame["offset"]:end]
        require(sha256(packed) == frame["sha256"], f"the frame at byte {frame['offset']} is damaged")
        raw = subprocess.run(["zstd", "-d", "-c"], input=packed, stdout=subprocess.PIPE, check=True).stdout
        require(len(raw) == frame["raw_size"] and sha256(raw) == frame["raw_sha256"], "a frame's plain bytes")
        plain.append(raw)
    require(end == weights["seek_table"]["offset"] and raw_end == weights["raw_size"], "frames do not fill the file")
    return plain


def tensors_of(frames, dtype):
    """Shapes by name; data must follow the header without gaps."""
    length = struct.unpack_from("<Q", frames[0])[0]
    require(len(frames[0]) == 8 + length, "frame 0 is not the header alone")
    header = json.loads(frames[0][8:])
    shapes, end = {}, 0
    for name, entry in sorted(((n, e) for n, e in header.items() if n != "__metadata__"),
                              key=lambda item: item[1]["data_offsets"]):
        elements = 1
        for size in entry["shape"]:
            elements *= size
        begin, end_of_it = entry["data_offsets"]
        require(begin == end and end_of_it - begin == elements * WIDTH[entry["dtype"]], f"the place of {name}")
        require(entry["dtype"] in TYPES[dtype], f"{name} is {entry['dtype']} in a model of {dtype}")
        shapes[name], end = entry["shape"], end_of_it
    require(end == sum(map(len, frames[1:])), "the data's length")
    return shapes


def read_model(folder, model):
    weights = model["weights"]
    data = (folder / weights["file"]).read_bytes()
    require(len(data) == weights["size"] and sha256(data) == weights["sha256"], f"{weights['file']} is damaged")
    frames = read_frames(data, weights)
    check_seek_table(data, weights)
    require(sha256(b"".join(frames)) == weights["raw_sha256"], "the plain file's sha256")
    shapes = tensors_of(frames, model["dtype"])
    config = json.loads(read_small_file(folder, model["config"]))
    table = shapes["deberta.embeddings.word_embeddings.weight"]
    require(table[0] == config["vocab_size"], "config.json and weights do not belong together")
    print(f"  {model['name']}: {len(shapes)} tensors in {len(frames)} frames, {model['dtype']}")


def read_package(folder):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    require(manifest["format"] == "sciexam-package", "not a package")
    require(manifest["manifest_sha256"] == identity_of(manifest), "manifest.json is damaged")
    require(manifest["version"] == 1, "another version of the format")
    read_small_file(folder, manifest["vocabulary"])
    print(f"{folder}: {manifest['title']}, {manifest['template']}, identity {manifest['manifest_sha256'][:16]}")
    for model in manifest["models"]:
        read_model(folder, model)


for argument in sys.argv[1:]:
    read_package(Path(argument))
