"""Every layer has vectors of an independent program, and a row in docs/keras.md: a new one without them fails here.

The layers are read from the public headers of nn/layers: the classes that others do not derive from, and the names that are
given to instances of templates."""

import re
import unittest
from fnmatch import fnmatch

from project import ROOT

CLASS = re.compile(r"(?P<template>template <[^;{}]*?>\s*)?(?:requires[^{;]*?\s)?class XG_API (?P<name>\w+)\s*:\s*public (?P<base>[\w:]+)")
ALIAS = re.compile(r"^using (?P<name>\w+) = (?P<template>\w+)<[^;]*>;", re.MULTILINE)
AXES = re.compile(r"`(\w+)(\d)D` to `(\d)D`")


def headers():
    return "\n".join(path.read_text() for path in sorted((ROOT / "nn" / "layers").glob("*.hpp")))


def layers():
    text = headers()
    classes = list(CLASS.finditer(text))
    bases = {match["base"].split("::")[-1] for match in classes}
    templates = {match["name"] for match in classes if match["template"]}
    plain = {match["name"] for match in classes} - bases - templates
    return plain | {match["name"] for match in ALIAS.finditer(text) if match["template"] in templates}


def documented():
    """The names in backquotes: "`Conv1D` to `3D`" are three, and `Max*` is a pattern."""
    lines = (ROOT / "docs" / "keras.md").read_text().splitlines()
    text = "\n".join(line for line in lines if "not yet" not in line)
    ranges = {f"{name}{axes}D" for name, low, high in AXES.findall(text) for axes in range(int(low), int(high) + 1)}
    return ranges | set(re.findall(r"`(?:nn::)?([\w*]+)", text))


class LayerRows(unittest.TestCase):
    def test_the_headers_are_read(self):
        found = layers()
        for name in ("Dense", "Conv2D", "Add", "LSTM", "Bidirectional", "GlobalMaxPooling1D", "BatchNormalization", "LSTMCell"):
            self.assertIn(name, found)
        for name in ("Recurrent", "Convolution", "ClonedLayer", "MergeLayer", "RecurrentCell", "DenseOptions", "StatefulLayer"):
            self.assertNotIn(name, found)
        self.assertGreater(len(found), 80)

    def test_each_agrees_with_an_independent_program(self):
        text = (ROOT / "tests" / "nn" / "layers" / "test_vectors.cpp").read_text()
        made = set(re.findall(r"\b([A-Z]\w+)[({]", text[text.index("factories() {"):]))
        self.assertEqual([], sorted(layers() - made))

    def test_each_vector_is_of_a_layer(self):
        text = (ROOT / "tests" / "nn" / "layers" / "test_vectors.cpp").read_text()
        cases = set(re.findall(r'\{"([^"]+)",', text[text.index("factories() {"):]))
        written = set(re.findall(r"^case (.+)$", (ROOT / "tests" / "nn" / "layers" / "vectors.txt").read_text(), re.MULTILINE))
        self.assertEqual(written, cases)

    def test_each_has_a_row_in_the_table_for_users_of_keras(self):
        names = documented()
        self.assertEqual([], sorted(name for name in layers() if not any(fnmatch(name, known) for known in names)))


if __name__ == "__main__":
    unittest.main()
