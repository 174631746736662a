"""A checkpoint in the peers' forms, made once. usage: export.py FORM CHECKPOINT FOLDER QUESTIONS.json [ONNX]

FORM: onnx (f32), ort-int8 (dynamic), ov-int8-weights (only weights) or ov-int8 (NNCF's post-training quantization of
weights and activations, calibrated on QUESTIONS); the last three are made from ONNX. Prints the model's path.
"""
import json
import os
import sys

form, checkpoint, folder, questions_json = sys.argv[1:5]
source = sys.argv[5] if len(sys.argv) > 5 else None
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
path = os.path.join(folder, "model.onnx" if form in ("onnx", "ort-int8") else "model.xml")


def export_onnx():
    import torch
    from torch.export import Dim
    from transformers import DebertaV2ForMultipleChoice

    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = DebertaV2ForMultipleChoice.from_pretrained(checkpoint, dtype=torch.float32).eval()

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.randint(5, 1000, (2, 5, 37))
    dynamic = {0: Dim("questions", min=1, max=64), 2: Dim("length", min=2, max=1024)}
    # torch.export, not the older tracing exporter: that one keeps the example's relative positions as constants.
    torch.onnx.export(Logits(), (ids, torch.ones_like(ids)), path, input_names=["input_ids", "attention_mask"],
                      output_names=["logits"], dynamic_shapes={"input_ids": dynamic, "attention_mask": dynamic},
                      opset_version=18, dynamo=True)


def quantize_onnx():
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with open("/proc/cpuinfo") as f:
        vnni = "vnni" in f.read()
    # ONNX Runtime's advice for CPUs without VNNI: 7 bits, or pairs of products saturate.
    quantize_dynamic(source, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=not vnni,
                     use_external_data_format=True)


def quantize_openvino():
    import nncf
    import numpy
    import openvino

    model = openvino.Core().read_model(source)
    if form == "ov-int8-weights":
        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM)
    else:
        def inputs(question):
            length = max(map(len, question))
            ids = numpy.array([[option + [0] * (length - len(option)) for option in question]])
            return {"input_ids": ids, "attention_mask": (ids != 0).astype(numpy.int64)}
        with open(questions_json) as f:
            questions = json.load(f)
        model = nncf.quantize(model, nncf.Dataset(questions, inputs), model_type=nncf.ModelType.TRANSFORMER,
                              preset=nncf.QuantizationPreset.MIXED, subset_size=len(questions))
    openvino.save_model(model, path, compress_to_fp16=False)


os.makedirs(folder, exist_ok=True)
done = os.path.join(folder, "done")
if not os.path.exists(done):
    {"onnx": export_onnx, "ort-int8": quantize_onnx}.get(form, quantize_openvino)()
    open(done, "w").close()
print(path, file=answers, flush=True)
