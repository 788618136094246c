"""The example programs: what they print and write, the same bits for the same seed, and their errors."""

import functools
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from project import BUILD, ROOT, sanitizers

MNIST = ("mnist_tanh", "mnist_dropout", "mnist_l2")
WITHOUT_IMAGES = ("text_generation", "sequence_lstm", "regression")
TRAINING = (
    *MNIST, "mnist_cnn", "fashion_cnn", "mnist_vae", "functional_model", "siamese", "fine_tuning", "custom_loop", "cnn",
    "two_inputs", *WITHOUT_IMAGES,
)
OTHERS = ("custom_op", "control_flow", "pinn")
BRIEFLY = ("--epochs", "1", "--batch-size", "2000", "--verbose", "0", "--threads", "1", "--samples", "2000")
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
KEYS = ["loss", "accuracy", "seconds", "test_loss", "test_accuracy", "train_loss", "train_accuracy"]


def command(program, *options):
    return [BUILD / "examples" / program, *map(str, options)]


def run(program, *options, environment=os.environ, **how):
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.run(command(program, *options), env=environment, text=True, **streams)


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
            options = ("--epochs", 1, "--batch-size", 500, "--verbose", 0, "--threads", 1)
            result = run("mnist_tanh", *options, environment=environment)
        if FASHION_MNIST.is_dir():
            self.assertRegex(result.stderr, r"^MNIST is not on this machine: '\./run mnist' .*FASHION-MNIST")
            self.assertEqual(result.returncode, 0)
            self.assertGreater(float(re.search(r"test accuracy (\S+)", result.stdout)[1]), 0.6)
        else:
            self.assertRegex(result.stderr, r"^error: MNIST: not found: .*'\./run mnist'")
            self.assertEqual(result.returncode, 1)

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
        for program in TRAINING:
            result = run(program, "--help")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            for option in ("--epochs", "--batch-size", "--seed", "--threads", "--verbose", "--samples", "--history"):
                self.assertIn(option, result.stdout)
            self.assertEqual("--data" in result.stdout, program not in ("sequence_lstm", "regression"))

    def test_misuse(self):
        for options in (["--fly"], ["fly"]):
            with self.subTest(options=options):
                result = run("mnist_tanh", *options)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(options[0], result.stderr)

    def test_a_number_that_is_none_or_out_of_range_is_refused(self):
        most = 2**64 - 1
        for option, text, expected in (
            ("--seed", "-1", f"from 0 to {most}"),
            ("--seed", str(most + 1), f"from 0 to {most}"),
            *(("--seed", text, "") for text in ("1.5", "1e3", "0x10", "+1", "7x", " 7")),
            ("--epochs", "0", f"from 1 to {2**31 - 1}"),
            ("--epochs", "x", ""),
            ("--batch-size", "-5", f"from 1 to {2**63 - 1}"),
            ("--threads", "-1", "from 0 to"),
            ("--verbose", "3", "from 0 to 2"),
        ):
            with self.subTest(option=option, text=text):
                result = run("mnist_tanh", f"{option}={text}")
                self.assertNotEqual(result.returncode, 0)
                self.assertRegex(result.stderr, f"(?m)^{option}: a whole number {expected}.* is expected, got '{re.escape(text)}'$")

    def test_a_seed_is_a_decimal_number(self):
        octal, decimal, largest = (run("mnist_tanh", *BRIEFLY, "--seed", seed).stdout for seed in ("010", 10, 2**64 - 1))
        self.assertIn("test loss", decimal)
        self.assertEqual(octal, decimal)
        self.assertIn("test loss", largest)
        self.assertNotEqual(largest, decimal)

    def test_a_malformed_number_of_threads_in_the_environment_is_refused(self):
        for program in ("mnist_tanh", "custom_op"):
            for text in ("abc", "-3", "2x", "1e9", ""):
                with self.subTest(program=program, text=text):
                    result = run(program, environment=os.environ | {"XGRAD_NUM_THREADS": text})
                    self.assertEqual(result.returncode, 1)
                    self.assertRegex(result.stderr, f"^error: XGRAD_NUM_THREADS: .* is expected, .*got '{text}'")


class Output(unittest.TestCase):
    MESSAGE = "error: not all of the output could be written to stdout\n"

    def test_a_full_disk_under_stdout_is_an_error(self):
        with open("/dev/full", "w") as full:
            for program in ("mnist_tanh", "mnist_cnn", "mnist_vae", "text_generation", "regression", *OTHERS):
                with self.subTest(program=program):
                    options = BRIEFLY if program in TRAINING else ()
                    result = run(program, *options, stdout=full)
                    self.assertEqual((result.returncode, result.stderr[-len(self.MESSAGE):]), (1, self.MESSAGE))
            self.assertEqual(run("mnist_tanh", "--help", stdout=full).returncode, 1)

    def test_a_closed_stdout_is_an_error(self):
        for program, message in (("mnist_tanh", "error: stdout is closed\n"), ("custom_op", self.MESSAGE)):
            with self.subTest(program=program):
                shell = ["sh", "-c", '"$@" >&-', "sh", *command(program)]
                result = subprocess.run(shell, stderr=subprocess.PIPE, text=True)
                self.assertEqual((result.returncode, result.stderr), (1, message))


class HistoryFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "history.json"

    def train(self, file, **how):
        return run("mnist_tanh", *BRIEFLY, "--history", file, **how)

    def on_disk(self):
        return {path.name: path.read_text() for path in self.folder.iterdir()}

    def test_replaces_the_file_behind_a_link_and_keeps_its_permissions(self):
        self.file.write_text("old")
        self.file.chmod(0o640)
        link = self.folder / "link"
        link.symlink_to(self.file)
        self.assertEqual(self.train(link).returncode, 0)
        self.assertTrue(link.is_symlink())
        self.assertEqual(list(json.loads(self.file.read_text())), KEYS)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o640)
        self.assertEqual(sorted(self.on_disk()), ["history.json", "link"])

    def test_a_full_disk_leaves_the_old_file(self):
        def allow_no_larger_file():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        self.file.write_text("old")
        result = self.train(self.file, preexec_fn=allow_no_larger_file)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, f"(?m)^error: cannot write {self.file}: File too large$")
        self.assertEqual(self.on_disk(), {"history.json": "old"})

    def test_an_interrupted_training_leaves_the_folder_as_it_was(self):
        for before in ({}, {"history.json": "old"}):
            with self.subTest(before=before):
                for name, content in before.items():
                    (self.folder / name).write_text(content)
                endless = command("mnist_tanh", "--epochs", 1000, "--verbose", 2, "--threads", 1, "--history", self.file)
                with subprocess.Popen(
                    endless, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                ) as process:
                    self.assertIn("Epoch 1/1000", process.stdout.readline())
                    process.send_signal(signal.SIGINT)
                    self.assertEqual(process.wait(), -signal.SIGINT)
                self.assertEqual(self.on_disk(), before)

    def test_a_file_that_cannot_be_written_is_said_before_the_training(self):
        for file, why in ((self.folder, "Is a directory"), (self.folder / "none" / "file", "No such file or directory")):
            with self.subTest(file=file):
                result = self.train(file)
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertIn(f"error: cannot write {file}: {why}\n", result.stderr)

    def test_a_device_is_written_to_and_stays(self):
        self.assertIn('"test_loss"', self.train("/dev/stdout").stdout)
        result = self.train("/dev/full")
        self.assertEqual(result.returncode, 1)
        self.assertIn("error: cannot write /dev/full: No space left on device\n", result.stderr)
        self.assertTrue(Path("/dev/full").is_char_device())


# Their operations have tests of their own.
trains = unittest.skipIf(sanitizers(), "a training takes minutes under sanitizers")


