"""Fixtures every test may use."""

import gc
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer

from tests.grouping import Grouped

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"


def pytest_configure() -> None:
    """What collecting makes stays: to look through it for garbage is a sixth of collecting."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor is it looked through while tests run."""
    gc.freeze()
    gc.enable()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Grouped:
    """`-n` shares out groups of tests, whatever `--dist` says."""
    return Grouped(config, log)


@pytest.fixture(scope="session", autouse=True)
def _no_aws_account() -> Iterator[None]:
    """No test finds the developer's own credentials, region or endpoint.

    But for a run against a stack on AWS, which needs them.
    """
    if os.environ.get("REELWRIGHT_STACK"):
        yield
        return
    with pytest.MonkeyPatch.context() as env:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            env.delenv(name)
        env.setenv("AWS_ACCESS_KEY_ID", "test")
        env.setenv("AWS_SECRET_ACCESS_KEY", "test")
        env.setenv("AWS_DEFAULT_REGION", "us-east-1")
        env.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`zips` of every home that the stack is deployed into: each of its assets is zipped once."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "zips"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def ffmpeg() -> Iterator[Path]:
    """The layer's ffmpeg for this host, on PATH as it is on Lambda."""
    arch = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = ROOT / "build" / "layers" / f"ffmpeg-{arch}" / "bin"
    binary = folder / "ffmpeg"
    if not binary.exists():
        pytest.fail(f"{binary} is missing: run `make layers` first")
    with pytest.MonkeyPatch.context() as env:
        env.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        found = shutil.which("ffmpeg")
        assert found == str(binary)
        yield binary


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real media files, where the checkout has it beside it."""
    if not CORPUS.is_dir():
        pytest.skip("../shared/corpus is not beside this checkout")
    return CORPUS
