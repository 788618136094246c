"""The command line of ./run: help, usage and misuse; what it installs and how it sets up the build folder. Nothing here
builds: the tools are small scripts that note how they are called."""

import re
import shutil
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
        commands = ("demo", "test", "figures", "bench", "mnist", "help")
        demos = re.search(r"case \$name in\n(.*?)\*\) misuse", RUN.read_text(), re.DOTALL)[1]
        names = re.findall(r"[a-z]\w+(?= \||\))", demos)
        self.assertGreater(len(names), 15)
        for name in (*commands, *names, "--all"):
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


class Machine(unittest.TestCase):
    """A machine on which no package is installed, in a folder of its own."""

    STUBS = {
        "id": "echo 0",
        "dpkg-query": "exit 1",
        "apt-get": "",
        "meson": """
            for option; do
              case $option in -D*=true) part=${option#-D}; echo "build ${part%=true}/a: b" >>build/build.ninja ;; esac
            done""",
        "ninja": """
            mkdir -p build/examples
            for name in mnist_tanh fashion_cnn custom_op; do ln -sf /bin/true build/examples/$name; done""",
    }

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.tools, self.calls = self.root / "tools", self.root / "calls"
        self.tools.mkdir()
        for tool in ("sh", "dirname", "mkdir", "ln", "grep", "cat", "env"):
            (self.tools / tool).symlink_to(shutil.which(tool))
        for name, body in self.STUBS.items():
            (self.tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.calls}"\n{body}\n')
            (self.tools / name).chmod(0o755)
        shutil.copy(RUN, self.root / "run")

    def run_it(self, *args, **environment):
        """What one command installs, and how it calls meson setup."""
        self.calls.write_text("")
        environment = {"PATH": str(self.tools), "HOME": str(self.root), **environment}
        self.result = subprocess.run([self.root / "run", *args], env=environment, capture_output=True, text=True, timeout=30)
        calls = self.calls.read_text().splitlines()
        packages = [word for call in calls if call.startswith("apt-get install") for word in call.split()[2:]]
        return {word for word in packages if word[0] != "-"}, [call[6:] for call in calls if call.startswith("meson setup")]

    def demo(self, *args, **environment):
        made = self.run_it("demo", *args, **environment)
        self.assertEqual((self.result.returncode, self.result.stderr), (0, ""))
        return made

    def test_a_demo_installs_only_what_it_uses(self):
        packages, setups = self.demo()
        self.assertEqual(setups, ["setup build --buildtype=release -Dexamples=true -Dbench=false -Dtests=false"])
        self.assertLessEqual({"g++", "meson", "libcli11-dev", "dataset-fashion-mnist"}, packages)
        self.assertTrue(packages.isdisjoint({"cmake", "make", "doctest-dev", "python3", "curl", "libonnx-testdata"}), packages)

    def test_a_demo_that_has_its_images_installs_none(self):
        def installs_images(*args, **environment):
            return "dataset-fashion-mnist" in self.demo(*args, **environment)[0]

        self.assertTrue(installs_images("plain", "--epochs", "1", XGRAD_MNIST=""))
        self.assertFalse(installs_images("op"))
        self.assertTrue(installs_images("fashion_cnn", XGRAD_MNIST="/somewhere"))
        self.assertFalse(installs_images("plain", XGRAD_MNIST="/somewhere"))
        self.assertFalse(installs_images("plain", "--data", "/somewhere"))
        self.assertFalse(installs_images("plain", "--data=/somewhere"))
        cache = self.root / ".cache" / "xgrad" / "mnist"
        cache.mkdir(parents=True)
        (cache / "train-images-idx3-ubyte.gz").touch()
        self.assertFalse(installs_images())

    def test_tests_after_a_demo_use_its_build_folder(self):
        self.demo()
        packages, setups = self.run_it("test")
        self.assertEqual(setups, ["setup --reconfigure build -Dbench=true -Dtests=true"])
        self.assertLessEqual({"doctest-dev", "cmake", "curl", "python3", "libonnx-testdata"}, packages)
        self.assertEqual(self.run_it("test")[1], [])

    def test_a_demo_after_tests_uses_their_build_folder(self):
        self.assertEqual(self.run_it("test")[1], ["setup build --buildtype=release -Dexamples=true -Dbench=true -Dtests=true"])
        self.assertEqual(self.demo()[1], [])

    def test_a_benchmark_after_a_demo_adds_only_itself(self):
        self.demo("op")
        self.assertEqual(self.run_it("bench")[1], ["setup --reconfigure build -Dbench=true"])


if __name__ == "__main__":
    unittest.main()
