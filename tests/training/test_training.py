"""The tutorial's three trainings in full: their figures lie where those of other frameworks do."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BUILD = Path(os.environ.get("XGRAD_BUILD", Path(__file__).resolve().parents[2] / "build"))
SEEDS = range(5)

# The least mean test accuracy; from the smallest to the largest loss of six PyTorch runs, in epochs 1 and 10.
EXPECTED = {
    "mnist_tanh": (0.978, (0.2518, 0.2574), (0.0079, 0.0095)),
    "mnist_dropout": (0.969, (0.4111, 0.4204), (0.1512, 0.1553)),
    "mnist_l2": (0.972, (0.4028, 0.4086), (0.1497, 0.1517)),
}


def run(program, *options):
    command = [BUILD / "examples" / program, "--verbose", "0", "--threads", "1", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True)


def train(program, seed):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "history.json")
        result = run(program, "--epochs", 10, "--seed", seed, "--history", file)
        if result.returncode != 0:
            raise AssertionError(f"{program} returned {result.returncode}: {result.stderr}")
        return json.loads(file.read_text())


def figures(history):
    return {
        "loss 1": history["loss"][0],
        "loss 10": history["loss"][-1],
        "acc 10": history["accuracy"][-1],
        "test loss": history["test_loss"],
        "test acc": history["test_accuracy"],
        "train acc": history["train_accuracy"],
        "seconds": sum(history["seconds"]),
    }


class Training(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with ThreadPoolExecutor(2) as pool:
            runs = {program: [pool.submit(train, program, seed) for seed in SEEDS] for program in EXPECTED}
            cls.runs = {program: [figures(run.result()) for run in futures] for program, futures in runs.items()}

        names = list(cls.runs["mnist_tanh"][0])
        print(f"{'':17}", *(f"{name:>9}" for name in names))
        for program, runs in cls.runs.items():
            rows = [(f"{program} {seed}", run) for seed, run in zip(SEEDS, runs)]
            rows.append(("mean", {name: cls.mean(program, name) for name in names}))
            for title, row in rows:
                print(f"{title:17}", *(f"{row[name]:9.4f}" for name in names))
        sys.stdout.flush()

    @classmethod
    def mean(cls, program, name):
        return statistics.fmean(run[name] for run in cls.runs[program])

    def test_accuracy(self):
        for program, (least, _, _) in EXPECTED.items():
            with self.subTest(program=program):
                self.assertGreaterEqual(self.mean(program, "test acc"), least)

    def test_loss(self):
        for program, (_, *ranges) in EXPECTED.items():
            for name, (low, high) in zip(("loss 1", "loss 10"), ranges):
                with self.subTest(program=program, figure=name):
                    margin = (high - low) / 2
                    self.assertGreaterEqual(self.mean(program, name), low - margin)
                    self.assertLessEqual(self.mean(program, name), high + margin)

    def test_dropout_is_off_in_evaluation(self):
        for run in self.runs["mnist_dropout"]:
            self.assertGreater(run["train acc"], run["acc 10"])


if __name__ == "__main__":
    if "MNIST is not on this machine" in run("mnist_tanh", "--epochs", 1, "--batch-size", 60000).stderr:
        print("skipped: the trainings need MNIST: ./run mnist downloads it, or set XGRAD_MNIST")
        sys.exit(77)
    unittest.main()
