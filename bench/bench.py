#!/usr/bin/env python3
"""Lets xgrad, the hand-written floor and libtorch run the same work in turn, and prints and compares the medians.

Each side is a program of its own (side.hpp tells what it does), started once for a row: sides take turns run by run, so
that a slow moment of the machine meets all of them. The first run of each warms up and is not counted.

Figures are kept by machine, {machine: {row: figures}}: a processor with other vectors or caches has other ratios too.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

UNITS = {
    "mlp_adam_256": ("ms a step", 1e3),
    "cnn": ("ms a step", 1e3),
    "mlp": ("us a sample", 1e6),
    "samples": ("us a sample", 1e6),
    "small_graph": ("us an op", 1e6),
    "depth": ("us an op", 1e6),
    "model_build": ("us", 1e6),
}
# The figures of a row, and who gives them with how many threads.
SIDES = {"xgrad": ("xgrad", 1), "xgrad_2": ("xgrad", 2), "floor": ("floor", 1), "libtorch": ("torch", 1)}
TWO_THREADS = ("mlp", "elementwise")
# What a row may need at most of libtorch's time: --compare tells of those that need more, on any machine.
LIMITS = {
    "lstm": 0.7,
    "transformer": 0.85,
    "batch_norm": 0.7,
    "embedding": 0.7,
    "attention": 0.6,
    "predict_1": 0.75,
    "cnn_64": 0.8,
}


def unit_of(row):
    return next((unit for name, unit in UNITS.items() if row.startswith(name)), ("ms", 1e3))


class Side:
    """One program at work on one row."""

    def __init__(self, program, row, threads):
        count = str(threads)
        environment = os.environ | {"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count}
        self.process = subprocess.Popen(
            [program, row, count], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ready = self.process.stdout.readline().split()
        if ready[:1] != ["ready"]:
            raise SystemExit(f"{program} {row}: does not start")
        self.units = float(ready[1])

    def run(self):
        """Seconds a unit."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline()) / self.units

    def finish(self):
        """The peak memory in megabytes."""
        return float(self.process.communicate()[0]) / 1e6


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.programs = {name: folder / f"{name}_side" for name in ("xgrad", "floor", "torch")}
        self.rows = {
            name: self.ask(program, "list").split() for name, program in self.programs.items() if program.exists()}

    @staticmethod
    def ask(program, question):
        return subprocess.run([program, question], check=True, capture_output=True, text=True).stdout.strip()

    def machine(self):
        return self.ask(self.programs["floor"], "machine") + "\n" + self.flags()

    def flags(self):
        known = json.loads((self.folder.parent / "meson-info" / "intro-buildoptions.json").read_text())
        option = {entry["name"]: entry["value"] for entry in known}
        return f"built as {option['buildtype']}, -O{option['optimization']}, for the {option['cpu']} processor"

    def sides_of(self, row):
        for figure, (program, threads) in SIDES.items():
            if row in self.rows.get(program, []) and (threads == 1 or row.startswith(TWO_THREADS)):
                yield figure, Side(self.programs[program], row, threads)

    def measure(self, row, runs):
        sides = dict(self.sides_of(row))
        times = {figure: [] for figure in sides}
        for turn in range(runs + 1):
            for figure, side in sides.items():
                seconds = side.run()
                if turn > 0:
                    times[figure].append(seconds)
        return self.figures(row, times, {figure: side.finish() for figure, side in sides.items()})

    @staticmethod
    def figures(row, times, memory):
        unit, factor = unit_of(row)
        result = {"unit": unit}
        for figure, seconds in times.items():
            result[figure] = statistics.median(seconds) * factor
        for ours, theirs, name in (
                ("xgrad", "floor", "ratio_floor"),
                ("xgrad_2", "floor", "ratio_floor_2"),
                ("xgrad", "libtorch", "ratio_libtorch"),
        ):
            if ours in result and theirs in result:
                result[name] = result[ours] / result[theirs]
        low, _, high = statistics.quantiles(times["xgrad"], n=4)
        result["spread"] = (high - low) * factor / result["xgrad"]
        result["memory"] = {figure: round(megabytes, 1) for figure, megabytes in memory.items()}
        return result


