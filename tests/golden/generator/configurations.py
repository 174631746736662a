"""The configurations: one tiny model for everything that a config.json can ask of the network."""

VOCABULARY = 48

# As DeBERTa-v3 is, but tiny; sequences are longer than max_position_embeddings.
BASE = dict(
    vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
    hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=16,
    relative_attention=True, max_relative_positions=-1, position_buckets=8, norm_rel_ebd="layer_norm",
    share_att_key=True, pos_att_type="p2c|c2p", position_biased_input=False, type_vocab_size=0,
    layer_norm_eps=1e-7, pooler_hidden_size=16, pooler_hidden_act="gelu", pooler_dropout=0)

ABSOLUTE = dict(position_biased_input=True, max_position_embeddings=24)  # room for the longest sequence


def activations(hidden, pooler):
    return dict(num_hidden_layers=1, hidden_act=hidden, pooler_hidden_act=pooler)


CONFIGURATIONS = {
    "as_v3": dict(),
    "three_layers": dict(num_hidden_layers=3, layer_norm_eps=1e-2, pos_att_type=["p2c", "c2p"]),
    "more_buckets": dict(position_buckets=16, max_position_embeddings=32),
    "limited_distance": dict(max_relative_positions=7, position_buckets=6),
    # the terms of attention, and whose projections the relative table goes through
    "own_projections": dict(share_att_key=False),
    "c2p_shared": dict(pos_att_type="c2p"),
    "c2p_own": dict(share_att_key=False, pos_att_type=["c2p"]),
    "p2c_shared": dict(pos_att_type=["p2c"]),
    "p2c_own": dict(share_att_key=False, pos_att_type="p2c"),
    "no_terms": dict(pos_att_type=[]),
    "no_buckets": dict(position_buckets=-1, max_relative_positions=9),
    "no_norm": dict(norm_rel_ebd="none"),
    "no_relative": dict(relative_attention=False, pos_att_type=None, norm_rel_ebd="none", **ABSOLUTE),
    # the reference counts pos_att_type into its scale even where there is no relative attention
    "no_relative_but_type": dict(relative_attention=False, pos_att_type=["c2p"], **ABSOLUTE),
    # heads and embeddings
    "head_4": dict(num_attention_heads=4, num_hidden_layers=1),
    "head_32": dict(hidden_size=32, pooler_hidden_size=32, num_attention_heads=1, num_hidden_layers=1),
    "head_64": dict(hidden_size=64, pooler_hidden_size=64, num_attention_heads=1, num_hidden_layers=1,
                    intermediate_size=16, vocab_size=32),
    "types_and_positions": dict(type_vocab_size=2, **ABSOLUTE),
    "narrow_embedding": dict(embedding_size=8, **ABSOLUTE),
    "wide_embedding": dict(embedding_size=24, type_vocab_size=2, num_hidden_layers=1),
    "convolution": dict(conv_kernel_size=3, conv_act="gelu"),
    "convolution_groups": dict(conv_kernel_size=5, conv_groups=4),
    # every activation that checkpoint/config.cpp lists, inside and in the pooler
    "gelu_new_tanh": activations("gelu_new", "tanh"),
    "gelu_fast_relu": activations("gelu_fast", "relu"),
    "gelu_pytorch_tanh_sigmoid": activations("gelu_pytorch_tanh", "sigmoid"),
    "relu_silu": activations("relu", "silu"),
    "silu_gelu_new": activations("silu", "gelu_new"),
    "swish_gelu_fast": activations("swish", "gelu_fast"),
    "tanh_linear": activations("tanh", "linear"),
    "sigmoid_swish": activations("sigmoid", "swish"),
    "linear_gelu_pytorch_tanh": activations("linear", "gelu_pytorch_tanh"),
    "gelu_python": activations("gelu_python", "gelu_python"),
}

# One whose weights are f32 numbers, in every form in which checkpoints are stored.
STORED_FORMS = dict(num_hidden_layers=1)
