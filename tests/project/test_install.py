"""A program outside the project, built with the installed library and with the project as its Meson subproject."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from project import BUILD, ROOT, introspect

CLIENT = Path(__file__).resolve().parent / "client"
CXX = os.environ.get("CXX", "c++").split()
EXPECTED = "gradient [2. 4. 6.]\ncaught a ShapeError\naccuracy 1\n"


def run(*command, **environment):
    """The output of a command that must succeed."""
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    if result.returncode != 0:
        raise AssertionError(f"{command} returned {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


def temporary_folder(cleaner):
    folder = tempfile.TemporaryDirectory()
    cleaner(folder.cleanup)
    return Path(folder.name)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", cls.folder)
        (cls.library,) = cls.folder.rglob("libxgrad.so")
        (package,) = cls.folder.rglob("xgrad.pc")
        cls.package = {"PKG_CONFIG_PATH": str(package.parent), "PKG_CONFIG_SYSROOT_DIR": str(cls.folder)}

    def test_program_with_the_flags_of_pkg_config(self):
        flags = run("pkg-config", "--cflags", "--libs", "xgrad", **self.package).split()
        program = self.folder / "client"
        warnings = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror".split()
        run(*CXX, "-std=c++20", *warnings, CLIENT / "main.cpp", "-o", program, *flags)
        self.assertEqual(run(program, LD_LIBRARY_PATH=str(self.library.parent)), EXPECTED)

    def test_program_with_the_cmake_package(self):
        (prefix,) = {path.parent for path in self.folder.rglob("include")}
        build = self.folder / "cmake"
        run("cmake", "-S", CLIENT, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", build)
        self.assertEqual(run(build / "client"), EXPECTED)

    def test_version(self):
        version = run("pkg-config", "--modversion", "xgrad", **self.package).strip()
        self.assertEqual(version, introspect("projectinfo")["version"])
        self.assertTrue(self.library.resolve().name.endswith(".so." + version))

    def test_library_is_small(self):
        stripped = self.folder / "stripped.so"
        run("strip", "--strip-unneeded", "-o", stripped, self.library)
        self.assertLess(stripped.stat().st_size, 4e6)

    def test_library_exports_only_its_own_names(self):
        symbols = [line.split(maxsplit=2)[1:] for line in run("nm", "-DC", "--defined-only", self.library).splitlines()]
        own = re.compile(r"^((typeinfo( name)?|vtable|VTT|guard variable|(non-)?virtual thunk) (for|to) )?xg::")
        # What every program that uses the standard library instantiates is weak, and shared by all.
        foreign = [name for kind, name in symbols if not own.match(name) and kind not in "WVu"]
        leaked = [name for _, name in symbols if re.search(r"\b(xt|xtl|xsimd|cxxlapack|cxxblas|flens)::", name)]
        self.assertGreater(sum(bool(own.match(name)) for _, name in symbols), 200)
        self.assertEqual((foreign, leaked), ([], []))


class Subproject(unittest.TestCase):
    def test_program_with_the_project_as_its_subproject(self):
        folder = temporary_folder(self.addCleanup)
        shutil.copytree(CLIENT, folder, dirs_exist_ok=True)
        (folder / "subprojects").mkdir()
        (folder / "subprojects" / "xgrad").symlink_to(ROOT)
        # Neither optimised nor for this machine's instructions: that compiles fastest.
        options = ("--buildtype=plain", "-Dxgrad:cpu=baseline", "--force-fallback-for=xgrad")
        run("meson", "setup", folder / "build", folder, *options)
        run("ninja", "-C", folder / "build", "-j2")
        self.assertEqual(run(folder / "build" / "client"), EXPECTED)


if __name__ == "__main__":
    unittest.main()
