"""Writes parameters.txt: the state dicts' names and shapes of tiny
DebertaV2ForMultipleChoice models in many configurations, by transformers.

    python3 make_parameter_fixture.py > parameters.txt
"""

import json

import transformers

V3 = dict(
    model_type="deberta-v2", vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=12, max_position_embeddings=32, type_vocab_size=0, position_biased_input=False,
    relative_attention=True, max_relative_positions=-1, position_buckets=16, norm_rel_ebd="layer_norm",
    share_att_key=True, pos_att_type=["p2c", "c2p"])

CHANGES = [
    {},
    {"share_att_key": False},
    {"share_att_key": False, "pos_att_type": "c2p"},
    {"share_att_key": False, "pos_att_type": ["p2c"]},
    {"share_att_key": False, "pos_att_type": None},
    {"conv_kernel_size": 3, "conv_act": "gelu"},
    {"conv_kernel_size": 5, "conv_groups": 2},
    {"position_biased_input": True},
    {"type_vocab_size": 2},
    {"embedding_size": 6, "position_biased_input": True, "type_vocab_size": 2},
    {"norm_rel_ebd": "none"},
    {"relative_attention": False},
    {"relative_attention": False, "norm_rel_ebd": "none", "share_att_key": False},
    {"position_buckets": -1},
    {"position_buckets": -1, "max_relative_positions": 10},
    {"position_buckets": 4, "max_relative_positions": 10, "num_hidden_layers": 1, "intermediate_size": 7},
]


def main():
    print(f"# made by make_parameter_fixture.py with transformers {transformers.__version__}")
    for change in CHANGES:
        settings = {**V3, **change}
        config = transformers.DebertaV2Config(**{k: v for k, v in settings.items() if k != "model_type"})
        model = transformers.AutoModelForMultipleChoice.from_config(config)
        print("=", json.dumps(settings))
        for name, tensor in model.state_dict().items():
            print(name, *tensor.shape)


if __name__ == "__main__":
    main()
