#!/usr/bin/python3
"""Writes what optimizers make of a parameter, computed by numpy from the formulas of their papers, in the forms of Keras
and PyTorch: tests/nn/optimizers/vectors.txt.

A line is `start : NUMBERS`, `gradient STEP : NUMBERS`, the same for all, or `NAME STEP : NUMBERS`, the parameter after
that step. All in float64. Schedules are `schedule NAME : NUMBERS`, the rates of the steps 0, 1, ...
"""

import math
import sys
from pathlib import Path

import numpy as np

STEPS = 8
RANDOM = np.random.RandomState(5)
START = RANDOM.randn(7)
GRADIENTS = [RANDOM.randn(7) * 10.0 ** RANDOM.randint(-3, 2, 7) for _ in range(STEPS)]
EPSILON = 1e-7


def rmsprop(rate=0.001, rho=0.9, epsilon=EPSILON, momentum=0.0, centered=False, decay=0.0):
    w, square, mean, velocity = START.copy(), 0, 0, 0
    for t, g in enumerate(GRADIENTS):
        square = rho * square + (1 - rho) * g * g
        mean = rho * mean + (1 - rho) * g
        variance = np.maximum(square - mean**2, 0) if centered else square
        velocity = momentum * velocity + rate / (1 + decay * t) * g / (variance**0.5 + epsilon)
        w = w - velocity
        yield w


def adagrad(rate=0.01, start=0.0, epsilon=EPSILON, decay=0.0):
    w, total = START.copy(), start
    for t, g in enumerate(GRADIENTS):
        total = total + g**2
        w = w - rate / (1 + decay * t) * g / (np.sqrt(total) + epsilon)
        yield w


def adadelta(rate=1.0, rho=0.95, epsilon=EPSILON, decay=0.0):
    w, square, changes = START.copy(), 0, 0
    for t, g in enumerate(GRADIENTS):
        square = rho * square + (1 - rho) * g**2
        change = np.sqrt((changes + epsilon) / (square + epsilon)) * g
        changes = rho * changes + (1 - rho) * change**2
        w = w - rate / (1 + decay * t) * change
        yield w


def adam(rate=0.001, b1=0.9, b2=0.999, epsilon=EPSILON, amsgrad=False, decay=0.0, weight_decay=0.0):
    w, m, v, most = START.copy(), 0, 0, 0
    for t, g in enumerate(GRADIENTS, 1):
        now = rate / (1 + decay * (t - 1))
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        most = np.maximum(most, v)
        # The paper's corrected moments, with an epsilon that is corrected too.
        correction = math.sqrt(1 - b2**t)
        root = np.sqrt(most if amsgrad else v) / correction
        w = w - now * (m / (1 - b1**t) / (root + epsilon / correction)) - now * weight_decay * w
        yield w


def adamax(rate=0.002, b1=0.9, b2=0.999, epsilon=EPSILON, decay=0.0):
    w, m, u = START.copy(), 0, np.zeros(7)
    for t, g in enumerate(GRADIENTS, 1):
        m = b1 * m + (1 - b1) * g
        u = np.maximum(b2 * u, np.abs(g))
        w = w - rate / (1 + decay * (t - 1)) * (m / (1 - b1**t)) / (u + epsilon)
        yield w


def nadam(rate=0.002, b1=0.9, b2=0.999, epsilon=EPSILON, schedule_decay=0.004):
    def mu(t):
        return b1 * (1 - 0.5 * 0.96 ** (t * schedule_decay))

    w, m, v = START.copy(), 0, 0
    for t, g in enumerate(GRADIENTS, 1):
        product = np.prod([mu(i) for i in range(1, t + 1)])
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        ahead = (1 - mu(t)) * g / (1 - product) + mu(t + 1) * m / (1 - product * mu(t + 1))
        w = w - rate * ahead / (np.sqrt(v / (1 - b2**t)) + epsilon)
        yield w


def lion(rate=1e-4, b1=0.9, b2=0.99, weight_decay=0.0):
    w, m = START.copy(), 0
    for g in GRADIENTS:
        w = w - rate * (np.sign(b1 * m + (1 - b1) * g) + weight_decay * w)
        m = b2 * m + (1 - b2) * g
        yield w


