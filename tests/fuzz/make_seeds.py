"""Writes the seeds of most fuzzers into corpus/ (standard library only).

    python3 make_seeds.py
"""

import base64
import bz2
import collections
import gzip
import hashlib
import io
import json
import pathlib
import pickle
import struct
import zipfile

CORPUS = pathlib.Path(__file__).parent / "corpus"


def question_hash(prompt, options):
    return hashlib.sha256("".join(text + "\0" for text in (prompt, *options)).encode()).hexdigest()[:16]


QUESTION_HASHES = {"7": question_hash("What?", "abcde"), "8": question_hash("Who?", "fghij")}  # of fuzz_probability_table.cpp


def write(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def safetensors(header, data_bytes):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(data_bytes)


class Global:
    """Pickles as the import of module.name."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """Pickles as the call of a global."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments


class Storage:
    """Pickles as a persistent id."""

    def __init__(self, kind, key, elements, legacy=False):
        self.id = ("storage", Global("torch", kind), key, "cpu", elements) + ((None,) if legacy else ())


class Writer(pickle._Pickler):
    """The Pickler in Python, taught these three without importing what they name."""

    def persistent_id(self, value):
        return value.id if isinstance(value, Storage) else None

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Global):
            self.write(b"c" + f"{value.module}\n{value.name}\n".encode())
        elif isinstance(value, Call):
            self.save(value.function)
            self.save(value.arguments)
            self.write(b"R")
        else:
            super().save(value, save_persistent_id)


def pickled(value, protocol=2):
    out = io.BytesIO()
    Writer(out, protocol).dump(value)
    return out.getvalue()


def tensor(storage, offset, shape, strides):
    return Call(Global("torch._utils", "_rebuild_tensor_v2"), storage, offset, shape, strides, False,
                collections.OrderedDict())


def archive(value, storages):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as zip_file:
        entries = {"a/data.pkl": pickled(value), **{f"a/data/{k}": v for k, v in storages.items()},
                   "a/byteorder": b"little", "a/version": b"3\n"}
        for name, content in entries.items():
            zip_file.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def legacy(value, storages, protocol=2):
    """The form before PyTorch 1.6; `storages`: key -> (elements, data)."""
    machine = dict(protocol_version=1001, little_endian=True, type_sizes=dict(short=2, int=4, long=4))
    parts = [pickled(part, protocol) for part in (0x1950a86a20f9469cfc6c, 1001, machine, value, list(storages))]
    return b"".join(parts) + b"".join(struct.pack("<q", elements) + data for elements, data in storages.values())


def response(content, **changes):
    """A service's line about the one passage that fuzz_import.cpp knows."""
    choice = dict(index=0, message=dict(role="assistant", content=content, refusal=None), finish_reason="stop")
    return json.dumps(dict(dict(id="batch_req_1", custom_id="1-0-230-9141aeed3620",
                                response=dict(status_code=200, body=dict(choices=[choice])), error=None), **changes)).encode()


def character_map(key, replacement):
    """A double array of one key of one byte, as SentencePiece's precompiled_charsmap."""
    units = [0] * 256
    units[0] = 1 << 10  # the root's children lie at 1 ^ label
    units[1 ^ ord(key)] = ord(key) | 1 << 8 | (1 ^ ord(key) ^ 200) << 10  # its value lies at 200
    units[200] = 1 << 31
    return struct.pack("<I256I", 1024, *units) + replacement.encode() + b"\0"


