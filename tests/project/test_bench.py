"""What the benchmark's figures are made of, and what its comparison calls a regression."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

from project import ROOT

sys.path.insert(0, str(ROOT / "bench"))
from bench import LIMITS, Bench, above_limits, add_to, comparison, identity, regressions


def row(xgrad, spread=0.01, **ratios):
    return {"xgrad": xgrad, "spread": spread, **ratios}


class Figures(unittest.TestCase):
    def test_medians_and_ratios(self):
        times = {"xgrad": [3e-6, 1e-6, 2e-6], "floor": [4e-6, 4e-6, 9e-6], "xgrad_2": [1e-6] * 3}
        figures = Bench.figures("mlp_plain_32", times, {"xgrad": 12.34})
        self.assertEqual(figures["unit"], "us a sample")
        self.assertAlmostEqual(figures["xgrad"], 2)
        self.assertAlmostEqual(figures["ratio_floor"], 0.5)
        self.assertAlmostEqual(figures["ratio_floor_2"], 0.25)
        self.assertNotIn("ratio_libtorch", figures)
        self.assertEqual(figures["memory"], {"xgrad": 12.3})


class Comparison(unittest.TestCase):
    def test_nothing_is_slower_within_the_noise(self):
        self.assertEqual(list(regressions({"a": row(100)}, {"a": row(104)})), [])
        self.assertEqual(list(regressions({"a": row(100, spread=0.1)}, {"a": row(120, spread=0.1)})), [])

    def test_a_slower_row_is_named(self):
        (line,) = regressions({"a": row(100), "b": row(100)}, {"a": row(120), "b": row(90)})
        self.assertEqual(line, "a: xgrad 100.000 -> 120.000, +20%")

    def test_a_slow_hour_is_not_a_regression(self):
        old, new = {"a": row(100, ratio_floor=0.6)}, {"a": row(200, ratio_floor=0.6)}
        self.assertEqual(list(regressions(old, new)), [])

    def test_a_ratio_that_grows_is_one(self):
        old, new = {"a": row(100, ratio_libtorch=0.5)}, {"a": row(100, ratio_libtorch=0.6)}
        (line,) = regressions(old, new)
        self.assertIn("ratio_libtorch 0.500 -> 0.600, +20%", line)

    def test_a_new_row_has_nothing_to_be_compared_with(self):
        self.assertEqual(list(regressions({}, {"a": row(100)})), [])


class Limits(unittest.TestCase):
    def test_a_row_above_its_limit_is_named(self):
        limit = LIMITS["lstm"]
        results = {"lstm": row(1, ratio_libtorch=limit + 0.1), "attention": row(1, ratio_libtorch=0.1), "embedding": row(1)}
        self.assertEqual(list(above_limits(results)), [f"lstm: ratio_libtorch {limit + 0.1:.3f}, {limit} at most"])

    def test_limits_are_those_of_rows(self):
        text = (ROOT / "bench" / "torch_side.cpp").read_text()
        self.assertEqual([row for row in LIMITS if f'add("{row}"' not in text], [])


class Machines(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "figures.json"

    def test_peaks_do_not_tell_machines_apart(self):
        one = "ACME 3, 2 cores; a core: 276 GF/s in float32, 43 GB/s; OpenBLAS kernels: Haswell\nbuilt as release"
        self.assertEqual(identity(one), "ACME 3, 2 cores; OpenBLAS kernels: Haswell")
        self.assertEqual(identity(one.replace("276", "270")), identity(one))
        self.assertNotEqual(identity(one.replace("Haswell", "Zen")), identity(one))

    def test_figures_of_other_machines_and_rows_stay(self):
        add_to(self.file, "one", {"a": row(1), "b": row(2)})
        add_to(self.file, "two", {"a": row(3)})
        add_to(self.file, "one", {"b": row(4)})
        self.assertEqual(json.loads(self.file.read_text()), {"one": {"a": row(1), "b": row(4)}, "two": {"a": row(3)}})

    def test_only_figures_of_the_same_machine_are_compared(self):
        add_to(self.file, "one", {"a": row(1)})
        self.assertEqual(comparison(self.file, "one", {"a": row(1)}), ("nothing is slower than before", True))
        self.assertEqual(
            comparison(self.file, "one", {"a": row(2)}), ("slower than before:\na: xgrad 1.000 -> 2.000, +100%", False))
        text, passed = comparison(self.file, "one", {"lstm": row(1, ratio_libtorch=9)})
        self.assertEqual(text.splitlines()[:2], ["nothing is slower than before", "above their limits:"])
        self.assertFalse(passed)
        text, passed = comparison(self.file, "two", {"a": row(1)})
        self.assertFalse(passed)
        self.assertIn("has no figures of this machine (two), only of\n  one\n", text)


if __name__ == "__main__":
    unittest.main()
