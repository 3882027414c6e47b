"""Engines that their tests stop and start."""

from collections.abc import Iterator

import pytest

from local.embedded import EmbeddedAws
from tests.embedded.conftest import Bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """In an engine of one file's own."""
    with EmbeddedAws(tmp_path_factory.mktemp("kept")) as aws:
        yield Bench(aws)


def restart(aws: EmbeddedAws) -> None:
    assert aws.stop()
    aws.start()
