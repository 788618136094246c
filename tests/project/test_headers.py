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


class Alone(unittest.TestCase):
    def test_each_compiles_alone(self):
        def check(header):
            return compile_text(f'#include "{header}"\n', *WARNINGS, "-fsyntax-only")

        with ThreadPoolExecutor(2) as pool:
            for header, result in zip(public_headers(), pool.map(check, public_headers())):
                with self.subTest(header=header):
                    self.assertEqual((result.returncode, result.stderr), (0, ""))


class Headers(unittest.TestCase):
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


class Hooks(unittest.TestCase):
    """A callback's function by the name of a hook, but with other parameters, hides the hook and is never called."""

    HOOKS = {
        "on_train_begin": "nn::TrainingRun&",
        "on_train_end": "nn::TrainingRun&",
        "on_epoch_begin": "nn::TrainingRun&, int",
        "on_epoch_end": "nn::TrainingRun&, int, const nn::Logs&",
        "on_batch_begin": "nn::TrainingRun&, std::int64_t",
        "on_batch_end": "nn::TrainingRun&, std::int64_t, std::int64_t, const nn::Logs&",
    }
    HIDING = (
        "void on_epoch_end(nn::TrainingRun&, int) {}",
        "void on_epoch_end(int, const nn::Logs&) {}",
        "void on_epoch_end(nn::TrainingRun&, std::int64_t, const nn::Logs&) {}",
        "void on_epoch_end(nn::TrainingRun&, int, const nn::Logs&) const {}",
        "void on_epoch_end(auto&, int, const auto&) {}",
        "static void on_epoch_end() {}",
        "int on_epoch_end = 0;",
        "using Callback::on_epoch_end; void on_epoch_end(int) {}",
        "void on_epoch_end(nn::TrainingRun&, int) {} void on_epoch_end(int) {}",
    )

    def errors(self, classes, given):
        """What the compiler says of callbacks, each by its class's name, base and members, that are given to fit()."""
        source = '#include "nn/callbacks/callback.hpp"\nnamespace nn = xg::nn;\n'
        for name, base, members in classes:
            source += f"struct {name} : {base} {{ {members} }};\n"
            source += f"void use({name} mine) {{ std::vector<nn::CallbackChoice> callbacks{{{given.format(name)}}}; }}\n"
        result = compile_text(source, *WARNINGS, "-fsyntax-only")
        self.assertEqual(result.returncode == 0, not result.stderr)
        return re.findall(r"error: (.*)", result.stderr)

    def message(self, hook):
        return (
            f"static assertion failed: this callback's {hook} hides the hook of that name, which would never be called: "
            f"declare one function of that name, void {hook}({self.HOOKS[hook]}) override"
        )

    def test_a_function_that_hides_one_is_refused(self):
        classes = [(f"Mine{number}", "nn::Callback", members) for number, members in enumerate(self.HIDING)]
        self.assertEqual(self.errors(classes, "mine"), [self.message("on_epoch_end")] * len(classes))

    def test_every_hook_however_the_callback_is_given(self):
        members = " ".join(f"void {hook}(double) {{}}" for hook in self.HOOKS)
        for given in ("mine", "std::make_shared<{}>(mine)", "std::ref(mine)"):
            with self.subTest(given=given):
                self.assertEqual(self.errors([("Mine", "nn::Callback", members)], given), list(map(self.message, self.HOOKS)))

    def test_what_overrides_one_is_taken(self):
        overriding = " ".join(f"void {hook}({parameters}) override {{}}" for hook, parameters in self.HOOKS.items())
        classes = (
            ("Plain", "nn::Callback", ""),
            ("All", "nn::Callback", overriding),
            ("Private", "nn::Callback", f"private: {overriding}"),
            ("NoExcept", "nn::Callback", overriding.replace("override", "noexcept final")),
            ("Derived", "All", ""),
        )
        for given in ("mine", "std::make_shared<{}>(mine)", "std::ref(mine)"):
            self.assertEqual(self.errors(classes, given), [])


if __name__ == "__main__":
    unittest.main()
