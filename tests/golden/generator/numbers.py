"""Random numbers that are the same everywhere, and how results are rounded before they are written."""
import numpy
import torch

# Significant bits of what is written. The network's own float64 differs from the reference's by 1e-15; fewer bits pack better.
LOGIT_BITS, GRADIENT_BITS, HIDDEN_BITS = 40, 32, 20
GRID = 2.0**-44


def generator(*seed):
    return numpy.random.Generator(numpy.random.PCG64(seed))


def rounded(tensor, bits):
    """The tensor in float64, each number rounded to so many significant bits, and to a multiple of GRID: what is zero but for
    rounding is zero."""
    mantissa, exponent = torch.frexp(tensor.detach().double())
    short = torch.ldexp(torch.round(mantissa * 2.0**bits) / 2.0**bits, exponent.double())
    return (torch.round(short / GRID) * GRID + 0.0).contiguous()  # + 0.0: no negative zeros


def random_weights(model, seed, half):
    """Weights of ordinary size for every parameter; numbers of f16 where `half`, as devices have them."""
    random = generator(seed)
    scale = 1.4 / model.config.hidden_size**0.5
    for name, parameter in model.named_parameters():
        values = torch.from_numpy(random.standard_normal(tuple(parameter.shape)))
        if parameter.dim() > 1:
            values *= scale
        else:
            values = 0.1 * values + (1.0 if name.endswith("LayerNorm.weight") else 0.0)
        parameter.data = values.half().float() if half else values.float()
