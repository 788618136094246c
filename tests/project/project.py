"""What the scripts of this folder share: where the project and its build are, and what the build knows of both."""

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("XGRAD_BUILD", ROOT / "build")).resolve()


def introspect(topic):
    return json.loads((BUILD / "meson-info" / f"intro-{topic}.json").read_text())


def in_tree(path):
    """The path as it stands in an #include line."""
    return Path(path).resolve().relative_to(ROOT).as_posix()


def public_headers():
    return sorted(in_tree(path) for path in introspect("installed") if path.endswith(".hpp"))
