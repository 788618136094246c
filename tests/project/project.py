"""What the scripts of this folder share: where the project and its build are, and what the build knows of both."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = set(os.environ.get("XGRAD_LEFT_OUT", "").split())  # sources that this build has no use for
BUILD = Path(os.environ.get("XGRAD_BUILD", ROOT / "build")).resolve()
CXX = os.environ.get("CXX", "c++").split()
CLIENT = Path(__file__).resolve().parent / "client"
CLIENT_PRINTS = "gradient [2. 4. 6.]\ncaught a ShapeError\naccuracy 1\n"


def run(*command, stderr=subprocess.PIPE, **environment):
    """The output of a command that must succeed."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=os.environ | environment)
    if result.returncode != 0:
        raise AssertionError(f"{command} returned {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


def temporary_folder(cleaner):
    folder = tempfile.TemporaryDirectory()
    cleaner(folder.cleanup)
    return Path(folder.name)


def introspect(topic, build=BUILD):
    return json.loads((build / "meson-info" / f"intro-{topic}.json").read_text())


def sanitizers():
    """Those that the build has been made with; empty for none."""
    (value,) = (option["value"] for option in introspect("buildoptions") if option["name"] == "b_sanitize")
    return "" if value == "none" else value


def in_tree(path):
    """The path as it stands in an #include line."""
    return Path(path).resolve().relative_to(ROOT).as_posix()


def public_headers():
    return sorted(in_tree(path) for path in introspect("installed") if path.endswith(".hpp"))