def tokenizer_json(normalizers, pretokenizers, added=()):
    texts = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "\u2581", "\u2581a", "a", "b"]
    tokens = [dict(content=text, normalized=False, special=True) for text in texts[:4] + ["[MASK]"]] + list(added)
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=True, special=False)
    ids = list(range(4)) + list(range(len(texts), len(texts) + len(tokens)))

    def special(text, kind):
        return {"SpecialToken": dict(id=text, type_id=kind)}

    single = [special("[CLS]", 0), {"Sequence": dict(id="A", type_id=0)}, special("[SEP]", 0)]
    return json.dumps(dict(
        version="1.0", truncation=None, padding=None,
        added_tokens=[{**flags, **token, "id": i} for i, token in zip(ids, tokens)],
        normalizer=dict(type="Sequence", normalizers=normalizers),
        pre_tokenizer=dict(type="Sequence", pretokenizers=pretokenizers),
        post_processor=dict(
            type="TemplateProcessing", single=single,
            pair=single + [{"Sequence": dict(id="B", type_id=1)}, special("[SEP]", 1)],
            special_tokens={text: dict(id=text, ids=[i], tokens=[text]) for i, text in ((1, "[CLS]"), (2, "[SEP]"))}),
        decoder=None,
        model=dict(type="Unigram", unk_id=3, byte_fallback=False,
                   vocab=[[text, -i / 4] for i, text in enumerate(texts)]))).encode()


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def packed(numbers, bits):
    whole = sum((number & (1 << bits) - 1) << i * bits for i, number in enumerate(numbers))
    return whole.to_bytes(16 * bits, "little")


def index_block(gaps, frequencies, gap_bits, frequency_bits):
    """128 gaps and frequencies, both less 1, as src/retrieval/index/postings_block.hpp has them."""
    patches = [b"".join(bytes([i]) + varint(number >> bits) for i, number in enumerate(numbers) if number >> bits)
               for numbers, bits in ((gaps, gap_bits), (frequencies, frequency_bits))]
    counts = [sum(number >> bits > 0 for number in numbers)
              for numbers, bits in ((gaps, gap_bits), (frequencies, frequency_bits))]
    return (bytes([gap_bits, counts[0], frequency_bits, counts[1]]) + packed(gaps, gap_bits) +
            packed(frequencies, frequency_bits) + patches[0] + patches[1])


def index_postings():
    """How many passages (2 bytes), how many the shard has, and a list."""
    yield "short", struct.pack("<HB", 3, 9) + varint(2 * 5) + varint(2 * 0 + 1) + varint(7) + varint(2 * 300)
    gaps, frequencies = [3] * 127 + [90], [0] * 120 + [5] * 8
    block = index_block(gaps, frequencies, 2, 1)
    last = sum(gaps) + 127
    summary = struct.pack("<IBBH", last, 6, 33, len(block)) + struct.pack("<IBBH", last + 2, 1, 33, 2)
    yield "block_and_tail", struct.pack("<HB", 130, 20) + summary + block + varint(0) + varint(0)
    wide = index_block([2] * 128, [0] * 128, 26, 0)
    yield "wide", struct.pack("<HB", 128, 20) + struct.pack("<IBBH", 383, 1, 33, len(wide)) + wide