class Others(unittest.TestCase):
    def run_well(self, program, *options):
        result = run(program, *options)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        return result.stdout

    def test_custom_loop(self):
        result = run("custom_loop", "--epochs", 1, "--threads", 1)
        self.assertEqual(result.returncode, 0, result.stderr)
        (accuracy,) = re.findall(r"(?m)^epoch 1: loss \S+, test accuracy (\S+)$", result.stdout)
        self.assertGreater(float(accuracy), 0.7)

    def figure(self, pattern, program, *options):
        """The figure in a line of what a brief training prints, in a folder of its own, and the folder's files."""
        with tempfile.TemporaryDirectory() as folder:
            result = run(program, "--verbose", 0, *options, cwd=folder)
            files = {file.name: file.read_bytes() for file in Path(folder).iterdir()}
        self.assertEqual(result.returncode, 0, result.stderr)
        (figure,) = re.findall(rf"(?m)^{pattern} (\S+)$", result.stdout)
        return float(figure), result.stdout, files

    @trains
    def test_mnist_cnn(self):
        accuracy, output, _ = self.figure("test accuracy", "mnist_cnn", "--epochs", 2, "--batch-size", 32, "--samples", 1500)
        for row in ("conv2d_1 (Conv2D)            (None, 26, 26, 32)        320", "Total params: 225,034"):
            self.assertIn(row, output)
        self.assertGreater(accuracy, 0.6)

    @trains
    def test_fashion_cnn(self):
        accuracy, output, _ = self.figure("test accuracy", "fashion_cnn", "--epochs", 5, "--batch-size", 16, "--samples", 1500)
        self.assertIn("batch_normalization_1 (Batch (None, 28, 28, 32)        128", output)
        self.assertGreater(accuracy, 0.6)

    @trains
    def test_functional_model(self):
        result = run("functional_model", "--epochs", 2, "--batch-size", 16, "--samples", 1500, "--verbose", 0)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"add_1 \(Add\) .* max_pooling2d_1\[0\]\[0\]")
        ((digit, odd),) = re.findall(r"(?m)^digit (\S+), odd (\S+)$", result.stdout)
        self.assertGreater(float(digit), 0.4)
        self.assertGreater(float(odd), 0.6)

    @trains
    def test_siamese(self):
        accuracy, _, _ = self.figure("test accuracy", "siamese", "--epochs", 3, "--samples", 3000)
        self.assertGreater(accuracy, 0.7)

    @trains
    def test_fine_tuning(self):
        accuracy, output, _ = self.figure("5 to 9: test accuracy", "fine_tuning", "--epochs", 2, "--batch-size", 16, "--samples", 1500)
        self.assertIn("Non-trainable params: 9,568", output)
        self.assertGreater(accuracy, 0.5)

    @trains
    def test_mnist_vae(self):
        loss, _, files = self.figure("test loss", "mnist_vae", "--epochs", 2, "--batch-size", 16, "--samples", 2000)
        self.assertLess(loss, 300)  # a network that knows nothing has 784 ln 2 = 543
        self.assertEqual(files["digits.png"][:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(files["digits.png"][16:24], (280).to_bytes(4, "big") * 2)

    @trains
    def test_text_generation(self):
        loss, output, _ = self.figure("test loss", "text_generation", "--epochs", 1, "--samples", 20000)
        self.assertLess(loss, 3.2)  # a network that knows nothing has ln 90 = 4.5
        self.assertEqual(output.count("\n--\n"), 3)
        with tempfile.TemporaryDirectory() as folder:
            text = Path(folder, "text")
            text.write_text("abc" * 1000)
            loss, output, _ = self.figure("test loss", "text_generation", "--data", text)
            self.assertLess(loss, 0.2)
            self.assertIn("abcabcabcabc", output)
            text.write_text("abc")
            result = run("text_generation", "--data", text)
            self.assertEqual((result.returncode, result.stderr), (1, "error: the text has fewer than 1280 letters\n"))

    @trains
    def test_sequence_lstm(self):
        accuracy, output, _ = self.figure("test accuracy of letters", "sequence_lstm", "--epochs", 2, "--samples", 2000)
        self.assertGreater(accuracy, 0.3)
        self.assertRegex(output, r"(?m)^\d+\+\d+ *= [\d ]")

    @trains
    def test_regression(self):
        result = run("regression", "--epochs", 10, "--samples", 2000, "--verbose", 0)
        self.assertEqual(result.returncode, 0, result.stderr)
        (error,) = re.findall(r"(?m)^test mean squared error (\S+), of which noise is 1$", result.stdout)
        self.assertLess(float(error), 8)  # the target's variance is 24

    def test_cnn(self):
        result = run("cnn", "--epochs", 1, "--batch-size", 256, "--verbose", 0)
        self.assertEqual(result.returncode, 0, result.stderr)
        (accuracy,) = re.findall(r"(?m)^test accuracy (\S+)$", result.stdout)
        self.assertGreater(float(accuracy), 0.7)

    def test_two_inputs(self):
        result = run("two_inputs", "--epochs", 1, "--verbose", 2)
        self.assertEqual(result.returncode, 0, result.stderr)
        ((digit, odd),) = re.findall(r"(?m)^digit (\S+), odd (\S+)$", result.stdout)
        self.assertGreater(float(digit), 0.7)
        self.assertGreater(float(odd), 0.8)
        self.assertRegex(result.stdout, r"loss: \S+ - digit_loss: \S+ - odd_loss: \S+ - digit_accuracy: \S+ - odd_accuracy")

    def test_custom_op(self):
        output = self.run_well("custom_op")
        self.assertIn("swish(1) = 0.7310586\ngradient at 1 = 0.9276705", output)
        for line in ("gradient check: passed", "second derivatives: passed", "a wrong gradient: input 0, element"):
            self.assertRegex(output, f"(?m)^{line}")

    def test_a_small_address_space_is_enough(self):
        if sanitizers():
            print("skipped: a small address space has no room for AddressSanitizer's own maps", flush=True)
            return

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))

        result = run("custom_op", preexec_fn=limit, timeout=60, environment=os.environ | {"XGRAD_NUM_THREADS": "1"})
        self.assertEqual((result.returncode, result.stderr), (0, ""))

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
    if not FASHION_MNIST.is_dir() and "MNIST: not found" in run("mnist_tanh", "--epochs", 1).stderr:
        print("skipped: the examples need MNIST (./run mnist) or Debian's package dataset-fashion-mnist")
        sys.exit(77)
    unittest.main()
