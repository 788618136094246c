"""What the benchmark's figures are made of, and what its comparison calls a regression."""

import sys
import unittest

from project import ROOT

sys.path.insert(0, str(ROOT / "bench"))
from bench import Bench, regressions


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

    def test_a_slower_machine_is_not_a_regression(self):
        old, new = {"a": row(100, ratio_floor=0.6)}, {"a": row(200, ratio_floor=0.6)}
        self.assertEqual(list(regressions(old, new)), [])

    def test_a_ratio_that_grows_is_one(self):
        old, new = {"a": row(100, ratio_libtorch=0.5)}, {"a": row(100, ratio_libtorch=0.6)}
        (line,) = regressions(old, new)
        self.assertIn("ratio_libtorch 0.500 -> 0.600, +20%", line)

    def test_a_new_row_has_nothing_to_be_compared_with(self):
        self.assertEqual(list(regressions({}, {"a": row(100)})), [])


if __name__ == "__main__":
    unittest.main()
