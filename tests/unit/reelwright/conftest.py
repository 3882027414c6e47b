"""A fake API, and a client of it that does not wait between its tries."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reelwright import Client
from reelwright.cli.main import run
from reelwright.retries import Retries
from tests.ran import Ran
from tests.unit.reelwright.commands import CONTENT, Run
from tests.unit.reelwright.fake_api import FakeApi, serving

TRIES = 4


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as fake:
        yield fake


@pytest.fixture
def waits() -> list[float]:
    """What the client would have slept, in seconds."""
    return []


@pytest.fixture
def retries(waits: list[float]) -> Retries:
    return Retries(tries=TRIES, sleep=waits.append)


@pytest.fixture
def client(api: FakeApi, retries: Retries) -> Client:
    return Client(api.url, "token", retries=retries)


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds who is signed in on this machine, or its settings."""
    monkeypatch.setenv("REELWRIGHT_CONFIG", str(tmp_path / "config"))
    for name in ("STACK", "API", "TOKEN", "LOCAL_HOME", "PASSWORD", "NEW_PASSWORD", "USER"):
        monkeypatch.delenv(f"REELWRIGHT_{name}", raising=False)


@pytest.fixture
def reelwright(
    api: FakeApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """The command line in an empty folder, signed in to the fake API."""
    monkeypatch.setenv("REELWRIGHT_API", api.url)
    monkeypatch.setenv("REELWRIGHT_TOKEN", "e30.eyJzdWIiOiJtZSJ9.x")
    monkeypatch.setattr("reelwright.retries.Retries.wait", lambda *_: None)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "clip.mp4").write_bytes(CONTENT)

    def ran(*arguments: str) -> Ran:
        code = run(list(arguments))
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return ran
