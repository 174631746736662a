"""Ten steps of AdamW: losses, gradient norms, and the weights after them."""
import math
import os
import warnings

import torch
from safetensors.torch import save_file
from transformers import get_linear_schedule_with_warmup
from transformers.optimization import AdamW as TransformersAdamW

from .models import make_inputs, make_model, new_model, write_json

STEPS, QUESTIONS, CLIP = 10, 3, 1.0
RUNS = {
    "hf_nodecay": dict(optimizer="adamw_hf", lr=5e-4, weight_decay=0.0, warmup_ratio=0.8),
    "hf_decay": dict(optimizer="adamw_hf", lr=1e-3, weight_decay=0.01, warmup_ratio=0.1),
    "torch_decay": dict(optimizer="adamw_torch", lr=1e-3, weight_decay=0.01, warmup_ratio=0.1),
}
BETAS, EPSILON = (0.9, 0.999), 1e-8


def parameter_groups(model, weight_decay):
    """As transformers' Trainer: biases and LayerNorm's weights do not decay."""
    groups = [dict(params=[], weight_decay=weight_decay), dict(params=[], weight_decay=0.0)]
    for name, parameter in model.named_parameters():
        groups[name.endswith("bias") or "LayerNorm" in name]["params"].append(parameter)
    return groups


def train(model, inputs, labels, run):
    kind = TransformersAdamW if run["optimizer"] == "adamw_hf" else torch.optim.AdamW
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is deprecated
        optimizer = kind(parameter_groups(model, run["weight_decay"]), lr=run["lr"], betas=BETAS, eps=EPSILON)
    warmup_steps = math.ceil(STEPS * run["warmup_ratio"])
    schedule = get_linear_schedule_with_warmup(optimizer, warmup_steps, STEPS)
    log = []
    for step in range(STEPS):
        row = step % QUESTIONS
        loss = model(**{name: x[row:row + 1] for name, x in inputs.items()}, labels=labels[row:row + 1]).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        log.append(dict(step=step, row=row, lr=schedule.get_last_lr()[0], loss=float(f"{loss.item():.10g}"),
                        grad_norm=float(f"{norm.item():.10g}")))
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return dict(run, warmup_steps=warmup_steps, total_steps=STEPS, betas=BETAS, eps=EPSILON, max_grad_norm=CLIP,
                batch="one question per step, row = step % batch", log=log)


def make_trajectories(folder, settings, seed):
    """A model's folder with train.json and train.safetensors. All is computed in float64."""
    make_model(folder, settings, seed, QUESTIONS)
    runs, tensors = {}, {}
    for name, run in RUNS.items():
        model = new_model(settings, seed).double()
        inputs, labels = make_inputs(model.config.vocab_size, seed, QUESTIONS)
        runs[name] = train(model, inputs, labels, run)
        for parameter, value in model.named_parameters():
            tensors[f"{name}.{parameter}"] = value.detach().float().contiguous()
        with torch.no_grad():
            tensors[f"{name}.__logits__"] = model(**inputs).logits.float()
    write_json(os.path.join(folder, "train.json"), dict(runs=runs))
    save_file(tensors, os.path.join(folder, "train.safetensors"))
