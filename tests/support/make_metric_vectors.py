#!/usr/bin/python3
"""Writes what streaming metrics give, computed by NumPy from their definitions: tests/nn/metrics/vectors.txt.

The areas are those of pairs counted one by one, and of thresholds tried one by one. For each case: y, p, perhaps weights w,
and one line `value` for each figure, in the order of their names. Lines are as make_loss_vectors.py writes them.
"""

import sys
from pathlib import Path

import numpy as np


def line(kind, name, value):
    value = np.asarray(value, dtype=float)
    return f"{kind} {name} {' '.join(map(str, value.shape))} : {' '.join(f'{v:.17g}' for v in value.flatten())}\n"


def matrix(truth, guess, w, classes):
    counts = np.zeros((classes, classes))
    for t, g, weight in zip(truth, guess, w):
        counts[t, g] += weight
    return counts


def ratio(a, b):
    return a / b if b > 0 else 0.0


def of_class(name, counts, c):
    right, said, true = counts[c, c], counts[:, c].sum(), counts[c].sum()
    if name == "precision":
        return ratio(right, said)
    if name == "recall":
        return ratio(right, true)
    p, r = ratio(right, said), ratio(right, true)
    return ratio(2 * p * r, p + r)


def averaged(name, counts, average):
    classes = [c for c in range(len(counts)) if counts[c].sum() + counts[:, c].sum() > 0]
    if average == "micro":  # every miss of one class is a false one of another
        return ratio(np.trace(counts), counts.sum())
    values = [of_class(name, counts, c) for c in classes]
    return np.average(values, weights=[counts[c].sum() for c in classes] if average == "weighted" else None)


def iou(counts):
    unions = [(counts[c, c], counts[c].sum() + counts[:, c].sum() - counts[c, c]) for c in range(len(counts))]
    return np.mean([inside / union for inside, union in unions if union > 0])


def roc(yes, score, w):
    pairs = above = 0.0
    for i in np.flatnonzero(yes):
        for k in np.flatnonzero(~yes):
            pairs += w[i] * w[k]
            above += w[i] * w[k] * ((score[i] > score[k]) + 0.5 * (score[i] == score[k]))
    return above / pairs if pairs > 0 else None


def average_precision(yes, score, w):
    area, before, total = 0.0, 0.0, w[yes].sum()
    if total == 0:
        return None
    for threshold in sorted(set(score), reverse=True):
        said = score >= threshold
        recall = w[said & yes].sum() / total
        area += (recall - before) * ratio(w[said & yes].sum(), w[said].sum())
        before = recall
    return area


def over_classes(area, truth, p, w, average):
    yes = truth[:, None] == np.arange(p.shape[1])
    if average == "micro":
        return area(yes.flatten(), p.flatten(), np.repeat(w, p.shape[1]))
    found = [area(yes[:, c], p[:, c], w) for c in range(p.shape[1])]
    return np.mean([value for value in found if value is not None])


def r2(y, p, w):
    y, p, w = y.reshape(len(y), -1), p.reshape(len(p), -1), w[:, None]
    mean = (w * y).sum(0) / w.sum()
    return np.mean(1 - (w * (y - p) ** 2).sum(0) / (w * (y - mean) ** 2).sum(0))


def binary_case(name, truth, p, w=None):
    text = f"case {name}\n" + line("y", "-", truth) + line("p", "-", p) + (line("w", "-", w) if w is not None else "")
    w = np.ones(len(p)) if w is None else w
    counts, yes = matrix(truth, (p > 0.5).astype(int), w, 2), truth == 1
    for figure in ("precision", "recall", "f1"):
        text += line("value", figure, of_class(figure, counts, 1))
    text += line("value", "macro_f1", averaged("f1", counts, "macro")) + line("value", "mean_iou", iou(counts))
    text += line("value", "auc", roc(yes, p, w)) + line("value", "pr_auc", average_precision(yes, p, w))
    return text + line("value", "confusion_matrix", counts)


def class_case(name, truth, p, w=None):
    text = f"case {name}\n" + line("y", "-", truth) + line("p", "-", p) + (line("w", "-", w) if w is not None else "")
    w = np.ones(len(p)) if w is None else w
    counts = matrix(truth, p.argmax(1), w, p.shape[1])
    for figure in ("precision", "recall", "f1"):
        for average in ("macro", "micro", "weighted"):
            text += line("value", f"{average}_{figure}", averaged(figure, counts, average))
    text += line("value", "mean_iou", iou(counts))
    for average in ("macro", "micro"):
        text += line("value", f"{average}_auc", over_classes(roc, truth, p, w, average))
        text += line("value", f"{average}_pr_auc", over_classes(average_precision, truth, p, w, average))
    return text + line("value", "confusion_matrix", counts)


def r2_case(name, y, p, w=None):
    text = f"case {name}\n" + line("y", "-", y) + line("p", "-", p) + (line("w", "-", w) if w is not None else "")
    return text + line("value", "r2_score", r2(y, p, np.ones(len(y)) if w is None else w))


def main():
    rng = np.random.default_rng(3)
    bits, scores = rng.integers(0, 2, 40), np.round(rng.random(40), 1)  # rounded: there are ties
    classes, rows, w = rng.integers(0, 3, 30), np.round(rng.dirichlet(np.ones(4), 30), 2), rng.random(40) * 2
    w[5] = 0
    numbers = rng.normal(size=(20, 3)) + [0, 5, 100]
    texts = [
        binary_case("binary", bits, scores),
        binary_case("weighted binary", bits, scores, w),
        class_case("classes", classes, rows),  # class 3 is predicted, but never true
        class_case("weighted classes", classes, rows, w[:30]),
        r2_case("numbers", numbers, numbers + rng.normal(size=(20, 3))),
        r2_case("weighted numbers", numbers, numbers + rng.normal(size=(20, 3)), w[:20]),
    ]
    path = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "nn/metrics/vectors.txt")
    path.write_text("".join(texts))


if __name__ == "__main__":
    main()
