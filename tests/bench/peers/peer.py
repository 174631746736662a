"""One competitor, alive for all rounds: run.py starts it, sends it questions and reads the seconds.

usage: peer.py KIND MODEL THREADS    KIND: eager, compile, float64, ort, openvino-latency or openvino-throughput

Standard input: one JSON line per request, {"questions": [[5 lists of token ids], ...], "budget": tokens per batch, padding
counted (0: one question)}. Standard output: a line {} once the model is loaded, then for each request {"seconds",
"logits", "peak"}, peak being VmHWM in GB.
"""
import json
import os
import re
import sys
import time

import numpy

kind, model_path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the libraries print must not get between the lines


def batches(questions, budget):
    batch = []
    for question in questions:  # sorted by length, so the newest is the longest
        if batch and 5 * max(map(len, question)) * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch = batch + [question]
    yield batch


def padded(batch):
    length = max(len(option) for question in batch for option in question)
    ids = numpy.array([[option + [0] * (length - len(option)) for option in question] for question in batch])
    return ids, (ids != 0).astype(numpy.int64)


def torch_model():
    import torch
    from transformers import DebertaV2ForMultipleChoice

    torch.set_num_threads(threads)
    dtype = torch.float64 if kind == "float64" else torch.float32
    model = DebertaV2ForMultipleChoice.from_pretrained(model_path, dtype=dtype).eval()
    # One option a "question" for the compiled model: a first size of 1 or more than 1 would be two compilations.
    shape = (lambda ids: (-1, 1, ids.shape[2])) if kind == "compile" else (lambda ids: ids.shape)
    if kind == "compile":
        model = torch.compile(model, dynamic=True)

    def answer(inputs):
        with torch.inference_mode():
            for ids, mask in inputs:
                logits = model(input_ids=torch.from_numpy(ids.reshape(shape(ids))),
                               attention_mask=torch.from_numpy(mask.reshape(shape(ids)))).logits
                yield logits.reshape(-1, 5).numpy()
    return answer


def onnx_runtime():
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model_path, options, providers=["CPUExecutionProvider"])
    return lambda inputs: (session.run(None, {"input_ids": ids, "attention_mask": mask})[0] for ids, mask in inputs)


def openvino():
    import openvino as ov

    throughput = kind == "openvino-throughput"
    model = ov.Core().compile_model(model_path, "CPU", {
        "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "THROUGHPUT" if throughput else "LATENCY"})
    if not throughput:
        return lambda inputs: (model([ids, mask])[0] for ids, mask in inputs)

    def answer(inputs):
        found = [None] * len(inputs)
        queue = ov.AsyncInferQueue(model)  # as many requests as the hint finds best

        def keep(request, i):
            found[i] = request.get_output_tensor(0).data.copy()
        queue.set_callback(keep)
        for i, (ids, mask) in enumerate(inputs):
            queue.start_async([ids, mask], i)
        queue.wait_all()
        return found
    return answer


answer = {"ort": onnx_runtime, "openvino-latency": openvino, "openvino-throughput": openvino}.get(kind, torch_model)()
print("{}", file=answers, flush=True)
for line in sys.stdin:
    request = json.loads(line)
    start = time.perf_counter()
    inputs = [padded(batch) for batch in batches(request["questions"], request["budget"])]
    logits = [row.tolist() for rows in answer(inputs) for row in rows]
    seconds = time.perf_counter() - start
    with open("/proc/self/status") as status:
        peak = int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1e6
    print(json.dumps({"seconds": seconds, "logits": logits, "peak": peak}), file=answers, flush=True)
