"""The command line as a process of its own, against an embedded AWS that it started itself."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

from local.embedded import EmbeddedAws
from local.home import ACCOUNT, PROJECT
from tests.ran import Ran

CLIP = PROJECT / "examples" / "clip.mp4"
PROGRAM = shutil.which("reelwright", path=Path(sys.executable).parent) or "reelwright"
_TIMEOUT_S = 90


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """None of these on AWS, where nobody has signed in."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.integration)
        item.add_marker(pytest.mark.embedded_only)
    if os.environ.get("REELWRIGHT_STACK"):
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@dataclass(frozen=True)
class CommandLine:
    """`reelwright` in one folder, with nothing of this process's settings but what it needs."""

    folder: Path
    home: Path
    more: tuple[tuple[str, str], ...] = ()

    def given(self, **more: str) -> "CommandLine":
        """With these variables in its environment."""
        return CommandLine(self.folder, self.home, (*self.more, *more.items()))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "REELWRIGHT_LOCAL_HOME": str(self.home),
            **dict(self.more),
        }

    def __call__(self, *arguments: str, typed: str = "") -> Ran:
        ran = subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    @contextlib.contextmanager
    def started(self, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
        """In the background, its output on pipes; ended at the latest when the context is."""
        with subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            try:
                yield running
            finally:
                running.kill()

    def on_a_terminal(self, *arguments: str, columns: int = 100) -> "pexpect.spawn[str]":
        return pexpect.spawn(
            PROGRAM,
            list(arguments),
            cwd=str(self.folder),
            env=self.environment,
            encoding="utf-8",
            timeout=_TIMEOUT_S,
            dimensions=(24, columns),
        )


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A test run in the background of a script has SIGINT ignored, and so would its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, zips: Path) -> Iterator[Path]:
    """Of an embedded AWS with the stack in it."""
    home = tmp_path_factory.mktemp("home")
    (home / "zips").symlink_to(zips)
    starter = CommandLine(home, home)
    up = starter("local", "up", "--json")
    try:
        assert up.code == 0, up.err
        assert up.json == starter("local", "status", "--json").json
        yield home
    finally:
        assert starter("local", "down").out == "Stopped\n"
        assert starter("local", "status").code == 3


@pytest.fixture
def reelwright(home: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, home)


@pytest.fixture(scope="session")
def aws(home: Path) -> EmbeddedAws:
    return EmbeddedAws(home)


@pytest.fixture(scope="session")
def outputs(aws: EmbeddedAws) -> dict[str, str]:
    note = aws.note
    assert note is not None
    found: dict[str, str] = note["outputs"]
    return found


@pytest.fixture
def held(aws: EmbeddedAws) -> Iterator[None]:
    """No chunk is rendered: a job that was begun stays RUNNING until it is cancelled."""
    lambdas = aws.client("lambda")
    pages = lambdas.get_paginator("list_functions").paginate()
    names = [function["FunctionName"] for page in pages for function in page["Functions"]]
    (name,) = [name for name in names if "RenderChunkFunction" in name]
    lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        lambdas.delete_function_concurrency(FunctionName=name)


@pytest.fixture
def as_somebody(reelwright: CommandLine, aws: EmbeddedAws) -> CommandLine:
    """Of somebody who signs in: Cognito is where the embedded AWS is."""
    return reelwright.given(
        AWS_ENDPOINT_URL=aws.endpoint,
        AWS_ACCESS_KEY_ID=ACCOUNT,
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106
        REELWRIGHT_CONFIG=str(reelwright.folder / "config"),
    )
