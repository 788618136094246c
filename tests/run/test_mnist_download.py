"""./run mnist against small servers on the loopback: complete, interrupted, wrong and absent files.

The checksums are those of the real files, so whatever ends well needs them, from the folder $XGRAD_MNIST.
"""

import functools
import gzip
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RUN = Path(__file__).resolve().parents[2] / "run"
REAL = os.environ.get("XGRAD_MNIST")
NAMES = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
FIRST, LAST = NAMES[0], NAMES[-1]

needs_data = unittest.skipUnless(REAL, "needs XGRAD_MNIST")


@functools.cache
def real_files():
    """The four files by name, packed here where the folder has them unpacked."""

    def packed(path):
        return path.read_bytes() if path.exists() else gzip.compress(path.with_suffix("").read_bytes(), 1)

    return {name: packed(Path(REAL, name)) for name in NAMES}


class Server(ThreadingHTTPServer):
    """Serves `files` and notes each request as (name, Range or None)."""

    def __init__(self, files, ranges=True, cut=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.ranges, self.cut = files, ranges, cut
        self.requests = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name, wanted = self.path.lstrip("/"), self.headers["Range"]
        self.server.requests.append((name, wanted))
        content = self.server.files.get(name)
        if content is None:
            return self.send_error(404)

        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and self.server.ranges else None
        if start is not None and start >= len(content):
            return self.send_error(416)
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        rest = content[start or 0 :]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.server.cut])

    def log_message(self, *_):
        pass


class Download(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.home = Path(temporary.name)
        self.folder = self.home / "cache" / "xgrad" / "mnist"
        self.folder.mkdir(parents=True)

    def run_mnist(self, url, path=os.environ["PATH"]):
        # Nothing else of the environment: neither a proxy nor a curlrc shall come between.
        environment = {"PATH": path, "HOME": self.home, "XDG_CACHE_HOME": self.home / "cache"}
        environment |= {"XGRAD_MNIST_URL": url, "NO_PROXY": "*"}
        return subprocess.run([RUN, "mnist"], env=environment, capture_output=True, text=True, timeout=60)

    def write(self, files):
        for name, content in files.items():
            (self.folder / name).write_bytes(content)

    def on_disk(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def assert_complete(self, result):
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertTrue(self.on_disk() == real_files(), f"not the four files: {os.listdir(self.folder)}")
        self.assertIn(str(self.folder), result.stdout)

    def assert_failed(self, result, url, why, left=()):
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, f"^run: {FIRST} from {re.escape(url)}: .*{why}")
        self.assertEqual(sorted(self.on_disk()), sorted(left))


@needs_data
class Success(Download):
    def test_complete_download_and_a_second_call_that_fetches_nothing(self):
        with Server(real_files()) as server:
            self.assert_complete(self.run_mnist(server.url))
            self.assertEqual(server.requests, [(name, None) for name in NAMES])
            self.assert_complete(self.run_mnist(server.url))
            self.assertEqual(len(server.requests), len(NAMES))

    def test_base_url_may_end_in_a_slash(self):
        with Server(real_files()) as server:
            self.assert_complete(self.run_mnist(server.url + "/"))

    def test_curl_is_all_it_needs(self):
        tools = self.home / "tools"
        tools.mkdir()
        for tool in ("sh", "dirname", "mkdir", "mv", "rm", "curl", "gzip", "sha256sum"):
            (tools / tool).symlink_to(shutil.which(tool))
        with Server(real_files()) as server:
            self.assert_complete(self.run_mnist(server.url, path=str(tools)))

    def test_wrong_file_is_replaced_and_only_that(self):
        for wrong in (b"", b"<html>", gzip.compress(b"other content"), real_files()[LAST][:-1]):
            with self.subTest(wrong=wrong[:20]), Server(real_files()) as server:
                self.write(real_files() | {LAST: wrong})
                self.assert_complete(self.run_mnist(server.url))
                self.assertEqual(server.requests, [(LAST, None)])


@needs_data
class Resume(Download):
    def check(self, part, expected_requests, **how):
        self.write({name: content for name, content in real_files().items() if name != LAST})
        self.write({LAST + ".part": part})
        with Server(real_files(), **how) as server:
            self.assert_complete(self.run_mnist(server.url))
            self.assertEqual(server.requests, [(LAST, wanted) for wanted in expected_requests])

    def test_goes_on_where_the_last_call_stopped(self):
        self.check(real_files()[LAST][:1000], ["bytes=1000-"])

    def test_empty_part(self):
        self.check(b"", [None])

    def test_complete_part_that_the_server_answers_with_416(self):
        size = len(real_files()[LAST])
        self.check(real_files()[LAST], [f"bytes={size}-"])

    def test_part_that_is_too_long(self):
        self.check(b"x" * 100_000, ["bytes=100000-", None])

    def test_half_of_another_file(self):
        self.check(b"x" * 1000, ["bytes=1000-", None])

    def test_server_without_ranges(self):
        self.check(real_files()[LAST][:1000], ["bytes=1000-", None], ranges=False)

    def test_complete_part_and_server_without_ranges(self):
        size = len(real_files()[LAST])
        self.check(real_files()[LAST], [f"bytes={size}-"], ranges=False)

    def test_after_a_broken_connection(self):
        self.write({name: content for name, content in real_files().items() if name != FIRST})
        with Server(real_files(), cut=1_000_000) as server:
            self.assert_failed(self.run_mnist(server.url), server.url, "curl: .*", left=[*NAMES[1:], FIRST + ".part"])
            server.cut = None
            self.assert_complete(self.run_mnist(server.url))
            self.assertEqual(server.requests, [(FIRST, None), (FIRST, "bytes=1000000-")])


class Failure(Download):
    def test_wrong_content(self):
        for content in (b"", b"<html>Sign in</html>", gzip.compress(b"other content")):
            with self.subTest(content=content[:20]), Server(dict.fromkeys(NAMES, content)) as server:
                self.assert_failed(self.run_mnist(server.url), server.url, "SHA-256")
                self.assertEqual(server.requests, [(FIRST, None)])

    def test_wrong_content_after_a_wrong_part(self):
        for ranges in (True, False):
            with self.subTest(ranges=ranges), Server({FIRST: b"x" * 2000}, ranges=ranges) as server:
                self.write({FIRST + ".part": b"x" * 1000})
                self.assert_failed(self.run_mnist(server.url), server.url, "SHA-256")
                self.assertEqual(server.requests, [(FIRST, "bytes=1000-"), (FIRST, None)])

    def test_absent_file(self):
        with Server({}) as server:
            self.assert_failed(self.run_mnist(server.url), server.url, "404")

    def test_refused_connection_is_reported_at_once(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # bound, but not listening
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
            start = time.monotonic()
            self.assert_failed(self.run_mnist(url), url, "connect")
            self.assertLess(time.monotonic() - start, 5)

    def test_part_outlives_a_failed_connection(self):
        self.write({FIRST + ".part": b"x" * 1000})
        with Server({}) as server:
            self.assert_failed(self.run_mnist(server.url), server.url, "404", left=[FIRST + ".part"])

    def test_cache_folder_that_cannot_be_made(self):
        shutil.rmtree(self.home / "cache")
        (self.home / "cache").write_text("a file")
        result = self.run_mnist("http://127.0.0.1:9")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(str(self.home / "cache"), result.stderr)


if __name__ == "__main__":
    if not shutil.which("curl"):
        print("skipped: the download needs curl")
        sys.exit(77)
    if not REAL:
        print("skipped: the complete download needs XGRAD_MNIST", flush=True)
    unittest.main()
