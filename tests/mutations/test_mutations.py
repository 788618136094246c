"""Whether the tests see mistakes: makes one at a time in the sources, and expects the quick tests to fail.

A mistake costs the compilation of one file (at -O1) and the linking of those programs that run until one fails; all
else is taken from the build folder as it is. The sources themselves are not touched."""

import argparse
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faults

# The test programs, and those that a mistake in a folder shows itself in, the most likely first.
PROGRAMS = {
    "kernels": "tests/lib/test_kernels",
    "lib": "tests/lib/test_lib",
    "autograd": "tests/autograd/test_autograd",
    "nn": "tests/nn/test_nn",
}
ORDER = {
    "lib/kernels": ("kernels", "autograd", "lib", "nn"),
    "lib/parallel": ("kernels", "autograd", "lib", "nn"),
    "lib": ("lib", "kernels", "autograd", "nn"),
    "autograd": ("autograd", "nn"),
    "nn": ("nn",),
}


def programs_for(fault, first_alone=False):
    folder = next(folder for folder in ORDER if fault.file.startswith(folder))
    return ORDER[folder][:1] if first_alone else ORDER[folder]


REQUIRED = 0.97
LEAST = 600  # mistakes that fit the sources
MOST_FILES = 12  # that a mistake in a header may concern
MOST_BYTES = 16 << 30