def index_terms(terms, shards=1):
    """A dictionary whose terms each have one passage in the first shard, in a list of one byte."""
    blocks, fences, offsets = b"", b"", b""
    for i, term in enumerate(terms):
        if i % 16 == 0:
            fences += int.from_bytes(term[:8].ljust(8, b"\0"), "big").to_bytes(8, "little")
            offsets += struct.pack("<Q", 8 + len(blocks))
            blocks += varint(8 + i) + varint(8) * (shards - 1)
        blocks += varint(0) + varint(len(term)) + term + varint(1) + varint(1) + varint(1)
    offsets += struct.pack("<Q", 8 + len(blocks))
    return bytes([shards - 1]) + blocks + fences + offsets + struct.pack("<QQQ", len(terms), len(fences) // 8, shards)


def zstd_raw(content):
    """A zstd frame of at most 255 bytes, not compressed."""
    return bytes.fromhex("28b52ffd20") + bytes([len(content)]) + (len(content) << 3 | 1).to_bytes(3, "little") + content


def zstd_repeated(byte, count):
    """A zstd frame of 256 times a byte or more."""
    return bytes.fromhex("28b52ffd60") + struct.pack("<H", count - 256) + (count << 3 | 3).to_bytes(3, "little") + byte


def index_texts(frames, stream_bytes, articles, passages):
    """The files of articles and of passages, each behind its length (2 bytes), and that of texts; without markers."""
    places = [struct.pack(f"<{len(part)}Q", *part)
              for part in (articles, [begin | size << 40 for begin, size in passages])]
    offsets = [8 + sum(map(len, frames[:i])) for i in range(len(frames) + 1)]
    return (b"".join(struct.pack("<H", len(part)) + part for part in places) + b"".join(frames) +
            struct.pack(f"<{len(offsets)}Q", *offsets) + struct.pack("<QQ", len(frames), stream_bytes))


def index_manifest():
    def file(name, content):
        return dict(file=name, content=content, sha256="0" * 64, checksums_crc32c=1)

    return dict(format="sciexam-index", version=1, title="t", created_by="c", licence="CC BY-SA 4.0", attribution="a",
                analyser={"name": "english"}, cutter={"words": 130}, corpus={},
                counts=dict(articles=1, passages=2, terms=3, postings=4, total_length=5, text_bytes=6),
                terms=file("terms.bin", 90), passages=file("passages.bin", 24), articles=file("articles.bin", 24),
                texts=file("texts.bin", 90), text_dictionary=None,
                shards=[dict(first_passage=0, passages=2, postings=4, postings_file=file("shard_00.postings", 90),
                             lengths_file=file("shard_00.lengths", 44))], manifest_sha256="")


def retrieval_record(**changes):
    record = dict(format="sciexam-retrieval", version=1, program="sciexam 0.1.0",
                  index=dict(sha256="a" * 64, title="t", analyser={"name": "english"}),
                  settings=dict(query_form="all-options", fusion="best", top=5, contexts=3, k1=1.2, b=0.75),
                  **{"in": dict(name="x.csv", sha256="b" * 64)}, out=dict(name="y.csv", sha256="c" * 64), degraded=[])
    return json.dumps(dict(record, **changes)).encode()


def dump_lines():
    """Corpus files of every format, and packed ones of several members (zstd's standard library has none: one raw frame)."""
    article = dict(title="Water", text="Water is wet. It flows, e.g. in rivers.\n== References ==\nA", namespace=0)
    pair = lambda **changes: [{"index": {"_type": "_doc", "_id": "12"}}, dict(article, **changes)]
    lines = lambda documents: "".join(json.dumps(d) + "\n" for d in documents).encode()
    dump = lines(pair() + pair(namespace=4) + pair(text="#REDIRECT [[Ice]]") + pair(text="", opening_text="Wet. \u00e9 \ud800"))
    yield "cirrus", dump
    yield "unpaired", lines(pair() + pair()[:1])
    yield "lines", lines([dict(id="7", title="Water", section="Uses", text="Water is drunk."), dict(contents="Ice."), dict(text="")])
    yield "csv", b'id,title,text\n1,Water,"Water is wet, ""e.g."" here.\nYes."\n2,Ice,caf\xe9\x00\n'
    yield "text", "Water is wet. H. Cavendish weighed 3.14 g.\n\nReferences\nA\nCategory: Water\n".encode()
    yield "gzip", gzip.compress(dump[:300], mtime=0) + gzip.compress(dump[300:], mtime=0) + bytes(9)
    yield "bzip2", bz2.compress(dump[:300]) + bz2.compress(dump[300:])
    yield "zstd", zstd_raw(b'{"text": "Ice."}\n')
    yield "parquet", b"PAR1\x15\x04"


def main():
    write("safetensors", "two_tensors", safetensors(
        {"__metadata__": {"format": "pt"},
         "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
         "b": {"dtype": "F16", "shape": [3], "data_offsets": [16, 22]}}, 22))
    write("safetensors", "empty", safetensors({}, 0))
    write("safetensors", "scalar_and_none", safetensors(
        {"s": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]},
         "n": {"dtype": "BF16", "shape": [0], "data_offsets": [8, 8]}}, 8))
    three_types = safetensors(
        {"scale": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]},
         "bias": {"dtype": "F16", "shape": [3], "data_offsets": [12, 18]},
         "weight": {"dtype": "I8", "shape": [3, 5], "data_offsets": [18, 33]}}, 33)
    for name, frame_bytes in (("whole_elements", 4), ("cut_element", 7), ("one_frame", 256)):
        write("packed_weights", name, bytes([frame_bytes - 1, 2]) + three_types)
    write("packed_weights", "f16", bytes([1, 0]) + safetensors(
        {"a": {"dtype": "F16", "shape": [2, 2], "data_offsets": [0, 8]}}, 8))

    storage = Storage("FloatStorage", "0", 6)
    weights = collections.OrderedDict(w=tensor(storage, 0, (2, 3), (3, 1)), row=tensor(storage, 3, (3,), (1,)))
    parameter = {"p": Call(Global("torch._utils", "_rebuild_parameter"), weights["w"], True, {})}
    for protocol in (2, 4, 5):
        write("pickle", f"state_dict_{protocol}", pickled(weights, protocol))
    write("pickle", "training", pickled({"epoch": 3, "loss": 1.5, "note": None, "state_dict": parameter}))
    write("pickle", "values", pickled([(), (1, 2, 3, 4), {"a": [True, 70000, -1, 1 << 40]}, b"x", "\u00e9"], 4))
    write("pickle", "zip", archive(weights, {"0": bytes(24)}))
    write("pickle", "zip_of_parameters", archive({"state_dict": parameter}, {"0": bytes(24)}))

    old = Storage("HalfStorage", "94071", 6, legacy=True)
    views = collections.OrderedDict(w=tensor(old, 0, (2, 3), (3, 1)), turned=tensor(old, 0, (3, 2), (1, 3)),
                                    ids=tensor(Storage("LongStorage", "5", 1, legacy=True), 0, (1,), (1,)))
    storages = {"5": (1, bytes(8)), "94071": (6, bytes(12))}
    write("pickle", "legacy", legacy(views, storages))
    write("pickle", "legacy_training", legacy({"epoch": 3, "model": views, "ema": views}, storages, 4))

    large = dict(
        model_type="deberta-v2", vocab_size=128100, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16,
        intermediate_size=4096, hidden_act="gelu", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1,
        max_position_embeddings=512, relative_attention=True, max_relative_positions=-1, position_buckets=256,
        norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type="p2c|c2p", position_biased_input=False,
        type_vocab_size=0, layer_norm_eps=1e-7, pooler_hidden_size=1024, pooler_dropout=0, pooler_hidden_act="gelu",
        torch_dtype="float16", transformers_version="4.33.0", architectures=["DebertaV2ForMultipleChoice"])
    write("config", "large", json.dumps(large).encode())
    write("config", "convolution", json.dumps(
        dict(large, conv_kernel_size=3, conv_groups=2, conv_act="tanh", embedding_size=512, pos_att_type=["c2p"],
             type_vocab_size=2, cls_dropout=0.2, attention_head_size=64, unknown=[1, {"a": None}])).encode())
    write("config", "defaults", b'{"model_type": "deberta-v2"}')

    question = dict(prompt="What makes tides &amp; waves?", A="The Moon", B="Wind", C="Fish", D="Boats", E="Rain",
                    answer="A")
    questions = json.dumps(dict(questions=[question, dict(question, prompt="Which  e\u0301bb?\n", answer="E")]))
    write("import", "two_questions", response(questions))
    write("import", "code_fence", response("```json\n" + questions + "\n```"))
    write("import", "malformed_questions", response(json.dumps(dict(questions=[
        3, dict(question, answer="F"), dict(question, E="Fish"), dict(question, B=" "), dict(question, C=7), question]))))
    write("import", "no_questions", response("[]"))
    write("import", "failed", response("", response=None, error=dict(code="batch_expired", message="expired")))
    write("import", "status", response("", response=dict(status_code=500, body={})))

    def write_json(name, value):
        write("json_questions", name, json.dumps(value).encode())

    plain = dict(question="Which?", A="x", B="y", C="z", answer="B")
    labelled = [dict(label=label, text=text) for label, text in zip("123", "xyz")]
    write_json("records", [plain, dict(plain, question="Why?", answer=2)])
    write_json("columns", {name: {"0": cell, "1": cell} for name, cell in plain.items()})
    write_json("split", dict(columns=list(plain), index=[0], data=[list(plain.values())]))
    write_json("rows", dict(features=[], rows=[dict(row_idx=0, row=plain, truncated_cells=[])]))
    write_json("by_key", dict(q1=plain, q2=plain))
    write_json("arc", dict(id="q", question=dict(stem="Which?", choices=labelled), answerKey="2"))
    write_json("lists", [dict(question="Which?", choices=dict(text=["x", "y"], label=["A", "B"]), answerKey="B")])
    write_json("labels", [dict(question="Which?", options=["A)x", "B)y", "C)z"], correct="C", rationale="since")])
    write_json("by_letter", [dict(question="Which?", options=dict(A="x", B="y"), answer="y")])
    write_json("apart", dict(results=[dict(question="Which?", correct_answer="w", incorrect_answers=["x", "y"])]))
    write_json("scores", dict(examples=[dict(input="Which?", target_scores=dict(x=0, y=1))]))
    write_json("article", dict(article="T", questions=["p", "q"], options=[["x", "y"], ["v", "w"]], answers=["A", "B"]))
    write_json("many", [dict(question="Which?", options=list("abcdefgh"), answer="H", answer_index=7)])
    write_json("marked", [dict(question="Which?", answers=[dict(text="x", correct=False), dict(text="y", correct=True)])])
    strip, spaces = dict(type="Strip", strip_left=True, strip_right=True), dict(
        type="Replace", pattern={"Regex": " {2,}"}, content=" ")
    breaks = dict(type="Replace", pattern={"Regex": r"\s{2,}|[\n\r\t]"}, content=" ")
    quotes = dict(type="Replace", pattern={"String": "``"}, content='"')
    charsmap = dict(type="Precompiled", precompiled_charsmap=base64.b64encode(character_map("a", "bc")).decode())
    metaspace = dict(type="Metaspace", replacement="\u2581", prepend_scheme="always", split=True)
    write("tokenizer_json", "transformers_5", tokenizer_json(
        [breaks, dict(type="NFC"), dict(type="Strip", strip_left=False, strip_right=True)], [metaspace]))
    write("tokenizer_json", "transformers_4", tokenizer_json(
        [dict(type="Lowercase"), strip, charsmap, spaces], [dict(type="Punctuation", behavior="Isolated"), metaspace]))
    write("tokenizer_json", "added_tokens", tokenizer_json(
        [dict(type="NFKC"), quotes], [dict(metaspace, split=False)],
        [dict(content="\n", normalized=False), dict(content="e\u0301", single_word=True),
         dict(content="ab", lstrip=True, rstrip=True)]))
    for name, content in dump_lines():
        write("dump_lines", name, content)
    for name, content in index_postings():
        write("index_postings", name, content)
    write("index_terms", "none", index_terms([]))
    write("index_terms", "two_blocks", index_terms([b"%c%d" % (97 + i // 10, i % 10) for i in range(20)], 2))
    stream = b"\x01\x05wWaterWater is wet. It flows." + b"\x01\x03iIceIce is hard."
    write("index_texts", "two_articles",
          index_texts([zstd_raw(stream)], len(stream), [0, 31, len(stream)], [(8, 13), (22, 9), (37, 12)]))
    # Each article's id and title have ord("x") bytes.
    write("index_texts", "two_frames",
          index_texts([zstd_repeated(b"x", 16384), zstd_raw(b"x" * 90)], 16474, [0, 16000, 16474], [(300, 40), (16380, 90)]))
    write("index_manifest", "one_shard", json.dumps(index_manifest()).encode())
    write("retrieval_record", "record", retrieval_record())
    write("retrieval_record", "degraded", retrieval_record(degraded=["a shard is left out"]))
    write("probability_table", "plain", b"id,A,B,C,D,E\n8,0.5,0.25,0.25,0,0\n7,0.2,0.2,0.2,0.2,0.2\n")
    write("probability_table", "ensemble", b"id,model,A,B,C,D,E,question_hash\n" + b"".join(
        f"{id},{model},0.6,0.1,0.1,0.1,0.1,{digest}\n".encode() for id, digest in QUESTION_HASHES.items()
        for model in ("run_0", "ensemble")))
    write("teacher_answers", "three_answers", safetensors(
        {"__metadata__": {"identity": "i"},
         "logits/a.csv": {"dtype": "F32", "shape": [3, 5], "data_offsets": [0, 60]},
         "contexts/a.csv": {"dtype": "I32", "shape": [2], "data_offsets": [60, 68]}}, 60)
        + struct.pack("<II", 1, 2))


if __name__ == "__main__":
    main()
