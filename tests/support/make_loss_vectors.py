#!/usr/bin/python3
"""Writes what losses give, computed by PyTorch (Debian's python3-torch): tests/nn/losses/vectors.txt.

By PyTorch's own function where there is one, else from the plain formula. For each case: the inputs by number, the loss,
and its gradients with respect to the inputs that are predictions. All in float64.

A line is `case NAME`, or `KIND NUMBER EXTENTS : NUMBERS`, with KIND input, value or gradient.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
CASES = []
EPS = 1e-7


def case(name, f, *inputs, predictions=(1,)):
    CASES.append((name, f, inputs, predictions))


def rand(*shape):
    return torch.randn(*shape)


def positive(*shape):
    return torch.rand(*shape) * 3 + 0.1


def shares(*shape):
    return torch.rand(*shape) * 0.9 + 0.05


def rows(*shape):
    return torch.softmax(torch.randn(*shape), -1)


def bits(*shape):
    return (torch.rand(*shape) > 0.5).double()


def one_hot(count, classes):
    return F.one_hot(torch.randint(classes, (count,)), classes).double()


def categorical_hinge(y, p):
    return torch.relu(((1 - y) * p).amax(-1) - (y * p).sum(-1) + 1).mean()


def focal(gamma, alpha, logits=False):
    def f(y, x):
        p = torch.sigmoid(x) if logits else x
        q = torch.where(y == 1, p, 1 - p)
        return (-torch.where(y == 1, alpha, 1 - alpha) * (1 - q) ** gamma * q.log()).mean()

    return f


def smoothed(y, share):
    return y * (1 - share) + share / 2


def triplet(margin):
    return lambda a, p, n: torch.relu((a - p).norm(dim=-1) - (a - n).norm(dim=-1) + margin).mean()


def contrastive(margin):
    return lambda y, d: torch.where(y == 1, d**2, torch.relu(margin - d) ** 2).mean()


def ctc(blank):
    def f(labels, logits, steps, lengths):
        p = F.log_softmax(logits, -1).transpose(0, 1)
        return F.ctc_loss(p, labels.long(), steps.long(), lengths.long(), blank, reduction="none").mean()

    return f


def cases():
    case("mape", lambda y, p: 100 * ((y - p) / y.abs().clamp(min=EPS)).abs().mean(), rand(4, 5), rand(4, 5))
    case("msle", lambda y, p: F.mse_loss((p.clamp(min=EPS) + 1).log(), (y.clamp(min=EPS) + 1).log()),
         rand(2, 3, 4), rand(2, 3, 4))
    case("logcosh", lambda y, p: torch.cosh(p - y).log().mean(), rand(4, 5), 3 * rand(4, 5))
    case("poisson", lambda y, p: F.poisson_nll_loss(p, y, log_input=False, eps=EPS), positive(4, 5), positive(4, 5))
    case("cosine_similarity", lambda y, p: -F.cosine_similarity(y, p, -1).mean(), rand(2, 3, 4), rand(2, 3, 4))
    case("huber", lambda y, p: F.huber_loss(p, y), rand(4, 5), rand(4, 5))
    case("huber of 0.3", lambda y, p: F.huber_loss(p, y, delta=0.3), rand(4, 5), rand(4, 5))
    case("hinge", lambda y, p: torch.relu(1 - y * p).mean(), 2 * bits(4, 5) - 1, rand(4, 5))
    case("squared_hinge", lambda y, p: (torch.relu(1 - y * p) ** 2).mean(), 2 * bits(4, 5) - 1, rand(4, 5))
    case("categorical_hinge", categorical_hinge, one_hot(6, 4), rand(6, 4))
    case("categorical_hinge of shares", categorical_hinge, rows(2, 3, 4), rand(2, 3, 4))
    case("kld", lambda y, p: F.kl_div(p.log(), y, reduction="batchmean"), rows(6, 4), rows(6, 4))
    case("focal", focal(2, 0.25), bits(4, 5), shares(4, 5))
    case("focal of options", focal(1.5, 0.7), bits(2, 3, 4), shares(2, 3, 4))
    case("focal of logits", focal(2, 0.25, True), bits(4, 5), 2 * rand(4, 5))
    case("smoothed categorical", lambda y, z: F.cross_entropy(z, y, label_smoothing=0.2), one_hot(6, 4), rand(6, 4))
    case("smoothed binary", lambda y, p: F.binary_cross_entropy(p, smoothed(y, 0.2)), bits(4, 5), shares(4, 5))
    case("triplet", triplet(1), rand(6, 4), rand(6, 4), rand(6, 4), predictions=(0, 1, 2))
    case("triplet of 0.2", triplet(0.2), rand(2, 3, 4), rand(2, 3, 4), rand(2, 3, 4), predictions=(0, 1, 2))
    case("contrastive", contrastive(1), bits(12), positive(12))
    case("contrastive of 2", contrastive(2), bits(12), positive(12))
    numbers = torch.tensor
    case("ctc", ctc(0), numbers([[1.0, 2, 2], [3, 1, 3], [2, 0, 0], [0, 0, 0]]), rand(4, 7, 4),
         numbers([7.0, 6, 3, 5]), numbers([3.0, 3, 1, 0]))
    case("ctc of another blank", ctc(2), numbers([[1.0, 1], [0, 3]]), 3 * rand(2, 5, 4), numbers([5.0, 5]),
         numbers([2.0, 2]))


def line(kind, number, value):
    numbers = " ".join(f"{v:.15g}" for v in value.flatten().tolist())
    return f"{kind} {number} {' '.join(map(str, value.shape))} : {numbers}\n"


def text_of(name, f, inputs, predictions):
    text = f"case {name}\n" + "".join(line("input", i, x) for i, x in enumerate(inputs))
    inputs = [x.clone().requires_grad_(i in predictions) for i, x in enumerate(inputs)]
    loss = f(*inputs)
    text += line("value", "-", loss.detach())
    gradients = torch.autograd.grad(loss, [inputs[i] for i in predictions])
    return text + "".join(line("gradient", i, gradient) for i, gradient in zip(predictions, gradients))


def main():
    torch.manual_seed(1)
    cases()
    path = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "nn/losses/vectors.txt")
    path.write_text("".join(text_of(*each) for each in CASES))


if __name__ == "__main__":
    main()
