"""A model's folder: config.json, weights, inputs, what the reference computes from them, and gradients."""
import json
import os

import torch
from safetensors.torch import save_file
from transformers import DebertaV2Config, DebertaV2ForMultipleChoice

from .configurations import BASE
from .numbers import GRADIENT_BITS, HIDDEN_BITS, LOGIT_BITS, generator, random_weights, rounded

QUESTIONS, OPTIONS, LENGTH = 2, 5, 20


def new_model(settings, seed, half=True):
    model = DebertaV2ForMultipleChoice(DebertaV2Config(**{**BASE, **settings})).eval()
    random_weights(model, seed, half)
    return model


def make_inputs(vocabulary, seed, questions=QUESTIONS):
    """Padded questions; the first option of the first one is as long as can be, its second as short."""
    random = generator(seed, 1)
    shape = (questions, OPTIONS, LENGTH)
    ids, mask, types = random.integers(4, vocabulary, shape), torch.zeros(shape).long(), torch.zeros(shape).long()
    lengths = random.integers(5, LENGTH + 1, shape[:2])
    lengths[0, 0], lengths[0, 1] = LENGTH, 3
    for q in range(questions):
        for k in range(OPTIONS):
            n = int(lengths[q, k])
            mask[q, k, :n] = 1
            types[q, k, n // 2:n] = 1
    return dict(input_ids=torch.from_numpy(ids) * mask, attention_mask=mask, token_type_ids=types), \
        torch.from_numpy(random.integers(0, OPTIONS, questions))


def logits_alone(model, inputs):
    """Of each sequence by itself, without padding."""
    mask = inputs["attention_mask"]
    alone = [model(**{name: x[q:q + 1, k:k + 1, :int(mask[q, k].sum())] for name, x in inputs.items()}).logits.view(())
             for q in range(mask.shape[0]) for k in range(mask.shape[1])]
    return torch.stack(alone).view(mask.shape[:2])


def write_config(model, folder, dtype):
    model.config.architectures = [type(model).__name__]
    model.config.torch_dtype = dtype
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        file.write(model.config.to_json_string())


def state(model, dtype):
    return {name: tensor.detach().to(dtype).contiguous() for name, tensor in model.named_parameters()}


def reference(model, inputs, labels):
    """What the model computes in float64, and the gradients of the mean cross-entropy."""
    pooled = []
    hook = model.pooler.register_forward_hook(lambda module, args, out: pooled.append(out))
    out = model(**inputs, labels=labels, output_hidden_states=True)
    out.loss.backward()
    hook.remove()
    io = dict(inputs, labels=labels, logits=out.logits.detach().float(), logits_f64=rounded(out.logits, LOGIT_BITS),
              pooled_f64=rounded(pooled[0], LOGIT_BITS), loss_f64=rounded(out.loss.view(1), LOGIT_BITS))
    real = inputs["attention_mask"].view(-1, LENGTH, 1)  # what stands at padding is anybody's
    for i, hidden in enumerate(out.hidden_states):
        io[f"hidden_states.{i}"] = (rounded(hidden, HIDDEN_BITS) * real).float()
    with torch.no_grad():
        io["logits_unpadded"] = logits_alone(model, inputs).float()
    gradients = {name: torch.zeros_like(p) if p.grad is None else rounded(p.grad, GRADIENT_BITS)
                 for name, p in model.named_parameters()}
    return io, gradients


def make_model(folder, settings, seed, questions=QUESTIONS):
    """A configuration's folder; its weights are stored as f16, which they fit exactly."""
    model = new_model(settings, seed)
    write_config(model, folder, "float16")
    save_file(state(model, torch.float16), os.path.join(folder, "model.safetensors"), {"format": "pt"})
    inputs, labels = make_inputs(model.config.vocab_size, seed, questions)
    io, gradients = reference(model.double(), inputs, labels)
    save_file(io, os.path.join(folder, "io.safetensors"))
    save_file(gradients, os.path.join(folder, "grads_f64.safetensors"))


def make_stored_forms(folder, settings, seed):
    """A folder whose f32 weights are stored in all forms, with the logits that they give after rounding."""
    model = new_model(settings, seed, half=False)
    write_config(model, folder, "float32")
    exact = state(model, torch.float32)
    inputs, labels = make_inputs(model.config.vocab_size, seed)
    forms = dict(fp16=torch.float16, bf16=torch.bfloat16)
    by_weights = {}
    for name, dtype in forms.items():
        narrow = state(model, dtype)
        save_file(narrow, os.path.join(folder, f"model.{name}.safetensors"), {"format": "pt"})
        other = new_model(settings, seed).double()
        other.load_state_dict({key: value.double() for key, value in narrow.items()})
        with torch.no_grad():
            by_weights[f"logits_{name}_weights"] = other(**inputs).logits.float()
    save_file(exact, os.path.join(folder, "model.safetensors"), {"format": "pt"})
    positions = torch.arange(model.config.max_position_embeddings).expand((1, -1)).contiguous()
    for file, content, as_zip in [
            ("pytorch_model.bin", exact, True), ("pytorch_model.fp16.bin", state(model, torch.float16), True),
            ("pytorch_model.legacy_position_ids.bin", {"deberta.embeddings.position_ids": positions, **exact}, True),
            ("pytorch_model.prezip.bin", exact, False)]:
        torch.save(content, os.path.join(folder, file), _use_new_zipfile_serialization=as_zip)
    io, gradients = reference(model.double(), inputs, labels)
    save_file({**io, **by_weights}, os.path.join(folder, "io.safetensors"))
    save_file(gradients, os.path.join(folder, "grads_f64.safetensors"))


def write_json(file, value):
    with open(file, "w", encoding="utf-8") as out:
        json.dump(value, out, indent=1)
        out.write("\n")
