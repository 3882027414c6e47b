"""Plays a published folder in headless Chromium, by the page in `player/`."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import ROOT
from tests.media.serving import Faults, Handler, Server

PLAYERS = {
    "hls.js": ROOT / "node_modules" / "hls.js" / "dist" / "hls.min.js",
    "dash.js": ROOT / "node_modules" / "dashjs" / "dist" / "modern" / "umd" / "dash.all.min.js",
}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
)
REPORT_S = 90


def find_chromium() -> str:
    """Of this machine; the test is skipped where there is none."""
    named = os.environ.get("CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no Chromium: install it, or name its binary by CHROMIUM=…")
    return found


class Browser:
    """Chromium and the site it plays from."""

    def __init__(self, binary: str, folder: Path, address: str, reports: "Queue[Any]") -> None:
        self.binary = binary
        self.folder = folder
        self.address = address
        self.reports = reports

    def play(self, **wanted: Any) -> Any:
        """What the page saw."""
        page = f"{self.address}/page/page.html#{quote(json.dumps(wanted))}"
        profile = tempfile.mkdtemp(prefix="profile-", dir=self.folder)
        argv = [self.binary, *FLAGS, f"--user-data-dir={profile}", page]
        with subprocess.Popen(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        ) as chromium:
            drain = threading.Thread(target=chromium.stderr.read if chromium.stderr else None)
            drain.start()
            try:
                return self.reports.get(timeout=REPORT_S)
            except Empty:
                pytest.fail(f"the page reported nothing within {REPORT_S} s")
            finally:
                os.killpg(chromium.pid, signal.SIGKILL)
                drain.join()


@contextmanager
def browser(film: Path, folder: Path) -> Iterator[Browser]:
    """A browser for a site that has `film` as `/film`; what it writes goes into `folder`."""
    binary = find_chromium()
    for player in PLAYERS.values():
        assert player.exists(), f"{player} is missing: run `make setup` first"
    reports: Queue[Any] = Queue()
    site = folder / "site"
    (site / "players").mkdir(parents=True)
    for name, script in PLAYERS.items():
        (site / "players" / name).symlink_to(script)
    (site / "page").symlink_to(Path(__file__).parent / "player")
    (site / "film").symlink_to(film)
    shape = {"folder": site, "faults": Faults(), "reports": reports}
    server = Server(("127.0.0.1", 0), type("SiteHandler", (_Site,), shape))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        yield Browser(binary, folder, address, reports)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Site(Handler):
    """Takes the page's report, too."""

    reports: "Queue[Any]"

    def do_POST(self) -> None:  # noqa: N802 - the server's name for it
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(HTTPStatus.OK, b"")
        self.reports.put(json.loads(body))
