#!/usr/bin/python3
"""Writes what training with weights and masks gives, computed by PyTorch (Debian's python3-torch) from the plain
formulas: tests/nn/training/vectors.txt.

For each case: the samples x, targets y, weights w and mask m, the kernel k of a model f(x k), the losses of five steps of
gradient descent at rate 0.5, and the kernel after them. The loss is mean(w l), over the elements that the mask lets be
seen. All in float64. Lines are as make_loss_vectors.py writes them.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from make_loss_vectors import line

torch.set_default_dtype(torch.float64)


def squares(y, z):
    return (y - z) ** 2


def crossentropy(y, z):
    return -(y * F.log_softmax(z, -1)).sum(-1)


def binary(y, z):
    return F.binary_cross_entropy_with_logits(z, y, reduction="none")


def one_hot(*shape, classes):
    return F.one_hot(torch.randint(classes, shape), classes).double()


def wide(w, losses):
    return w.reshape(w.shape + (1,) * (losses.dim() - w.dim()))


def train(name, loss, x, y, width, w=None, m=None):
    k = torch.randn(x.shape[-1], width)
    text = f"case {name}\n" + line("x", "-", x) + line("y", "-", y) + line("k", "-", k)
    text += line("w", "-", w) if w is not None else ""
    text += line("m", "-", m.double()) if m is not None else ""
    losses = []
    for _ in range(5):
        k.requires_grad_()
        each = loss(y, x @ k)
        weighted = each * wide(w, each) if w is not None else each
        value = weighted[m].mean() if m is not None else weighted.mean()
        (slope,) = torch.autograd.grad(value, k)
        k = k.detach() - 0.5 * slope
        losses.append(value.detach())
    return text + line("losses", "-", torch.stack(losses)) + line("after", "-", k)


def main():
    torch.manual_seed(2)
    rows, steps = torch.randn(6, 3), torch.randn(4, 5, 3)
    weights, of_steps = torch.rand(6) * 3, torch.rand(4, 5) * 2
    weights[2] = 0
    mask = torch.arange(5)[None] < torch.tensor([5, 3, 1, 4])[:, None]
    labels = one_hot(6, classes=4)
    texts = [
        train("squares", squares, rows, torch.randn(6, 2), 2, weights),
        train("crossentropy", crossentropy, rows, labels, 4, weights),
        train("binary", binary, rows, (torch.rand(6, 1) > 0.5).double(), 1, weights),
        train("classes", crossentropy, rows, labels, 4, (labels @ torch.tensor([1.0, 0.3, 2.5, 1.0]))),
        train("samples of sequences", squares, steps, torch.randn(4, 5, 2), 2, torch.rand(4)),
        train("steps", crossentropy, steps, one_hot(4, 5, classes=3), 3, of_steps),
        train("steps of numbers", squares, steps, torch.randn(4, 5, 2), 2, of_steps),
        train("mask", crossentropy, steps, one_hot(4, 5, classes=3), 3, None, mask),
        train("mask of numbers", squares, steps, torch.randn(4, 5, 2), 2, None, mask),
        train("mask and weights", crossentropy, steps, one_hot(4, 5, classes=3), 3, of_steps, mask),
    ]
    path = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "nn/training/vectors.txt")
    path.write_text("".join(texts))


if __name__ == "__main__":
    main()
