#!/usr/bin/env python3
"""Write a random checkpoint of the full shape of DeBERTa-v3-large (24 layers, 1024, 128,100 tokens) or -base.

usage: make_large_model.py FOLDER [--shape large|base] [--seed N]

Needs torch, transformers and safetensors. 870 MB (large) or 370 MB (base), f16.
"""
import argparse

import torch
from transformers import DebertaV2Config, DebertaV2ForMultipleChoice

LARGE = dict(
    vocab_size=128100, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096,
    hidden_act="gelu", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, max_position_embeddings=512,
    relative_attention=True, max_relative_positions=-1, position_buckets=256, norm_rel_ebd="layer_norm",
    share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, type_vocab_size=0,
    layer_norm_eps=1e-7, pooler_hidden_size=1024, pooler_hidden_act="gelu", pooler_dropout=0, pad_token_id=0)
BASE = LARGE | dict(
    hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, pooler_hidden_size=768)

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--shape", choices=["large", "base"], default="large")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    config = DebertaV2Config(**{"large": LARGE, "base": BASE}[arguments.shape])
    DebertaV2ForMultipleChoice(config).half().save_pretrained(arguments.folder)
