"""The library compiles for processors other than this one: their vectors are other types, with other intrinsics."""

import unittest

from project import ROOT, run, temporary_folder


class Processors(unittest.TestCase):
    def test_the_lowest_folder_compiles_without_a_warning(self):
        for processor in ("x86-64", "haswell", "skylake-avx512"):
            with self.subTest(processor):
                build = temporary_folder(self.addCleanup)
                parts = ("-Dtests=false", "-Dexamples=false", "-Dbench=false")
                run("meson", "setup", build, ROOT, "-Dcpu=baseline", f"-Dcpp_args=-march={processor}", *parts)
                run("ninja", "-C", build, "-j2", "lib/libxgrad_lib.a")


if __name__ == "__main__":
    unittest.main()
