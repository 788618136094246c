"""Whether the tests of gradients catch wrong ones: breaks rules in a copy of the sources, one at a time, and expects the
tests of the laws to fail each time."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(sys.argv[1])
PARTS = ("autograd", "lib", "nn", "tests", "meson.build", "meson_options.txt", "xgrad.hpp",
         "xgradConfig.cmake.in", "xgradConfigVersion.cmake.in")

# A file of autograd/ops, what stands there, and the mistake.
MISTAKES = (
    ("arithmetic.cpp", "edge(b, [](const Tensor& dy) { return -dy; })", "edge(b, [](const Tensor& dy) { return dy; })"),
    ("arithmetic.cpp", "return -dy * y / b;", "return dy * y / b;"),
    ("arithmetic.cpp", "return dy * b * power_slope(a, b.get() - 1.0);", "return dy * power_slope(a, b.get() - 1.0);"),
    ("arithmetic.cpp", "return -dy * floor(a.get() / b.get());", "return -dy * a.get() / b.get();"),
    ("elementwise.cpp", "return dy * 0.5 / y;", "return dy / y;"),
    ("elementwise.cpp", "return dy * 2.0 * x;", "return dy * 2.0 * x.get().detach();"),
    ("elementwise.cpp", "return -dy * y * y;", "return -dy * y;"),
    ("trigonometry.cpp", "return -(dy * sin(x.get()));", "return dy * sin(x.get());"),
    ("activation.cpp", "return -y * tanh(at * 0.5);", "return y * tanh(at * 0.5);"),
    ("activation.cpp", "return g * dy * y * -2.0;", "return g * dy * y * 2.0;"),
    ("activation.cpp", "return dy - exp(y) * sum(dy,", "return dy - y * sum(dy,"),
    ("linalg.cpp", "return matmul(swapped(a), dy);", "return matmul(swapped(a), dy) * 0.5;"),
    ("reduction.cpp", "return chosen * (reshape(dy, kept) / ties);", "return chosen * reshape(dy, kept) * ties * 2.0;"),
    ("reduction.cpp", "return reshape(dy, kept) * exp(x - reshape(y, kept));", "return reshape(dy, kept) * exp(x.get());"),
    ("index.cpp", "return index_update(dy, indices, 0.0);", "return dy;"),
    ("scan.cpp", "return sum_from_end(dy, axis);", "return cumsum(dy, axis);"),
    ("decomposition.cpp", "1.0 - 0.5 * identity_like(product)", "1.0 - identity_like(product)"),
    ("decomposition.cpp", "mirrored(matmul(r, t(triu(dr)))", "tril(matmul(r, t(triu(dr)))"),
    ("conv.cpp", "return kernel_of(x.get(), dy, c, shape);", "return kernel_of(x.get().detach(), dy, c, shape);"),
    ("normalization.cpp", "(dy - mean(dy, along_last) - y", "(dy - y"),
)


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def build(folder):
    result = run("ninja", "-C", folder / "build", "tests/autograd/test_autograd")
    if result.returncode != 0:
        raise SystemExit(f"the sources do not build:\n{result.stdout}")


def passes(folder):
    program = folder / "build" / "tests" / "autograd" / "test_autograd"
    return run(program, "--test-case=laws: every operation keeps every law", "--abort-after=1").returncode == 0


def caught(folder, file, text, mistake):
    path = folder / "autograd" / "ops" / file
    source = path.read_text()
    pattern = r"\s+".join(map(re.escape, text.split()))  # lines may be broken elsewhere
    broken, count = re.subn(pattern, lambda _: mistake, source)
    if count != 1:
        raise SystemExit(f"{file} says {count} times: {text}")
    path.write_text(broken)
    build(folder)
    found = not passes(folder)
    path.write_text(source)
    return found


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        setup = run("meson", "setup", folder / "build", folder, "--buildtype=plain", "-Dcpp_args=-O1", "-Dexamples=false",
                    "-Dbench=false", "-Dwerror=false", env=os.environ | {"CXXFLAGS": ""})
        if setup.returncode != 0:
            raise SystemExit(setup.stdout)
        build(folder)
        if not passes(folder):
            raise SystemExit("the tests fail without a mistake")
        missed = [mistake for mistake in MISTAKES if not caught(folder, *mistake)]
    print(f"mutations: {len(MISTAKES) - len(missed)} of {len(MISTAKES)} caught")
    for file, text, mistake in missed:
        print(f"missed in {file}: {mistake}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
