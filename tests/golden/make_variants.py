#!/usr/bin/env python3
"""Write model folders for configurations that the usual reference results do not cover.

usage: make_variants.py FOLDER        then: SCIEXAM_GOLDEN=FOLDER ctest -R golden

Tiny random DeBERTa-v2 models of Hugging Face's transformers: own projections of
the relative tables, one term only, no buckets, the convolution, absolute
positions, token types, a narrow embedding, no relative attention, other
activations; weights are f16's numbers, as devices have them. Each folder has
config.json, model.safetensors, io.safetensors and grads_f64.safetensors in the
form of the reference results. Needs torch, transformers and safetensors.
"""
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import DebertaV2Config, DebertaV2ForMultipleChoice

BASE = dict(
    vocab_size=120, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
    hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=40,
    relative_attention=True, max_relative_positions=-1, position_buckets=16, norm_rel_ebd="layer_norm",
    share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, type_vocab_size=0,
    layer_norm_eps=1e-7, pooler_hidden_size=32, pooler_hidden_act="gelu", pooler_dropout=0)
VARIANTS = {
    "own_projections": dict(share_att_key=False),
    "c2p_only": dict(share_att_key=False, pos_att_type=["c2p"]),
    "p2c_only": dict(pos_att_type="p2c"),
    "no_buckets": dict(position_buckets=-1, max_relative_positions=12),
    "convolution": dict(conv_kernel_size=3, conv_act="gelu"),
    "convolution_groups": dict(conv_kernel_size=5, conv_groups=4),
    "types_and_positions": dict(type_vocab_size=2, position_biased_input=True),
    "narrow_embedding": dict(embedding_size=20, position_biased_input=True),
    "no_norm": dict(norm_rel_ebd="none"),
    "no_relative": dict(relative_attention=False, pos_att_type=None, position_biased_input=True, norm_rel_ebd="none"),
    # the reference counts pos_att_type into its scale even where there is no relative attention
    "no_relative_but_type": dict(relative_attention=False, pos_att_type=["c2p"], position_biased_input=True),
    "gelu_new_tanh": dict(hidden_act="gelu_new", pooler_hidden_act="tanh"),
    "silu_relu": dict(hidden_act="silu", pooler_hidden_act="relu"),
}
QUESTIONS, LENGTH = 3, 30


def make_inputs():
    ids = torch.randint(4, BASE["vocab_size"], (QUESTIONS, 5, LENGTH))
    mask, types = torch.ones_like(ids), torch.zeros_like(ids)
    for q in range(QUESTIONS):
        for k in range(5):
            n = int(torch.randint(5, LENGTH + 1, (1,)))
            mask[q, k, n:] = 0
            ids[q, k, n:] = 0
            types[q, k, n // 2:n] = 1
    return dict(input_ids=ids, attention_mask=mask, token_type_ids=types)


def make(folder, settings, seed):
    torch.manual_seed(seed)
    model = DebertaV2ForMultipleChoice(DebertaV2Config(**{**BASE, **settings})).eval()
    for p in model.parameters():
        p.data = (torch.randn_like(p) * 0.25 if p.dim() > 1 else p.data + torch.randn_like(p) * 0.1).half().float()
    model.save_pretrained(folder)
    inputs, labels = make_inputs(), torch.randint(0, 5, (QUESTIONS,))
    io, pooled = dict(inputs, labels=labels), []
    model.pooler.register_forward_hook(lambda module, args, out: pooled.append(out))

    out = model(**inputs, labels=labels, output_hidden_states=True)
    io["logits"] = out.logits.detach()
    for i, hidden in enumerate(out.hidden_states):
        io[f"hidden_states.{i}"] = hidden.detach().contiguous()
    alone = [model(**{name: x[q:q + 1, k:k + 1, :int(inputs["attention_mask"][q, k].sum())]
                      for name, x in inputs.items()}).logits.detach().view(()) for q in range(QUESTIONS) for k in range(5)]
    io["logits_unpadded"] = torch.stack(alone).view(QUESTIONS, 5)

    model.double()
    pooled.clear()
    out = model(**inputs, labels=labels, output_hidden_states=True)
    io.update(logits_f64=out.logits.detach(), last_hidden_f64=out.hidden_states[-1].detach().contiguous(),
              pooled_f64=pooled[0].detach().contiguous(), loss_f64=out.loss.detach().view(1))
    out.loss.backward()
    save_file(io, os.path.join(folder, "io.safetensors"))
    save_file({name: torch.zeros_like(p) if p.grad is None else p.grad.contiguous()
               for name, p in model.named_parameters()}, os.path.join(folder, "grads_f64.safetensors"))


if __name__ == "__main__":
    for number, (name, variant) in enumerate(VARIANTS.items()):
        make(os.path.join(sys.argv[1], name), variant, number)
