"""The build on a machine that has a compiler, Meson and the libraries' headers, and nothing that is optional."""

import shutil
import sys
import unittest

from project import CXX, ROOT, introspect, run, temporary_folder

TOOLS = ("sh", "ar", "as", "ld", "pkg-config", "meson", "ninja", CXX[-1])


class BareMachine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = temporary_folder(cls.addClassCleanup)
        cls.build, tools = folder / "build", folder / "tools"
        tools.mkdir()
        for tool in TOOLS:
            (tools / tool).symlink_to(shutil.which(tool))
        (tools / "python3").symlink_to(sys.executable)
        cls.only_these = {"PATH": str(tools), "CXX": CXX[-1]}
        run("meson", "setup", cls.build, ROOT, "--buildtype=plain", "-Dlibtorch=disabled", **cls.only_these)

    def test_the_build_needs_no_cmake_and_installs_where_others_look(self):
        installed = introspect("installed", self.build).values()
        for name in ("libxgrad.so", "cmake/xgrad/xgradConfig.cmake", "cmake/xgrad/xgradConfigVersion.cmake",
                     "pkgconfig/xgrad.pc"):
            self.assertIn(f"/usr/local/lib/{name}", installed)

    def test_the_layers_are_checked_without_libtorch(self):
        self.assertNotIn("torch_side", [target["name"] for target in introspect("targets", self.build)])
        run("meson", "test", "-C", self.build, "--no-rebuild", "layers", **self.only_these)


if __name__ == "__main__":
    unittest.main()
