"""A program outside the project, built with the installed library."""

import re
import shutil
import subprocess
import unittest

from project import BUILD, CLIENT, CLIENT_PRINTS, CXX, introspect, run, temporary_folder

needs_cmake = unittest.skipUnless(shutil.which("cmake"), "needs CMake")


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
        self.assertEqual(run(program, LD_LIBRARY_PATH=str(self.library.parent)), CLIENT_PRINTS)

    @needs_cmake
    def test_program_with_the_cmake_package(self):
        (prefix,) = {path.parent for path in self.folder.rglob("include")}
        build = self.folder / "cmake"
        run("cmake", "-G", "Ninja", "-S", CLIENT, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", build)
        self.assertEqual(run(build / "client"), CLIENT_PRINTS)

    @needs_cmake
    def test_versions_that_the_cmake_package_answers_to(self):
        (config,) = self.folder.rglob("xgradConfig.cmake")
        version = introspect("projectinfo")["version"]
        major, minor, patch = map(int, version.split("."))
        later = f"{major}.{minor}.{patch + 1}"
        answers = {
            "": True, f"{major}": True, f"{major}.{minor}": True, version: True, f"{version} EXACT": True,
            f"0.0.1...{later}": True, f"{version}...{later}": True, f"0.0.1...{version}": True,
            later: False, f"{major + 1}": False, f"{major}.{minor} EXACT": patch == 0,
            f"0.0.1...<{version}": False, f"{later}...{major + 1}": False,
        }
        script = self.folder / "versions" / "CMakeLists.txt"
        script.parent.mkdir()
        lines = ["cmake_minimum_required(VERSION 3.20)", "project(versions NONE)"]
        for asked in answers:
            lines.append(f"find_package(xgrad {asked} QUIET CONFIG PATHS {config.parent} NO_DEFAULT_PATH)")
            lines.append(f'message(NOTICE "{asked}: ${{xgrad_FOUND}}")')
            lines.append("unset(xgrad_DIR CACHE)")
        script.write_text("\n".join(lines))
        printed = run("cmake", "-G", "Ninja", "-S", script.parent, "-B", script.parent / "build", stderr=subprocess.STDOUT)
        self.assertEqual([line for line in printed.splitlines() if re.search(": [01]$", line)],
                         [f"{asked}: {int(found)}" for asked, found in answers.items()])

    def test_version(self):
        version = run("pkg-config", "--modversion", "xgrad", **self.package).strip()
        self.assertEqual(version, introspect("projectinfo")["version"])
        self.assertTrue(self.library.resolve().name.endswith(".so." + version))

    def test_library_is_small(self):
        stripped = self.folder / "stripped.so"
        run("strip", "--strip-unneeded", "-o", stripped, self.library)
        self.assertLess(stripped.stat().st_size, 6e6)

    def test_library_exports_only_its_own_names(self):
        symbols = [line.split(maxsplit=2)[1:] for line in run("nm", "-DC", "--defined-only", self.library).splitlines()]
        own = re.compile(r"^((typeinfo( name)?|vtable|VTT|guard variable|(non-)?virtual thunk) (for|to) )?xg::")
        # What every program that uses the standard library instantiates is weak, and shared by all.
        foreign = [name for kind, name in symbols if not own.match(name) and kind not in "WVu"]
        leaked = [name for _, name in symbols if re.search(r"\b(xt|xtl|xsimd|cxxlapack|cxxblas|flens)::", name)]
        self.assertGreater(sum(bool(own.match(name)) for _, name in symbols), 200)
        self.assertEqual((foreign, leaked), ([], []))


if __name__ == "__main__":
    unittest.main()
