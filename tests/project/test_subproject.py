"""A program outside the project that has the project as its Meson subproject."""

import shutil
import unittest

from project import CLIENT, CLIENT_PRINTS, ROOT, run, temporary_folder


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
        self.assertEqual(run(folder / "build" / "client"), CLIENT_PRINTS)


if __name__ == "__main__":
    unittest.main()