class TableError(Exception):
    """A fault whose text is not found once, or that does not compile."""


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def output_of(command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode != 0:
        raise SystemExit(f"failed: {shlex.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def shown(fault):
    return f"{fault.file}: {' '.join(fault.text.split())} -> {' '.join(fault.mistake.split())}"


def broken_source(root, fault):
    """The file with the mistake in it. Lines may be broken elsewhere than in the table."""
    source = (root / fault.file).read_text()
    pattern = r"\s*".join(re.escape(word) for word in re.findall(r"\w+|\W", fault.text) if not word.isspace())
    broken, count = re.subn(pattern, lambda _: fault.mistake, source)
    if count != 1:
        raise TableError(f"{fault.file} says {count} times: {fault.text}")
    return broken


class Build:
    """What a build folder has: how its files are compiled, its test programs linked, and what they include."""

    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.commands = {}
        for entry in json.loads((folder / "compile_commands.json").read_text()):
            self.commands[entry["output"]] = shlex.split(entry["command"])
        self.links = {name: self.last_command(program) for name, program in PROGRAMS.items()}
        library = next(token for token in self.links["nn"] if "libxgrad.so" in token and not token.startswith("-"))
        tokens = self.last_command(library)
        # The archives of the folders, highest first, and what they need.
        archives = [token for token in tokens if token.endswith(".a")]
        others = [token for token in tokens if re.match(r"-l|-fopenmp|/.*\.so$", token)]
        self.static = archives[::-1] + others
        self.includes = self.read_includes()

    def last_command(self, target):
        lines = output_of(["ninja", "-C", self.folder, "-t", "commands", target]).strip().splitlines()
        return shlex.split(lines[-1])

    def read_includes(self):
        """For each file of the sources, the objects it is compiled into."""
        includes, output = {}, None
        for line in output_of(["ninja", "-C", self.folder, "-t", "deps"]).splitlines():
            if not line.startswith(" "):
                output = line.split(":")[0]
            elif output in self.commands:
                path = os.path.normpath(self.folder / line.strip())
                if path.startswith(f"{self.root}/"):
                    includes.setdefault(os.path.relpath(path, self.root), []).append(output)
        return includes

    def objects_of(self, file):
        outputs = [o for o in self.includes.get(file, []) if not o.startswith(("bench/", "examples/"))]
        if not 0 < len(outputs) <= MOST_FILES:
            raise TableError(f"{len(outputs)} files depend on {file}")
        return outputs


class Workspace:
    """Where one mistake after the other is compiled, linked and run."""

    def __init__(self, build, folder, limits):
        self.build, self.folder, self.limits = build, folder, limits

    def compile(self, fault):
        """The objects with the mistake, by the name of those they stand for."""
        shutil.rmtree(self.folder, ignore_errors=True)
        path = self.folder / "sources" / fault.file
        path.parent.mkdir(parents=True)
        path.write_text(broken_source(self.build.root, fault))
        objects = {}
        for number, output in enumerate(self.build.objects_of(fault.file)):
            made = self.folder / f"{number}.o"
            command = self.command_for(output, fault, made)
            result = subprocess.run(command, cwd=self.build.folder, capture_output=True, text=True)
            if result.returncode != 0:
                raise TableError(f"does not compile: {shown(fault)}\n{result.stderr}")
            objects[output] = made
        return objects

    def command_for(self, output, fault, made):
        tokens, command, source = iter(self.build.commands[output]), [], None
        for token in tokens:
            if token in ("-MF", "-MQ", "-o", "-include"):  # a precompiled header is of the sources without the mistake
                next(tokens)
            elif token == "-c":
                source = os.path.normpath(self.build.folder / next(tokens))
            elif token not in ("-MD", "-Werror", "-fpch-preprocess"):
                command.append("-O1" if token in ("-O2", "-O3") else token)
        if source == str(self.build.root / fault.file):
            source = self.folder / "sources" / fault.file
        first = next(i for i, token in enumerate(command) if token.startswith("-I"))
        command[first:first] = [f"-I{self.folder / 'sources'}"]
        return command + ["-o", str(made), "-c", str(source)]

    def link(self, name, objects):
        program = self.folder / name
        own = [] if name == "kernels" else self.build.static
        command, tokens = [], iter(self.build.links[name])
        for token in tokens:
            if token == "-o":
                next(tokens)
            elif "libxgrad.so" in token:
                command += own
            elif not token.startswith("-Wl,-rpath"):
                command.append(str(objects.get(token, token)))
        # In front of the archives, whose objects of that name are then left out.
        libraries = [str(made) for output, made in objects.items()
                     if not output.startswith("tests/") and (own or output.startswith("lib/"))]
        first = next(i for i, token in enumerate(command) if token.endswith(".a"))
        command[first:first] = libraries
        output_of(command + ["-o", str(program)], cwd=self.build.folder)
        return program

    def passes(self, name, objects):
        program = self.link(name, objects)
        environment = os.environ | {"TMPDIR": str(self.folder), "OMP_WAIT_POLICY": "passive"}
        try:
            return subprocess.run([program, "--abort-after=1", "--no-breaks"], env=environment, cwd=self.folder,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=self.limits.get(name, 600), preexec_fn=limit_memory).returncode == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            program.unlink()

    def caught_by(self, fault, programs):
        """The program that failed; None if all passed."""
        objects = self.compile(fault)
        return next((name for name in programs if not self.passes(name, objects)), None)


def measure_limits(build, folder, programs):
    """Seconds after which a program hangs. None must fail without a mistake."""
    limits = {}
    for name in programs:
        space = Workspace(build, folder / "none", limits)
        space.folder.mkdir(exist_ok=True)
        start = time.monotonic()
        if not space.passes(name, {}):
            raise SystemExit(f"{PROGRAMS[name]} fails without a mistake")
        limits[name] = 20 + 5 * (time.monotonic() - start)
    return limits


def check_all(build, table, folder, options):
    """What caught each fault."""
    programs = {fault: programs_for(fault, options.first) for fault in table}
    limits = measure_limits(build, folder, sorted(set().union(*programs.values())))
    free = [Workspace(build, folder / str(number), limits) for number in range(options.jobs)]

    def check(fault):
        space, start = free.pop(), time.monotonic()
        try:
            found = space.caught_by(fault, programs[fault])
        except TableError as error:
            found = error
        finally:
            free.append(space)
        if options.verbose:
            print(f"{time.monotonic() - start:6.1f} s  {str(found or 'SURVIVED')[:9]:9} {shown(fault)}", flush=True)
        return found

    with ThreadPoolExecutor(options.jobs) as pool:
        tasks = [pool.submit(check, fault) for fault in table]
        try:
            return [task.result() for task in tasks]
        finally:
            pool.shutdown(cancel_futures=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("build", type=Path)
    parser.add_argument("--only", default="", help="faults that match this expression")
    parser.add_argument("--first", action="store_true", help="run the likeliest program of each fault alone")
    parser.add_argument("--every", type=int, default=1, help="of the faults below the kernels' limits every so many")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--dry", action="store_true", help="only look whether the table fits the sources")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    build = Build(options.root.resolve(), options.build.resolve())
    chosen = faults.BEYOND + faults.OTHERS[:: options.every]
    table, errors = [], []
    for fault in chosen:
        try:
            broken_source(build.root, fault)
            build.objects_of(fault.file)
            if re.search(options.only, shown(fault)):
                table.append(fault)
        except TableError as error:
            errors.append(error)
    counted = [fault for fault in table if not fault.equivalent]
    if options.dry:
        if len(counted) < LEAST:
            errors.append(TableError(f"{len(counted)} faults, {LEAST} at least"))
        print(f"{len(counted)} faults, {len(table) - len(counted)} equivalents; beyond limits: {len(faults.BEYOND)}")
        for error in errors:
            print(f"an error of the table: {error}")
        return 1 if errors else 0
    with tempfile.TemporaryDirectory() as folder:
        found = check_all(build, counted, Path(folder), options)
    errors += [result for result in found if isinstance(result, TableError)]
    missed = [fault for fault, program in zip(counted, found) if program is None]
    fitting = sum(not isinstance(result, TableError) for result in found)
    print(f"mutations: {fitting - len(missed)} of {fitting} caught")
    for fault in missed:
        print(f"survived: {shown(fault)}")
    for fault in table:
        if fault.equivalent:
            print(f"not counted: {shown(fault)}: {fault.equivalent}")
    for error in errors:
        print(f"an error of the table: {error}")
    return 0 if len(missed) <= (1 - REQUIRED) * fitting and not errors else 1


if __name__ == "__main__":
    sys.exit(main())
