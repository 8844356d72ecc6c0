"""Make a virtual environment and install into it, with nothing but Python 3.11 and its standard library.

    python3 tools/bootstrap.py .venv '.[test]'

Where the system's Python is externally managed nothing of it is touched. Where it comes without ensurepip (Debian's
without python3-venv), pip is taken from the system's own pip if there is one, and else from the package index, checked
against the digest that the index gives.
"""

from __future__ import annotations

import configparser
import hashlib
import html.parser
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

INDEX = "https://pypi.org/simple"
PIP_MIN = (22, 3)
"""The first pip that can install into another environment with `--python`."""


def run(*command: str) -> bool:
    """Run; True if it went well."""
    return subprocess.run(command, check=False).returncode == 0


def works(python: Path) -> bool:
    """True if this Python is there and has pip."""
    if not python.exists():
        return False
    done = subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False)
    return done.returncode == 0


def make(folder: Path) -> Path:
    """The environment's Python, with pip in it. Ends the program if that can't be had."""
    python = folder / "bin" / "python"
    if works(python):
        return python
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, check=False)
    if done.returncode == 0 and works(python):
        return python
    venv.create(folder, with_pip=False, clear=True, symlinks=True)
    if _from_system(python) or _from_index(python):
        return python
    sys.exit(
        "bootstrap: no pip: install Debian's python3-venv (or your system's like of it), or reach a package index"
    )


def _from_system(python: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, encoding="utf-8", check=False
    )
    found = re.match(r"pip (\d+)\.(\d+)", done.stdout)
    if not found or (int(found[1]), int(found[2])) < PIP_MIN:
        return False
    return run(sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "pip") and works(python)


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.found.append(href)


def _index() -> str:
    """The index that pip would use: the environment's, the configuration's, or the usual one."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    config = configparser.ConfigParser()
    places = ["/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf", os.environ.get("PIP_CONFIG_FILE", "")]
    config.read([os.path.expanduser(p) for p in places if p])
    return config.get("global", "index-url", fallback=INDEX)


def _from_index(python: Path) -> bool:
    """Fetch pip's wheel, check it, and let it install itself: a wheel can be run as it is."""
    page = _index().rstrip("/") + "/pip/"
    try:
        with urllib.request.urlopen(page, timeout=60) as answer:
            links = _Links()
            links.feed(answer.read().decode())
        wheels = [x for x in links.found if re.search(r"/pip-\d+(\.\d+)*-py3-none-any\.whl#sha256=", x)]
        if not wheels:
            return False
        url, _, digest = urllib.parse.urljoin(page, max(wheels, key=_version)).partition("#sha256=")
        with urllib.request.urlopen(url, timeout=120) as answer:
            data = answer.read()
    except OSError as error:
        print(f"bootstrap: {page}: {error}", file=sys.stderr)
        return False
    if hashlib.sha256(data).hexdigest() != digest:
        sys.exit(f"bootstrap: {url} is not what the index says it is")
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(folder) / url.rsplit("/", 1)[1]
        wheel.write_bytes(data)
        return run(str(python), f"{wheel}/pip", "install", "-q", "--no-index", str(wheel)) and works(python)


def _version(link: str) -> tuple[int, ...]:
    found = re.search(r"/pip-([\d.]+)-py3", link)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def main() -> None:
    """Entry point: FOLDER REQUIREMENT."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python is told by
        sys.exit("bootstrap: rcim needs Python 3.11 or newer")
    if len(sys.argv) != 3:
        sys.exit("usage: bootstrap.py FOLDER REQUIREMENT")
    folder, requirement = Path(sys.argv[1]), sys.argv[2]
    python = make(folder)
    print(f"installing rcim into {folder} (once; this takes a moment)", flush=True)
    if not run(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", requirement):
        sys.exit("bootstrap: the installation failed")


if __name__ == "__main__":
    main()