def lamb(rate=0.001, b1=0.9, b2=0.999, epsilon=EPSILON, weight_decay=0.0):
    w, m, v = START.copy(), 0, 0
    for t, g in enumerate(GRADIENTS, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        r = (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + epsilon) + weight_decay * w
        w = w - rate * np.linalg.norm(w) / np.linalg.norm(r) * r
        yield w


OPTIMIZERS = {
    "rmsprop": rmsprop(),
    "rmsprop momentum": rmsprop(0.01, 0.8, 1e-3, 0.7),
    "rmsprop centered": rmsprop(0.01, centered=True),
    "rmsprop all": rmsprop(0.01, 0.8, 1e-3, 0.7, True, 0.5),
    "adagrad": adagrad(),
    "adagrad all": adagrad(0.1, 0.25, 1e-3, 0.5),
    "adadelta": adadelta(),
    "adadelta all": adadelta(0.5, 0.8, 1e-3, 0.5),
    "adam": adam(),
    "adam all": adam(0.1, 0.8, 0.7, 1e-3, True, 0.5),
    "adamw": adam(weight_decay=0.004),
    "adamw all": adam(0.1, 0.8, 0.7, 1e-3, True, weight_decay=0.3),
    "adamax": adamax(),
    "adamax all": adamax(0.1, 0.8, 0.7, 1e-3, 0.5),
    "nadam": nadam(),
    "nadam all": nadam(0.1, 0.8, 0.95, 1e-3, 0.5),
    "lion": lion(),
    "lion all": lion(0.1, 0.8, 0.7, 0.3),
    "lamb": lamb(),
    "lamb all": lamb(0.1, 0.8, 0.95, 1e-3, 0.3),
}


def cosine(step, rate, steps, alpha=0.0, warmup=0, warmup_from=0.0):
    """Keras 3's CosineDecay with warmup_target=rate."""
    if step < warmup:
        return (rate - warmup_from) * (step / warmup) + warmup_from
    done = min(step - warmup, steps) / steps
    return rate * ((1 - alpha) * (0.5 * (1 + math.cos(math.pi * done))) + alpha)


def restarts(step, rate, first, t_mul, m_mul, alpha):
    """Keras 3's CosineDecayRestarts."""
    done = step / first
    if t_mul == 1:
        i = math.floor(done)
        done -= i
    else:
        i = math.floor(math.log(1 - done * (1 - t_mul)) / math.log(t_mul) + 1e-12)
        done = (done - (1 - t_mul**i) / (1 - t_mul)) / t_mul**i
    return rate * ((1 - alpha) * (0.5 * m_mul**i * (1 + math.cos(math.pi * done))) + alpha)


def polynomial(step, rate, steps, end, power, cycle):
    """Keras 3's PolynomialDecay."""
    if cycle:
        steps *= 1 if step == 0 else math.ceil(step / steps)
    else:
        step = min(step, steps)
    return (rate - end) * (1 - step / steps) ** power + end


def one_cycle(step, largest, total, share, div=25.0, final=1e4, linear=False):
    """PyTorch's OneCycleLR._compute_lr."""

    def anneal(start, end, pct):
        return (end - start) * pct + start if linear else end + (start - end) / 2.0 * (math.cos(math.pi * pct) + 1)

    first = largest / div
    up, down = share * total - 1, total - 1
    if step <= up:
        return anneal(first, largest, step / up)
    return anneal(largest, first / final, (step - up) / (down - up))


SCHEDULES = {
    "step_decay": lambda t: 0.5 * 0.3 ** (t // 4),
    "piecewise_constant": lambda t: 0.5 if t <= 3 else 0.25 if t <= 7 else 0.125,
    "exponential_decay": lambda t: 0.5 * 0.3 ** (t / 4),
    "exponential_decay staircase": lambda t: 0.5 * 0.3 ** math.floor(t / 4),
    "inverse_time_decay": lambda t: 0.5 / (1 + 0.3 * (t / 4)),
    "inverse_time_decay staircase": lambda t: 0.5 / (1 + 0.3 * math.floor(t / 4)),
    "polynomial_decay": lambda t: polynomial(t, 0.5, 8, 0.1, 1, False),
    "polynomial_decay cycle": lambda t: polynomial(t, 0.5, 5, 0.1, 2, True),
    "cosine_decay": lambda t: cosine(t, 0.5, 8),
    "cosine_decay warmup": lambda t: cosine(t, 0.5, 8, 0.2, 3, 0.1),
    "cosine_decay_restarts": lambda t: restarts(t, 0.5, 2, 2.0, 1.0, 0.0),
    "cosine_decay_restarts same length": lambda t: restarts(t, 0.5, 3, 1.0, 0.8, 0.1),
    "one_cycle": lambda t: one_cycle(t, 0.5, 16, 0.3),
    "one_cycle linear": lambda t: one_cycle(t, 0.5, 16, 0.5, 10, 100, True),
    "warmup": lambda t: 0.5 * (0.2 + 0.8 * t / 4) if t < 4 else 0.5 * 0.3 ** ((t - 4) / 4),
}


def line(*words):
    *names, numbers = words
    return " ".join(map(str, names)) + " : " + " ".join(repr(float(number)) for number in numbers) + "\n"


def main(path):
    with open(path, "w") as out:
        out.write(line("start", START))
        for step, gradient in enumerate(GRADIENTS):
            out.write(line("gradient", step, gradient))
        for name, run in OPTIMIZERS.items():
            for step, w in enumerate(run):
                out.write(line(name, step, w))
        for name, rate in SCHEDULES.items():
            out.write(line("schedule", name, [rate(step) for step in range(16)]))


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[1]
    main(sys.argv[1] if len(sys.argv) > 1 else here / "nn/optimizers/vectors.txt")
