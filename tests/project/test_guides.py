"""The guides: every block of C++ compiles without warnings and runs, and prints what the page says.

The blocks of a page are one program: those marked `cpp top` stand before main(), the others in it, one after the other.
A block marked `text` is part of what the program prints; one marked `cpp fails: MESSAGE` must not compile, with that
message.
"""

import re
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

from project import BUILD, CXX, ROOT, temporary_folder

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
WARNINGS = "-Wall -Wextra -Wpedantic -Werror".split()
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAD = """#include <xgrad.hpp>

#include <iostream>
#include <sstream>
#include <thread>

namespace nn = xg::nn;
namespace data = xg::data;
using xg::Tensor;

"""


class Page:
    def __init__(self, file):
        blocks = [(match[1].strip(), match[2], file.read_text()[: match.start(2)].count("\n") + 1)
                  for match in BLOCK.finditer(file.read_text())]
        lines = lambda kind: "".join(f'#line {line} "{file.name}"\n{text}\n' for info, text, line in blocks if info == kind)
        self.top = lines("cpp top")
        self.program = f"{HEAD}{self.top}\nint main() {{\n{lines('cpp')}}}\n"
        self.printed = [text for info, text, _ in blocks if info == "text"]
        self.wrong = [(info.removeprefix("cpp fails:").strip(), text) for info, text, _ in blocks if info.startswith("cpp fails:")]


def compile_text(source, *options):
    command = [*CXX, "-std=c++20", "-O1", f"-I{ROOT}", *WARNINGS, "-x", "c++", "-", *options]
    return subprocess.run(command, input=source, capture_output=True, text=True)


class Guides(unittest.TestCase):
    def run_page(self, file, folder):
        program = folder / file.stem
        link = (f"-L{BUILD}", "-lxgrad", f"-Wl,-rpath,{BUILD}")
        built = compile_text(Page(file).program, "-o", program, *link)
        if built.returncode != 0:
            return built
        return subprocess.run([program], capture_output=True, text=True, cwd=folder)

    def test_every_page_runs_and_prints_what_it_says(self):
        self.assertNotEqual([], GUIDES)
        folder = temporary_folder(self.addCleanup)
        with ThreadPoolExecutor(2) as pool:
            for file, result in zip(GUIDES, pool.map(lambda file: self.run_page(file, folder), GUIDES)):
                with self.subTest(page=file.name):
                    self.assertEqual((result.returncode, result.stderr), (0, ""))
                    for printed in Page(file).printed:
                        self.assertIn(printed, result.stdout)

    def test_what_is_said_not_to_compile_does_not(self):
        for file in GUIDES:
            page = Page(file)
            for message, text in page.wrong:
                with self.subTest(page=file.name, message=message):
                    result = compile_text(f"{HEAD}{page.top}\nint main() {{\n{text}}}\n", "-fsyntax-only")
                    self.assertNotEqual(0, result.returncode)
                    self.assertIn(message, result.stderr)


if __name__ == "__main__":
    unittest.main()