COLUMNS = ("xgrad", "xgrad_2", "floor", "libtorch", "ratio_floor", "ratio_floor_2", "ratio_libtorch")


def print_row(row, figures):
    cells = [f"{figures[column]:.3f}" if column in figures else "" for column in COLUMNS]
    cells += [f"{figures['memory'][side]:.0f}" if side in figures["memory"] else "" for side in ("xgrad", "libtorch")]
    print(f"{row:<18}{figures['unit']:<13}" + "".join(f"{cell:>15}" for cell in cells), flush=True)


def identity(machine):
    """What tells machines apart in the first line of a side's answer: all but its peaks, which vary a little."""
    return re.sub(r"; a core: [^;]*", "", machine.splitlines()[0])


def add_to(file, machine, results):
    """Writes the machine's figures into the file; what it holds of other machines and rows stays."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    kept[machine] = kept.get(machine, {}) | results
    file.write_text(json.dumps(kept, indent=2) + "\n")


def above_limits(results):
    """Rows that need more of libtorch's time than their limit, where libtorch took part."""
    for row, limit in LIMITS.items():
        ratio = results.get(row, {}).get("ratio_libtorch")
        if ratio is not None and ratio > limit:
            yield f"{row}: ratio_libtorch {ratio:.3f}, {limit} at most"


def comparison(file, machine, results):
    """What to print of it, and whether nothing is slower and nothing above its limit."""
    text, passed = against_saved(file, machine, results)
    above = list(above_limits(results))
    return "\n".join([text] + (["above their limits:"] + above if above else [])), passed and not above


def against_saved(file, machine, results):
    """The same for figures of an earlier run."""
    saved = json.loads(file.read_text())
    if machine not in saved:
        known = "".join(f"\n  {name}" for name in saved)
        return f"{file} has no figures of this machine ({machine}), only of{known}\n--json adds this one's", False
    slower = list(regressions(saved[machine], results))
    return "\n".join(["slower than before:"] + slower) if slower else "nothing is slower than before", not slower


def regressions(old, new):
    """Rows that are slower than before by more than the noise of both: by a ratio, which a slow hour shares, if any."""
    for row, now in new.items():
        before = old.get(row)
        if not before:
            continue
        ratios = (name for name in ("ratio_floor", "ratio_libtorch") if name in now and name in before)
        measure = next(ratios, "xgrad")
        growth = now[measure] / before[measure] - 1
        if growth > max(0.05, 2 * (now["spread"] + before["spread"])):
            yield f"{row}: {measure} {before[measure]:.3f} -> {now[measure]:.3f}, {growth:+.0%}"


def parse_arguments():
    parser = argparse.ArgumentParser(description="Benchmarks against hand-written code and libtorch")
    parser.add_argument("--only", default="", help="only the rows whose names contain this")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side, in turn")
    parser.add_argument("--json", type=Path, help="file to add the figures to, by machine")
    parser.add_argument("--compare", type=Path, help="figures of an earlier run: tells what has become slower")
    parser.add_argument("--sides", type=Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = parse_arguments()
    bench = Bench(options.sides)
    machine = bench.machine()
    print(f"{machine}\nmedians of {options.runs} runs in turn; xgrad_2: two threads; memory in MB\n")
    titles = COLUMNS + ("MB xgrad", "MB libtorch")
    print(f"{'row':<18}{'unit':<13}" + "".join(f"{title:>15}" for title in titles))
    results = {}
    for row in bench.rows["xgrad"]:
        if options.only in row:
            results[row] = bench.measure(row, options.runs)
            print_row(row, results[row])
    if options.json:
        add_to(options.json, identity(machine), results)
    if not options.compare:
        return 0
    text, passed = comparison(options.compare, identity(machine), results)
    print("\n" + text)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
