"""The reference: every public declaration is documented, and Doxygen understands it."""

import shutil
import subprocess
import sys
import unittest

from project import BUILD, ROOT


class Reference(unittest.TestCase):
    def test_doxygen_has_nothing_to_complain_about(self):
        settings = (ROOT / "docs" / "Doxyfile").read_text() + f"OUTPUT_DIRECTORY = {BUILD / 'docs'}\n"
        (BUILD / "docs").mkdir(exist_ok=True)
        result = subprocess.run(["doxygen", "-"], cwd=ROOT, input=settings, capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr.splitlines()[:20]), (0, []))
        self.assertTrue((BUILD / "docs" / "html" / "index.html").is_file())


if __name__ == "__main__":
    if not shutil.which("doxygen"):
        print("skipped: the reference needs Debian's package doxygen")
        sys.exit(77)
    unittest.main()
