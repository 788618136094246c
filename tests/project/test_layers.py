"""The layers, read from the #include lines: a folder uses only those below it, and only kernels know xtensor and BLAS."""

import functools
import re
import unittest
from pathlib import Path

from project import LEFT_OUT, ROOT, in_tree, introspect, public_headers

LAYERS = ("lib", "autograd", "nn")  # lowest first
CLIENTS = ("examples", "bench")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"(?P<quoted>[^"]+)"|<(?P<angled>[^>]+)>)', re.MULTILINE)
XTENSOR = re.compile(r"^(xtensor|xtensor-blas|xtl|xsimd|xblas|xflens)[/.]")
BLAS_OR_OPENMP = re.compile(
    r"#[ \t]*include[ \t]*<(?:cblas|lapack|f77blas|openblas|omp|xtensor-blas/|xflens/)[^>]*>"
    r"|#[ \t]*pragma[ \t]+omp\b|\b(?:cblas|LAPACKE|openblas|omp)_\w+[ \t]*\("
)


@functools.cache
def text(file):
    return (ROOT / file).read_text()


@functools.cache
def files(*folders):
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".hpp", ".cpp"))
    return sorted(map(in_tree, found))


@functools.cache
def includes(file):
    """The files of this project that a file names, and the headers of others."""
    names = [match["quoted"] or match["angled"] for match in INCLUDE.finditer(text(file))]
    ours = [name for name in names if (ROOT / name).is_file()]
    return ours, [name for name in names if name not in ours]


@functools.cache
def reachable(file):
    """The file and all of this project that it includes, directly or not."""
    found, ahead = set(), [file]
    while ahead:
        current = ahead.pop()
        if current not in found:
            found.add(current)
            ahead += includes(current)[0]
    return found


def layer(file):
    return Path(file).parts[0]


class Layers(unittest.TestCase):
    def assert_none(self, offenders):
        self.assertEqual([], list(offenders))

    def test_the_lines_are_read(self):
        self.assertIn("lib/array.hpp", includes("autograd/tensor.hpp")[0])
        self.assertIn("xtensor/xadapt.hpp", includes("lib/xtensor.hpp")[1])
        self.assertTrue(all(files(folder) for folder in LAYERS + CLIENTS))

    def test_a_folder_uses_only_those_below_it(self):
        self.assert_none(
            f"{file} includes {name}"
            for rank, folder in enumerate(LAYERS)
            for file in files(folder)
            for name in includes(file)[0]
            if layer(name) not in LAYERS[: rank + 1]
        )

    def test_programs_use_public_headers_only(self):
        self.assert_none(
            f"{file} includes {name}"
            for file in files(*CLIENTS)
            for name in includes(file)[0]
            if name != "xgrad.hpp" and layer(name) != layer(file)
        )

    def test_own_headers_are_named_from_the_root_in_quotes(self):
        for file in files(*LAYERS, *CLIENTS):
            for match in INCLUDE.finditer(text(file)):
                if match["quoted"]:
                    self.assertTrue((ROOT / match["quoted"]).is_file(), f"{file} includes {match['quoted']}")
                elif match["angled"] != "xgrad.hpp":
                    self.assertFalse((ROOT / match["angled"]).is_file(), f"{file} includes <{match['angled']}>")

    def test_no_header_includes_itself(self):
        headers = [file for file in files(*LAYERS, *CLIENTS) if file.endswith(".hpp")]
        self.assert_none(file for file in headers if any(file in reachable(name) for name in includes(file)[0]))

    def test_xtensor_stays_in_the_kernels_and_the_bridge(self):
        self.assert_none(
            f"{file} sees <{header}> through {seen}"
            for file in ["xgrad.hpp", *files(*LAYERS, *CLIENTS)]
            if not file.startswith("lib/kernels/") and file != "lib/xtensor.hpp"
            for seen in sorted(reachable(file))
            for header in includes(seen)[1]
            if XTENSOR.match(header)
        )

    def test_blas_and_openmp_stay_in_the_kernels(self):
        self.assert_none(
            f"{file}: {match[0]}"
            for file in files(*LAYERS, "examples")
            if not file.startswith("lib/kernels/") and file != "lib/parallel.cpp"
            for match in BLAS_OR_OPENMP.finditer(text(file))
        )


class PublicHeaders(unittest.TestCase):
    def test_each_is_installed_under_its_own_path(self):
        for source, destination in introspect("installed").items():
            if source.endswith(".hpp"):
                self.assertTrue(destination.endswith(f"/include/xgrad/{in_tree(source)}"), f"{source} -> {destination}")

    def test_what_is_exported_is_installed(self):
        exporting = [file for file in files(*LAYERS) if file.endswith(".hpp") and re.search(r"\bXG_API\b", text(file))]
        self.assertGreater(len(exporting), 20)
        self.assertEqual([], sorted(set(exporting) - set(public_headers())))

    def test_what_a_public_header_includes_is_installed(self):
        needed = set().union(*map(reachable, public_headers()))
        self.assertEqual([], sorted(needed - set(public_headers())))

    def test_one_include_gives_them_all_but_the_bridge(self):
        apart = set(public_headers()) - reachable("xgrad.hpp")
        self.assertEqual(apart, {"lib/xtensor.hpp"})

    def test_macros_have_the_prefix(self):
        for file in public_headers():
            for name in re.findall(r"^[ \t]*#[ \t]*(?:define|undef)[ \t]+(\w+)", text(file), re.MULTILINE):
                self.assertTrue(name.startswith("XG_"), f"{file}: {name}")


class Build(unittest.TestCase):
    def test_knows_every_source(self):
        groups = [group for target in introspect("targets") for group in target["target_sources"]]
        built = {Path(path) for group in groups for path in group["sources"]}
        built = {path.relative_to(ROOT).as_posix() for path in built if path.is_relative_to(ROOT)}
        folders = sorted({layer(file) for file in built})  # without those that this build leaves out
        forgotten = {file for file in files(*folders) if file.endswith(".cpp")} - built - LEFT_OUT
        self.assertEqual([], sorted(file for file in forgotten if not file.startswith("tests/project/client/")))

    def test_knows_every_test_script(self):
        run = {in_tree(part) for test in introspect("tests") for part in test["cmd"] if part.endswith(".py")}
        self.assertEqual([], sorted({in_tree(path) for path in (ROOT / "tests").rglob("test_*.py")} - run))


if __name__ == "__main__":
    unittest.main()
