"""The example programs: what they print and write, the same bits for the same seed, and their errors."""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from project import BUILD, ROOT

MNIST = ("mnist_tanh", "mnist_dropout", "mnist_l2")
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
KEYS = ["loss", "accuracy", "seconds", "test_loss", "test_accuracy", "train_loss", "train_accuracy"]


def run(program, *options, environment=os.environ):
    command = [BUILD / "examples" / program, *map(str, options)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@functools.cache
def train(program, *, seed, threads, call=1):
    """What an epoch prints, and the JSON file it writes. Another number of the call runs it again."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "history.json")
        options = ("--epochs", 1, "--verbose", 0, "--seed", seed, "--threads", threads, "--history", file)
        result = run(program, *options)
        if result.returncode != 0:
            raise AssertionError(f"{program} returned {result.returncode}: {result.stderr}")
        return result.stdout, json.loads(file.read_text())


class Training(unittest.TestCase):
    def assert_same(self, one, other):
        self.assertEqual(*(dict(history, seconds=None) for _, history in (one, other)))

    def test_writes_every_figure(self):
        for program in ("mnist_tanh", "mnist_dropout"):
            _, history = train(program, seed=1, threads=2)
            self.assertEqual(list(history), KEYS)
            self.assertEqual([len(history[key]) for key in KEYS[:3]], [1, 1, 1])
            for key in ("test_accuracy", "train_accuracy"):
                self.assertGreater(history[key], 0.7)  # Fashion-MNIST takes longer to learn

    def test_prints_what_it_writes(self):
        output, history = train("mnist_tanh", seed=1, threads=2)
        lines = re.findall(r"(?m)^(test|train) (loss|accuracy) (\S+)$", output)
        names = [f"{part}_{figure}" for part, figure, _ in lines]
        self.assertEqual(names, KEYS[3:])
        for name, (_, _, figure) in zip(names, lines):
            self.assertAlmostEqual(float(figure), history[name], delta=1e-5)

    def test_same_seed_gives_the_same_bits(self):
        first = train("mnist_tanh", seed=1, threads=2)
        self.assert_same(first, train("mnist_tanh", seed=1, threads=2, call=2))

    def test_threads_do_not_change_the_bits(self):
        for program in ("mnist_tanh", "mnist_dropout"):
            with self.subTest(program=program):
                for threads in (1, 3, 4):
                    self.assert_same(train(program, seed=1, threads=2), train(program, seed=1, threads=threads))

    def test_another_seed_gives_others(self):
        one, other = (train("mnist_tanh", seed=seed, threads=2)[1] for seed in (1, 2))
        for key in ("loss", "test_loss", "train_loss"):
            self.assertNotEqual(one[key], other[key])


class Data(unittest.TestCase):
    def test_without_mnist_it_trains_on_fashion_mnist_and_says_so(self):
        with tempfile.TemporaryDirectory() as home:
            environment = os.environ | {"HOME": home, "XDG_CACHE_HOME": "", "XGRAD_MNIST": ""}
            options = ("--epochs", 1, "--batch-size", 500, "--verbose", 0)
            result = run("mnist_tanh", *options, environment=environment)
        self.assertRegex(result.stderr, r"MNIST is not on this machine: '\./run mnist' .*FASHION-MNIST")
        if FASHION_MNIST.is_dir():
            self.assertEqual(result.returncode, 0)
            self.assertGreater(float(re.search(r"test accuracy (\S+)", result.stdout)[1]), 0.6)
        else:
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, r"(?m)^error: .*dataset-fashion-mnist")

    def test_folder_without_the_files(self):
        for options, environment in (
            (("--data", "/nonexistent"), os.environ),
            ((), os.environ | {"XGRAD_MNIST": "/nonexistent"}),
        ):
            result = run("mnist_tanh", *options, environment=environment)
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertRegex(result.stderr, "^error: .*/nonexistent/")


class CommandLine(unittest.TestCase):
    def test_help(self):
        for program in (*MNIST, "custom_loop"):
            result = run(program, "--help")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            for option in ("--epochs", "--batch-size", "--seed", "--data", "--threads", "--verbose", "--history"):
                self.assertIn(option, result.stdout)

    def test_misuse(self):
        for options in (["--fly"], ["fly"], ["--epochs", "0"], ["--epochs", "x"], ["--verbose", "3"], ["--threads", "-1"]):
            with self.subTest(options=options):
                result = run("mnist_tanh", *options)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(options[0], result.stderr)


class Others(unittest.TestCase):
    def run_well(self, program, *options):
        result = run(program, *options)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        return result.stdout

    def test_custom_loop(self):
        result = run("custom_loop", "--epochs", 1)
        self.assertEqual(result.returncode, 0, result.stderr)
        (accuracy,) = re.findall(r"(?m)^epoch 1: loss \S+, test accuracy (\S+)$", result.stdout)
        self.assertGreater(float(accuracy), 0.7)

    def test_custom_op(self):
        output = self.run_well("custom_op")
        self.assertIn("swish(1) = 0.7310586\ngradient at 1 = 0.9276705", output)
        for line in ("gradient check: passed", "second derivatives: passed", "a wrong gradient: input 0, element"):
            self.assertRegex(output, f"(?m)^{line}")

    def test_control_flow(self):
        self.assertRegex(self.run_well("control_flow"), r"loss \S+ after 300 updates\nsteps taken: \d+ different numbers\n$")

    def test_pinn(self):
        (error,) = re.findall(r"(?m)^L2 error: (\S+)\Z", self.run_well("pinn").rstrip())
        self.assertLess(float(error), 1e-3)

    def test_the_tutorials_programs_stay_short(self):
        for program in MNIST:
            lines = (ROOT / "examples" / f"{program}.cpp").read_text().count("\n")
            self.assertLessEqual(lines, 45, program)


if __name__ == "__main__":
    if not FASHION_MNIST.is_dir() and "Fashion-MNIST is not in" in run("mnist_tanh", "--epochs", 1).stderr:
        print("skipped: the examples need MNIST (./run mnist) or Debian's package dataset-fashion-mnist")
        sys.exit(77)
    unittest.main()
