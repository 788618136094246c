"""The public headers as a user's compiler sees them: each on its own, without warnings, and quickly."""

import os
import re
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

from project import CXX, ROOT, public_headers

WARNINGS = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror".split()
SECONDS = 4  # for a small client program


def compile_text(source, *options):
    command = [*CXX, "-std=c++20", f"-I{ROOT}", *options, "-x", "c++", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True)


def cpu_seconds(*command):
    with subprocess.Popen(command) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        def check(header):
            return compile_text(f'#include "{header}"\n', *WARNINGS, "-fsyntax-only")

        with ThreadPoolExecutor(2) as pool:
            for header, result in zip(public_headers(), pool.map(check, public_headers())):
                with self.subTest(header=header):
                    self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_xgrad_pulls_in_no_xtensor(self):
        def used(header):
            result = compile_text(f'#include "{header}"\n', "-M")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            return [path for path in result.stdout.split() if re.search(r"/(xtensor|xtensor-blas|xtl|xsimd)/", path)]

        self.assertEqual([], used("xgrad.hpp"))
        self.assertNotEqual([], used("lib/xtensor.hpp"))  # that is how one would see it

    def test_a_client_compiles_in_seconds(self):
        source = str(ROOT / "examples" / "mnist_tanh.cpp")
        for level in ("-O0", "-O2"):
            with self.subTest(level=level):
                for _ in range(3):  # a busy machine makes even CPU time longer
                    seconds = cpu_seconds(*CXX, "-std=c++20", level, f"-I{ROOT}", "-c", source, "-o", os.devnull)
                    print(f"mnist_tanh.cpp with {level}: {seconds:.1f} s", flush=True)
                    if seconds <= SECONDS:
                        break
                self.assertLessEqual(seconds, SECONDS)


if __name__ == "__main__":
    unittest.main()
