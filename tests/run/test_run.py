"""The command line of ./run: help, usage and misuse. Nothing here builds."""

import subprocess
import tempfile
import unittest
from pathlib import Path

RUN = Path(__file__).resolve().parents[2] / "run"


def run(*args, cwd=None):
    return subprocess.run([RUN, *args], cwd=cwd, capture_output=True, text=True, timeout=30)


class Help(unittest.TestCase):
    def test_names_every_command_and_demo(self):
        text = run("help").stdout
        self.assertTrue(text.startswith("usage: ./run <command>\n"), text)
        for name in ("demo", "test", "bench", "mnist", "help", "plain", "dropout", "l2", "loop", "op", "flow", "--all"):
            self.assertRegex(text, rf"(?m)^ +{name} |\[{name}\]")

    def test_is_the_same_however_one_asks(self):
        expected = run("help")
        self.assertEqual((expected.returncode, expected.stderr), (0, ""))
        for args in ([], ["--help"], ["-h"]):
            result = run(*args)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, expected.stdout, ""), args)

    def test_works_from_any_folder(self):
        with tempfile.TemporaryDirectory() as elsewhere:
            self.assertEqual(run("help", cwd=elsewhere).stdout, run("help").stdout)

    def test_fits_a_line(self):
        self.assertLessEqual(max(map(len, run("help").stdout.splitlines())), 100)


class Misuse(unittest.TestCase):
    def test_says_what_is_wrong_and_how_it_goes(self):
        for args, message in (
            (["fly"], "run: unknown command 'fly'"),
            ([""], "run: unknown command ''"),
            (["demo", "fly"], "run: unknown demo 'fly'"),
            (["test", "--fly"], "run: unknown option '--fly'"),
            (["test", "--all", "--fly"], "run: unknown option '--fly'"),
            (["mnist", "--fly"], "run: unknown option '--fly'"),
        ):
            with self.subTest(args=args):
                result = run(*args)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertEqual(result.stderr, message + "\n\n" + run("help").stdout)


if __name__ == "__main__":
    unittest.main()
