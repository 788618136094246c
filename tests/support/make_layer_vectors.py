#!/usr/bin/python3
"""Writes what layers give, computed by PyTorch (Debian's python3-torch) from plain formulas: tests/nn/layers/vectors.txt.

For each case: the input, the parameters, the output, and, for loss = mean((y - target)^2), the gradients of the input and
the parameters and the parameters after five steps of gradient descent at rate 0.1. All in float64, channels last.

A line is `case NAME`, or `KIND NAME EXTENTS : NUMBERS`, with KIND x, parameter, y, target, gradient or stepped.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
CASES = []


def case(name, x, parameters, f):
    CASES.append((name, x, parameters, f))


def rand(*shape):
    return torch.randn(*shape)


def first(x):
    """Channels last to channels first."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def kernel_first(w):
    """(extents, in, out) to (out, in, extents)."""
    return w.movedim((-1, -2), (0, 1))


def same(x, kernel, stride, dilation=1):
    """x, channels first, padded as Keras's "same": the odd one behind."""
    widths = []
    for extent in reversed(x.shape[2:]):
        reach = dilation * (kernel - 1) + 1
        total = max(0, (-(-extent // stride) - 1) * stride + reach - extent)
        widths += [total // 2, total - total // 2]
    return F.pad(x, widths)


CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def convolution(axes, padding="valid", stride=1, dilation=1, groups=1, kernel=3, act=lambda z: z):
    def f(x, kernel_=None, bias=None):
        z = first(x)
        if padding == "same":
            z = same(z, kernel, stride, dilation)
        if padding == "causal":
            z = F.pad(z, (dilation * (kernel - 1), 0))
        return act(last(CONV[axes](z, kernel_first(kernel_), bias, stride, 0, dilation, groups)))

    return lambda x, p: f(x, p["kernel"], p.get("bias"))


def transposed(axes, kernel, stride, padding):
    def f(x, p):
        w = p["kernel"].movedim((-1, -2), (0, 1))  # (extents, filters, in) to (in, filters, extents)
        y = TRANSPOSED[axes](first(x), w, None, stride)
        for axis, extent in enumerate(x.shape[1:-1]):
            if padding == "same":
                before = max(0, kernel - stride) // 2
                y = y.narrow(axis + 2, before, extent * stride)
        return last(y) + p["bias"]

    return f


def depthwise(x, w, bias, kernel, padding="valid"):
    channels, multiplier = w.shape[-2:]
    flat = w.reshape(*w.shape[:-2], 1, channels * multiplier)
    z = first(x)
    if padding == "same":
        z = same(z, kernel, 1)
    return last(CONV[x.dim() - 2](z, kernel_first(flat), bias, groups=channels))


def norm(x, axes, epsilon):
    mean = x.mean(axes, keepdim=True)
    variance = ((x - mean) ** 2).mean(axes, keepdim=True)
    return (x - mean) / (variance + epsilon).sqrt()


def group_norm(x, groups, epsilon):
    grouped = x.reshape(x.shape[0], -1, groups, x.shape[-1] // groups)
    return norm(grouped, (1, 3), epsilon).reshape(x.shape)


def recurrent(x, p, units, kind, backwards=False, sequences=False):
    """Plain loops; gates in Keras's order: LSTM i, f, c, o; GRU z, r, h."""
    h = c = torch.zeros(x.shape[0], units)
    outputs = []
    for t in reversed(range(x.shape[1])) if backwards else range(x.shape[1]):
        w, r, b = p["kernel"], p["recurrent_kernel"], p.get("bias", torch.zeros(()))
        if kind == "rnn":
            h = torch.tanh(x[:, t] @ w + h @ r + b)
        elif kind == "lstm":
            i, f, g, o = (x[:, t] @ w + h @ r + b).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        elif kind == "gru":
            (xz, xr, xh), (hz, hr, hh) = (x[:, t] @ w + b[0]).chunk(3, 1), (h @ r + b[1]).chunk(3, 1)
            z = torch.sigmoid(xz + hz)
            h = z * h + (1 - z) * torch.tanh(xh + torch.sigmoid(xr + hr) * hh)
        else:
            (xz, xr, xh), (rz, rr, rh) = (x[:, t] @ w + b).chunk(3, 1), r.chunk(3, 1)
            z, s = torch.sigmoid(xz + h @ rz), torch.sigmoid(xr + h @ rr)
            h = z * h + (1 - z) * torch.tanh(xh + (s * h) @ rh)
        outputs.append(h)
    return torch.stack(outputs, 1) if sequences else h


def recurrent_parameters(features, units, gates, bias=None, prefix=""):
    shapes = {"kernel": (features, gates * units), "recurrent_kernel": (units, gates * units),
              "bias": bias or (gates * units,)}
    return {prefix + name: 0.5 * rand(*shape) for name, shape in shapes.items()}


def both_ways(x, p, units):
    one, two = ({key.split(".")[1]: value for key, value in p.items() if key.startswith(way)}
                for way in ("forward", "backward"))
    ahead = recurrent(x, one, units, "lstm", sequences=True)
    back = recurrent(x, two, units, "lstm", backwards=True, sequences=True)
    return torch.cat([ahead, back.flip(1)], -1)


def multi_head(x, p, heads, causal=False, prefix=""):
    """Of PyTorch's own function, whose weights are (out, in), those of query, key and value above each other."""
    get = lambda name, part: p[f"{prefix}{name}.{part}"]
    names = ("query", "key", "value")
    kernel = torch.cat([get(name, "kernel").T for name in names])
    bias = torch.cat([get(name, "bias") for name in names])
    tokens = x.shape[1]
    mask = torch.ones(tokens, tokens, dtype=torch.bool).triu(1) if causal else None
    y, _ = F.multi_head_attention_forward(
        x.transpose(0, 1), x.transpose(0, 1), x.transpose(0, 1), x.shape[2], heads, kernel, bias, None, None, False, 0.0,
        get("attention_output", "kernel").T, get("attention_output", "bias"), attn_mask=mask, need_weights=False)
    return y.transpose(0, 1)


def dense(features, units, prefix):
    return {f"{prefix}.kernel": 0.5 * rand(features, units), f"{prefix}.bias": 0.5 * rand(units)}


def head_parameters(features, prefix=""):
    names = ("query", "key", "value", "attention_output")
    return {key: value for name in names for key, value in dense(features, features, prefix + name).items()}


def block_parameters(features, wide):
    norms = {f"{name}.{part}": rand(features) for name in ("attention_norm", "output_norm") for part in ("gamma", "beta")}
    return (head_parameters(features, "attention.") | norms | dense(features, wide, "intermediate")
            | dense(wide, features, "output"))


def transformer(x, p, heads, first, causal=False):
    norm = lambda z, name: F.layer_norm(z, z.shape[-1:], p[f"{name}.gamma"], p[f"{name}.beta"], 1e-5)
    attend = lambda z: multi_head(z, p, heads, causal, "attention.")
    feed = lambda z: (F.gelu(z @ p["intermediate.kernel"] + p["intermediate.bias"]) @ p["output.kernel"]
                      + p["output.bias"])
    if first:
        x = x + attend(norm(x, "attention_norm"))
        return x + feed(norm(x, "output_norm"))
    x = norm(x + attend(x), "attention_norm")
    return norm(x + feed(x), "output_norm")


def cases():
    k, b = "kernel", "bias"
    case("conv1d", rand(2, 7, 3), {k: rand(3, 3, 4), b: rand(4)}, convolution(1))
    case("conv1d causal", rand(2, 7, 3), {k: rand(3, 3, 4), b: rand(4)}, convolution(1, "causal", dilation=2))
    case("conv1d causal strides", rand(2, 8, 2), {k: rand(3, 2, 3), b: rand(3)}, convolution(1, "causal", stride=2))
    case("conv2d", rand(2, 6, 5, 3), {k: rand(3, 3, 3, 4), b: rand(4)}, convolution(2, act=torch.tanh))
    case("conv2d same", rand(2, 6, 5, 3), {k: rand(2, 2, 3, 4), b: rand(4)}, convolution(2, "same", kernel=2))
    case("conv2d same strides", rand(2, 6, 5, 3), {k: rand(3, 3, 3, 4)}, convolution(2, "same", stride=2))
    case("conv2d dilation", rand(2, 7, 8, 2), {k: rand(3, 3, 2, 3), b: rand(3)}, convolution(2, dilation=2))
    case("conv2d groups", rand(2, 5, 5, 4), {k: rand(3, 3, 2, 6), b: rand(6)}, convolution(2, groups=2))
    case("conv3d", rand(2, 4, 5, 4, 2), {k: rand(3, 3, 3, 2, 3), b: rand(3)}, convolution(3, "same"))
    case("conv1d transpose", rand(2, 5, 3), {k: rand(3, 4, 3), b: rand(4)}, transposed(1, 3, 2, "valid"))
    case("conv2d transpose", rand(2, 4, 3, 3), {k: rand(3, 3, 2, 3), b: rand(2)}, transposed(2, 3, 2, "valid"))
    case("conv2d transpose same", rand(2, 4, 3, 3), {k: rand(4, 4, 2, 3), b: rand(2)}, transposed(2, 4, 2, "same"))
    case("conv3d transpose", rand(1, 3, 2, 3, 2), {k: rand(2, 2, 2, 3, 2), b: rand(3)}, transposed(3, 2, 2, "valid"))
    d = "depthwise_kernel"
    case("depthwise conv1d", rand(2, 6, 3), {d: rand(3, 3, 2), b: rand(6)},
         lambda x, p: depthwise(x, p[d], p[b], 3))
    case("depthwise conv2d", rand(2, 5, 6, 3), {d: rand(3, 3, 3, 2), b: rand(6)},
         lambda x, p: torch.tanh(depthwise(x, p[d], p[b], 3, "same")))
    w = "pointwise_kernel"
    case("separable conv1d", rand(2, 6, 3), {d: rand(3, 3, 2), w: rand(1, 6, 4), b: rand(4)},
         lambda x, p: depthwise(x, p[d], None, 3) @ p[w][0] + p[b])
    case("separable conv2d", rand(2, 5, 6, 3), {d: rand(3, 3, 3, 2), w: rand(1, 1, 6, 4), b: rand(4)},
         lambda x, p: depthwise(x, p[d], None, 3, "same") @ p[w][0, 0] + p[b])

    case("max pooling1d", rand(2, 7, 3), {}, lambda x, p: last(F.max_pool1d(first(x), 2)))
    case("max pooling2d", rand(2, 6, 5, 3), {}, lambda x, p: last(F.max_pool2d(first(x), 3, 2)))
    case("max pooling3d", rand(2, 4, 5, 4, 2), {}, lambda x, p: last(F.max_pool3d(first(x), 2)))
    case("average pooling1d", rand(2, 7, 3), {}, lambda x, p: last(F.avg_pool1d(first(x), 3, 2)))
    case("average pooling2d", rand(2, 6, 5, 3), {}, lambda x, p: last(F.avg_pool2d(first(x), (2, 3), (2, 3))))
    case("average pooling2d same", rand(2, 5, 5, 3), {},
         lambda x, p: last(F.avg_pool2d(first(x), 3, 2, 1, count_include_pad=False)))
    case("average pooling3d", rand(2, 4, 5, 4, 2), {}, lambda x, p: last(F.avg_pool3d(first(x), 2)))
    case("global max pooling1d", rand(3, 5, 2), {}, lambda x, p: x.amax(1))
    case("global max pooling2d", rand(3, 4, 5, 2), {}, lambda x, p: x.amax((1, 2)))
    case("global max pooling3d", rand(3, 2, 4, 3, 2), {}, lambda x, p: x.amax((1, 2, 3)))
    case("global average pooling1d", rand(3, 5, 2), {}, lambda x, p: x.mean(1))
    case("global average pooling2d", rand(3, 4, 5, 2), {}, lambda x, p: x.mean((1, 2), keepdim=True))
    case("global average pooling3d", rand(3, 2, 4, 3, 2), {}, lambda x, p: x.mean((1, 2, 3)))
    case("adaptive max pooling1d", rand(2, 7, 3), {}, lambda x, p: last(F.adaptive_max_pool1d(first(x), 3)))
    case("adaptive max pooling2d", rand(2, 7, 5, 3), {}, lambda x, p: last(F.adaptive_max_pool2d(first(x), (3, 2))))
    case("adaptive average pooling1d", rand(2, 7, 3), {}, lambda x, p: last(F.adaptive_avg_pool1d(first(x), 3)))
    case("adaptive average pooling2d", rand(2, 7, 5, 3), {}, lambda x, p: last(F.adaptive_avg_pool2d(first(x), (3, 2))))

    case("reshape", rand(3, 4, 6), {}, lambda x, p: x.reshape(3, 2, 12))
    case("permute", rand(3, 4, 6, 2), {}, lambda x, p: x.permute(0, 3, 1, 2))
    case("repeat vector", rand(3, 4), {}, lambda x, p: x.unsqueeze(1).repeat(1, 5, 1))
    case("zero padding1d", rand(2, 4, 3), {}, lambda x, p: F.pad(x, (0, 0, 1, 2)))
    case("zero padding2d", rand(2, 4, 3, 2), {}, lambda x, p: F.pad(x, (0, 0, 1, 1, 1, 1)))
    case("zero padding3d", rand(2, 2, 3, 2, 2), {}, lambda x, p: F.pad(x, (0, 0, 0, 1, 2, 0, 1, 1)))
    case("cropping1d", rand(2, 6, 3), {}, lambda x, p: x[:, 1:4])
    case("cropping2d", rand(2, 6, 5, 3), {}, lambda x, p: x[:, 1:-1, 1:-1])
    case("cropping3d", rand(2, 4, 5, 4, 2), {}, lambda x, p: x[:, 1:-1, :3, 2:])
    case("up sampling1d", rand(2, 4, 3), {}, lambda x, p: x.repeat_interleave(3, 1))
    case("up sampling2d", rand(2, 4, 3, 2), {}, lambda x, p: x.repeat_interleave(2, 1).repeat_interleave(3, 2))
    case("up sampling2d linear", rand(2, 4, 3, 2), {},
         lambda x, p: last(F.interpolate(first(x), scale_factor=2, mode="bilinear", align_corners=False)))
    case("up sampling3d", rand(2, 2, 3, 2, 2), {},
         lambda x, p: x.repeat_interleave(2, 1).repeat_interleave(2, 2).repeat_interleave(2, 3))

    case("leaky relu", rand(3, 5), {}, lambda x, p: F.leaky_relu(x, 0.3))
    case("elu", rand(3, 5), {}, lambda x, p: F.elu(x, 0.7))
    case("thresholded relu", rand(4, 5), {}, lambda x, p: F.threshold(x, 0.5, 0))
    case("relu", 4 * rand(4, 5), {},
         lambda x, p: torch.where(x >= 6, 6 + 0 * x, torch.where(x >= 0.5, x, 0.1 * (x - 0.5))))
    case("softmax", rand(3, 5), {}, lambda x, p: torch.softmax(x, -1))
    case("prelu", rand(3, 4, 5), {"alpha": torch.rand(4, 5)},
         lambda x, p: torch.where(x > 0, x, p["alpha"] * x))
    case("prelu shared", rand(3, 4, 5, 2), {"alpha": torch.rand(1, 1, 2)},
         lambda x, p: torch.where(x > 0, x, p["alpha"] * x))

    g, a = "gamma", "beta"
    case("batch normalization", rand(4, 3, 2, 5), {g: rand(5), a: rand(5)},
         lambda x, p: norm(x, (0, 1, 2), 1e-3) * p[g] + p[a])
    case("batch normalization plain", rand(6, 4), {}, lambda x, p: norm(x, 0, 1e-5))
    case("layer normalization", rand(4, 3, 5), {g: rand(5), a: rand(5)},
         lambda x, p: norm(x, -1, 1e-3) * p[g] + p[a])
    case("rms normalization", rand(4, 3, 5), {g: rand(5)},
         lambda x, p: x / ((x**2).mean(-1, keepdim=True) + 1e-6).sqrt() * p[g])
    case("group normalization", rand(3, 4, 2, 6), {g: rand(6), a: rand(6)},
         lambda x, p: group_norm(x, 3, 1e-3) * p[g] + p[a])

    case("simple rnn", rand(2, 4, 3), recurrent_parameters(3, 2, 1), lambda x, p: recurrent(x, p, 2, "rnn"))
    case("lstm", rand(2, 4, 3), recurrent_parameters(3, 2, 4), lambda x, p: recurrent(x, p, 2, "lstm"))
    case("lstm sequences backwards", rand(2, 4, 3), recurrent_parameters(3, 2, 4),
         lambda x, p: recurrent(x, p, 2, "lstm", True, True))
    case("gru", rand(2, 4, 3), recurrent_parameters(3, 2, 3, (2, 6)), lambda x, p: recurrent(x, p, 2, "gru"))
    case("gru reset before", rand(2, 4, 3), recurrent_parameters(3, 2, 3),
         lambda x, p: recurrent(x, p, 2, "gru before", False, True))
    case("bidirectional", rand(2, 4, 3),
         recurrent_parameters(3, 2, 4, None, "forward.") | recurrent_parameters(3, 2, 4, None, "backward."),
         lambda x, p: both_ways(x, p, 2))
    case("time distributed", rand(2, 4, 5, 3), {"layer.kernel": rand(3, 3, 2), "layer.bias": rand(2)},
         lambda x, p: convolution(1)(x.reshape(8, 5, 3), {k: p["layer.kernel"], b: p["layer.bias"]}).reshape(2, 4, 3, 2))
    case("multi head attention", rand(2, 5, 6), head_parameters(6), lambda x, p: multi_head(x, p, 3))
    case("multi head attention causal", rand(2, 5, 6), head_parameters(6), lambda x, p: multi_head(x, p, 2, True))
    case("transformer block", rand(2, 4, 6), block_parameters(6, 8), lambda x, p: transformer(x, p, 2, False))
    case("transformer block norm first", rand(2, 4, 6), block_parameters(6, 8),
         lambda x, p: transformer(x, p, 3, True, True))
    case("position embedding", rand(2, 3, 4), {"embeddings": rand(5, 4)}, lambda x, p: x + p["embeddings"][:3])


def identity(x, p):
    return x


def of_halves(f):
    """A function of the two halves of the features."""
    return lambda x, p: f(*x.chunk(2, -1))


def cosine(a, b):
    length = lambda z: (z * z).sum(-1, keepdim=True).sqrt()
    return (a / length(a) * (b / length(b))).sum(-1, keepdim=True)


def small_cases():
    """What is the identity in evaluation, is of one line, or takes several tensors."""
    case("dense", rand(3, 4), {"kernel": rand(4, 5), "bias": rand(5)}, lambda x, p: x @ p["kernel"] + p["bias"])
    case("dense steps", rand(2, 3, 4), {"kernel": rand(4, 5)}, lambda x, p: torch.tanh(x @ p["kernel"]))
    case("activation", rand(3, 4), {}, lambda x, p: F.softplus(x))
    case("flatten", rand(3, 2, 4, 2), {}, lambda x, p: x.reshape(3, 16))
    case("lambda", rand(3, 4), {}, lambda x, p: x**2 - x)
    case("input", rand(3, 4), {}, identity)
    for name, shape in (("dropout", (3, 4)), ("gaussian noise", (3, 4)), ("gaussian dropout", (3, 4)),
                        ("alpha dropout", (3, 4)), ("spatial dropout1d", (2, 3, 4)), ("spatial dropout2d", (2, 3, 2, 4)),
                        ("spatial dropout3d", (2, 2, 3, 2, 4))):
        case(name, rand(*shape), {}, identity)
    case("add", rand(3, 6), {}, of_halves(lambda a, b: a + b))
    case("subtract", rand(3, 6), {}, of_halves(lambda a, b: a - b))
    case("multiply", rand(3, 6), {}, of_halves(lambda a, b: a * b))
    case("average", rand(3, 6), {}, of_halves(lambda a, b: (a + b) / 2))
    case("maximum", rand(3, 6), {}, of_halves(torch.maximum))
    case("minimum", rand(3, 6), {}, of_halves(torch.minimum))
    case("concatenate", rand(3, 2, 6), {}, of_halves(lambda a, b: torch.cat([a, b], 1)))
    case("dot", rand(3, 6), {}, of_halves(lambda a, b: (a * b).sum(-1, keepdim=True)))
    case("dot normalize", rand(3, 6), {}, of_halves(cosine))
    case("relu of large numbers", 20 * rand(4, 5), {}, lambda x, p: x.clamp(0, 6))
    mean, variance = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([4.0, 0.25, 2.0])
    case("normalization", rand(4, 2, 3), {}, lambda x, p: (x - mean) / variance.sqrt())
    case("normalization invert", rand(4, 2, 3), {}, lambda x, p: x * variance.sqrt() + mean)
    case("locally connected1d", rand(2, 6, 3), {"kernel": rand(4, 9, 2), "bias": rand(4, 2)}, locally_connected1d)
    case("locally connected2d", rand(2, 5, 6, 2), {"kernel": rand(6, 12, 3), "bias": rand(2, 3, 3)},
         locally_connected2d)


def locally_connected1d(x, p):
    """Windows of 3."""
    outputs = [x[:, at:at + 3].reshape(len(x), -1) @ p["kernel"][at] + p["bias"][at] for at in range(4)]
    return torch.tanh(torch.stack(outputs, 1))


def locally_connected2d(x, p):
    """Windows of 3 x 2 with strides of 2."""
    rows = []
    for i in range(2):
        row = [x[:, 2 * i:2 * i + 3, 2 * j:2 * j + 2].reshape(len(x), -1) @ p["kernel"][3 * i + j] + p["bias"][i, j]
               for j in range(3)]
        rows.append(torch.stack(row, 1))
    return torch.stack(rows, 1)


def part(parameters, name):
    return {key[len(name) + 1:]: value for key, value in parameters.items() if key.startswith(name + ".")}


def masked_recurrent(x, mask, p, units, kind, sequences=False, backwards=False):
    """As recurrent(), but steps whose mask is false leave state and output as they are; a sample by itself, and only
    the steps that count, so that no line is shared with what it is to prove."""
    results = []
    for sample, keep in zip(x, mask.tolist()):
        steps = [t for t in range(len(keep)) if keep[t]]
        out = (recurrent(sample[steps][None], p, units, kind, backwards, True)[0] if steps
               else torch.zeros(0, units))
        order = list(reversed(range(len(keep)))) if backwards else list(range(len(keep)))
        last, all_steps, seen = torch.zeros(units), [], 0
        for t in order:
            if keep[t]:
                last, seen = out[seen], seen + 1
            all_steps.append(last)
        results.append(torch.stack(all_steps) if sequences else last)
    return torch.stack(results)


def embedded(x, p):
    return p["embedding_1.embeddings"][x.long()]


def padded_words():
    return torch.tensor([[3, 1, 4, 0, 0], [2, 0, 0, 0, 0], [1, 2, 3, 4, 5], [5, 4, 0, 1, 0]])


def conv_lstm(x, p, filters, stride=1, padding="valid", sequences=False, backwards=False):
    """Gates i, f, c, o."""
    w, r, b = kernel_first(p["kernel"]), kernel_first(p["recurrent_kernel"]), p["bias"]
    h = c = None
    outputs = []
    for t in reversed(range(x.shape[1])) if backwards else range(x.shape[1]):
        z = first(x[:, t])
        z = F.conv2d(same(z, 3, stride) if padding == "same" else z, w, b, stride)
        if h is None:
            h = c = torch.zeros(len(x), filters, *z.shape[2:])
        i, f, g, o = (z + F.conv2d(same(h, 3, 1), r)).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(last(h))
    return torch.stack(outputs, 1) if sequences else last(h)


def step_cases():
    """Masks, cells, and convolutions from step to step."""
    words = padded_words()
    table = {"embedding_1.embeddings": rand(6, 3)}
    lstm = recurrent_parameters(3, 4, 4, None, "lstm_1.")
    dense = {"dense_1.kernel": rand(4, 2), "dense_1.bias": rand(2)}
    case("embedding", words, {"embeddings": rand(6, 3)}, lambda x, p: p["embeddings"][x.long()])
    case("embedding lstm dense masked", words, table | lstm | dense,
         lambda x, p: masked_recurrent(embedded(x, p), x != 0, part(p, "lstm_1"), 4, "lstm")
         @ p["dense_1.kernel"] + p["dense_1.bias"])
    gru = recurrent_parameters(3, 3, 3, (2, 9), "gru_1.")
    second = recurrent_parameters(3, 2, 1, None, "simple_rnn_1.")
    case("embedding gru rnn masked", words, table | gru | second,
         lambda x, p: masked_recurrent(masked_recurrent(embedded(x, p), x != 0, part(p, "gru_1"), 3, "gru", True),
                                       x != 0, part(p, "simple_rnn_1"), 2, "rnn"))
    both = recurrent_parameters(3, 2, 4, None, "bidirectional_1.forward.") | recurrent_parameters(
        3, 2, 4, None, "bidirectional_1.backward.")

    def two_ways(x, p):
        run = lambda way, back: masked_recurrent(embedded(x, p), x != 0, part(p, "bidirectional_1." + way), 2, "lstm",
                                                 True, back)
        return run("forward", False) * run("backward", True).flip(1)

    case("bidirectional masked", words, table | both, two_ways)
    x = rand(3, 4, 2)
    x[0, 2:] = 0
    x[2, 1] = 0
    full = (x != 0).any(-1, keepdim=True)
    case("masking", x, {}, lambda x, p: torch.where(full, x, torch.zeros(())))
    shifted = x.clone()
    shifted[0, 2:] = 2
    shifted[1, 0] = 2
    counts = (shifted != 2).any(-1, keepdim=True)
    case("masking global average", shifted, {},
         lambda x, p: torch.where(counts, x, torch.zeros(())).sum(1) / counts.sum(1))

    case("rnn of a simple cell", rand(2, 4, 3), recurrent_parameters(3, 2, 1, None, "cell.layer."),
         lambda x, p: recurrent(x, part(p, "cell.layer"), 2, "rnn"))
    case("rnn of an lstm cell", rand(2, 4, 3), recurrent_parameters(3, 2, 4, None, "cell.layer."),
         lambda x, p: recurrent(x, part(p, "cell.layer"), 2, "lstm", True, True))
    case("rnn of a gru cell", rand(2, 4, 3), recurrent_parameters(3, 2, 3, (2, 6), "cell.layer."),
         lambda x, p: recurrent(x, part(p, "cell.layer"), 2, "gru"))
    case("rnn of stacked cells", rand(2, 4, 3),
         recurrent_parameters(3, 2, 4, None, "cell.cell_1.layer.") | recurrent_parameters(
             2, 3, 3, (2, 9), "cell.cell_2.layer."),
         lambda x, p: recurrent(recurrent(x, part(p, "cell.cell_1.layer"), 2, "lstm", False, True),
                                part(p, "cell.cell_2.layer"), 3, "gru", False, True))
    conv = lambda: {"kernel": 0.4 * rand(3, 3, 2, 12), "recurrent_kernel": 0.4 * rand(3, 3, 3, 12), "bias": rand(12)}
    for name, merge in (("sum", torch.add), ("average", lambda a, b: (a + b) / 2)):
        ways = recurrent_parameters(3, 2, 1, None, "forward.") | recurrent_parameters(3, 2, 1, None, "backward.")
        case("bidirectional " + name, rand(2, 4, 3), ways, lambda x, p, merge=merge: merge(
            recurrent(x, part(p, "forward"), 2, "rnn"), recurrent(x, part(p, "backward"), 2, "rnn", True)))
    case("conv lstm2d", rand(2, 3, 5, 4, 2), conv(), lambda x, p: conv_lstm(x, p, 3))
    case("conv lstm2d same sequences", rand(1, 3, 5, 4, 2), conv(),
         lambda x, p: conv_lstm(x, p, 3, 2, "same", True, True))


def line(kind, name, value):
    numbers = " ".join(f"{v:.12g}" for v in value.flatten().tolist())
    return f"{kind} {name} {' '.join(map(str, value.shape))} : {numbers}\n"


def text_of(name, x, parameters, f):
    x = x.clone().requires_grad_(x.is_floating_point())
    parameters = {key: value.clone().requires_grad_() for key, value in parameters.items()}
    target = torch.randn_like(f(x, parameters))
    text = f"case {name}\n" + line("x", "-", x.detach())
    text += "".join(line("parameter", key, value.detach()) for key, value in parameters.items())
    y = f(x, parameters)
    text += line("y", "-", y.detach()) + line("target", "-", target)
    loss = ((y - target) ** 2).mean()
    leaves = {"x": x, **parameters} if x.requires_grad else parameters
    for key, gradient in zip(leaves, torch.autograd.grad(loss, list(leaves.values()))):
        text += line("gradient", key, gradient)
    for _ in range(5 if parameters else 0):
        loss = ((f(x, parameters) - target) ** 2).mean()
        gradients = torch.autograd.grad(loss, list(parameters.values()))
        parameters = {key: (value - 0.1 * gradient).detach().requires_grad_()
                      for (key, value), gradient in zip(parameters.items(), gradients)}
    return text + "".join(line("stepped", key, value.detach()) for key, value in parameters.items())


def main():
    text = ""
    for seed, fill in enumerate((cases, small_cases, step_cases), 1):
        torch.manual_seed(seed)
        CASES.clear()
        fill()
        text += "".join(text_of(*each) for each in CASES)
    path = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "nn/layers/vectors.txt")
    path.write_text(text)


if __name__ == "__main__":
    main()
