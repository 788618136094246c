"""What the example programs come to, over several seeds: the table of the README."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The demo, its program, the figure of its history file, what that is.
ROWS = (
    ("plain", "mnist_tanh", "test_accuracy", "test accuracy"),
    ("dropout", "mnist_dropout", "test_accuracy", "test accuracy"),
    ("l2", "mnist_l2", "test_accuracy", "test accuracy"),
    ("mnist_cnn", "mnist_cnn", "test_accuracy", "test accuracy"),
    ("fashion_cnn", "fashion_cnn", "test_accuracy", "test accuracy"),
    ("mnist_vae", "mnist_vae", "test_loss", "test loss, nats for an image"),
    ("functional", "functional_model", "test_digit_accuracy", "test accuracy of the digit"),
    ("siamese", "siamese", "test_accuracy", "test accuracy of pairs"),
    ("fine_tuning", "fine_tuning", "test_accuracy", "test accuracy of 5 to 9"),
    ("text_generation", "text_generation", "test_loss", "test loss, nats for a letter"),
    ("sequence_lstm", "sequence_lstm", "test_accuracy", "accuracy of letters of new sums"),
    ("regression", "regression", "test_mse", "test mean squared error, of which noise is 1"),
)
SEEDS = range(3)


def run(folder, program, seed):
    """The figures that a full run writes. The number of threads changes none of them."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "history.json")
        options = ("--verbose", "0", "--threads", "1", "--seed", str(seed), "--history", file)
        result = subprocess.run([folder.resolve() / program, *options], capture_output=True, text=True, cwd=scratch)
        if result.returncode != 0:
            raise SystemExit(f"{program} returned {result.returncode}: {result.stderr}")
        return json.loads(file.read_text())


def main():
    parser = argparse.ArgumentParser(prog="run figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="demos; all if none is named")
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    known = [name for name, *_ in ROWS]
    for name in options.names:
        if name not in known:
            parser.error(f"there is no demo '{name}' with a figure: there are {', '.join(known)}")
    rows = [row for row in ROWS if not options.names or row[0] in options.names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [[pool.submit(run, options.programs, row[1], seed) for seed in SEEDS] for row in rows]
        print(f"| demo | figure | {' | '.join(f'seed {seed}' for seed in SEEDS)} | mean |")
        print(f"|---|---|{'---|' * len(SEEDS)}---|")
        for (name, _, key, what), futures in zip(rows, runs):
            figures = [future.result()[key] for future in futures]
            shown = " | ".join(f"{figure:.4f}" for figure in (*figures, statistics.mean(figures)))
            print(f"| `{name}` | {what} | {shown} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
